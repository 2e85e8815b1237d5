/* Golden JSON of each shape of io.reeve.Manager. */
#include "core_unit_support.h"

#include <stdio.h>
#include <string.h>

#include "control/view.h"
#include "fake_supervisor.h"
#include "run/told.h"
#include "varlink/json.h"

#define NEVER_RUN                                                                                  \
    "\"name\":\"web\",\"kind\":\"service\",\"state\":\"stopped\",\"goal\":\"down\","               \
    "\"wanted\":false,\"waiting\":null,\"held_until\":null,\"hook\":null,\"ready\":false,"         \
    "\"health\":null,\"last_success\":null,"                                                       \
    "\"last_failure\":null,"                                                                       \
    "\"last_error\":null,\"consecutive_failures\":0,\"pid\":null,\"run\":0,\"uptime_ms\":null,"    \
    "\"restarts\":0,\"last_exit\":null"

#define LISTED                                                                                     \
    ",\"description\":\"The "                                                                      \
    "site\",\"tags\":[],\"autostart\":true,\"enabled\":true,\"since_ms\":5000,"                    \
    "\"next_start_at\":null"

#define NO_HOOKS                                                                                   \
    "\"pre_start\":[],\"post_start\":[],\"pre_stop\":[],\"post_stop\":[],\"hook_timeout_ms\":"     \
    "10000,"                                                                                       \
    "\"reload_signal\":null,\"reload_command\":[],\"stop_command\":[],"
#define NO_HEALTH_KEYS                                                                             \
    "\"health\":null,\"health_interval_ms\":null,\"health_timeout_ms\":null,"                      \
    "\"health_retries\":null,\"health_start_period_ms\":null,\"health_action\":null,"

static struct strbuf text;
static struct json_out out;

static struct json_out *begin(void)
{
    strbuf_finish(&text);
    out = (struct json_out){&text, false};
    return &out;
}

static void expect(const char *expected)
{
    assert_false(text.failed);
    assert_null(json_check(strbuf_text(&text), text.len_bytes, SIZE_MAX));
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_finish(&text);
}

static struct supervisor fake;

static struct view view_of(const struct story *s)
{
    return (struct view){&fake, s->now, 5000};
}

static int setup(void **state)
{
    struct story *s;
    static const char *const names[] = {"web", "db", "cache"};
    int r = story_begin(state);

    fake_init(&fake, names, 3);
    s = *state;
    s->spec.description = "The site";
    s->spec.autostart = true;
    s->spec.enabled = true;
    s->spec.directory = "/";
    s->spec.umask = 022;
    s->spec.file = "/etc/reeve/reeve.ini";
    s->spec.line = 7;
    s->spec.kill_mode = KILL_TREE;
    s->spec.ready_interval_ms = 200;
    return r;
}

static int end(void **state)
{
    fake_finish(&fake);
    return story_end(state);
}

static void a_unit_that_never_ran(void **state)
{
    static const char *tags[] = {"edge", "eu"};
    struct story *s = *state;
    struct view v = view_of(s);

    view_health(begin(), NULL, &v, &s->unit);
    expect("{" NEVER_RUN "}");
    view_unit(begin(), NULL, &v, &s->unit);
    expect("{" NEVER_RUN LISTED "}");
    s->spec.tags = tags;
    s->spec.n_tags = 2;
    view_unit(begin(), NULL, &v, &s->unit);
    assert_non_null(strstr(strbuf_text(&text), ",\"tags\":[\"edge\",\"eu\"],"));
    s->spec.n_tags = 0;
}

static void a_running_unit(void **state)
{
    struct story *s = *state;
    struct view v;

    start_until_running(s);
    pass(s, 1234);
    v = view_of(s);
    view_health(begin(), NULL, &v, &s->unit);
    expect("{\"name\":\"web\",\"kind\":\"service\",\"state\":\"running\",\"goal\":\"up\","
           "\"wanted\":true,\"waiting\":null,\"held_until\":null,\"hook\":null,\"ready\":true,"
           "\"health\":null,\"last_success\":null,"
           "\"last_failure\":null,"
           "\"last_error\":null,\"consecutive_failures\":0,\"pid\":42,\"run\":1,"
           "\"uptime_ms\":1234,\"restarts\":0,\"last_exit\":null}");
}

static void a_unit_in_backoff_tells_when(void **state)
{
    struct story *s = *state;
    struct view v;

    ask(s, EV_START);
    pass(s, 3);
    fails(s, EV_SPAWN_ERROR, STAGE_CLONE, EAGAIN);
    pass(s, 20);
    v = view_of(s);
    view_unit(begin(), NULL, &v, &s->unit);
    expect("{\"name\":\"web\",\"kind\":\"service\",\"state\":\"backoff\",\"goal\":\"up\","
           "\"wanted\":true,\"waiting\":null,\"held_until\":null,\"hook\":null,\"ready\":false,"
           "\"health\":null,\"last_success\":null,"
           "\"last_failure\":null,"
           "\"last_error\":null,\"consecutive_failures\":0,\"pid\":null,\"run\":1,"
           "\"uptime_ms\":null,\"restarts\":0,\"last_exit\":{\"unit\":\"web\",\"run\":1,"
           "\"pid\":null,\"started_at\":\"2026-09-21T14:13:20.000Z\","
           "\"ended_at\":\"2026-09-21T14:13:20.003Z\",\"duration_ms\":3,\"ready_after_ms\":null,"
           "\"reason\":\"start_failed\",\"exit_code\":null,\"signal\":null,\"core_dumped\":false,"
           "\"oom_kill\":null,\"requested_by\":null,\"requester\":null,\"stop_signal_at\":null,"
           "\"kill_at\":null,\"leftovers_killed\":0,\"cpu_user_ms\":0,\"cpu_system_ms\":0,"
           "\"max_rss_bytes\":0,\"error\":{\"stage\":\"clone\",\"errno\":\"EAGAIN\","
           "\"message\":\"Resource temporarily unavailable\"},\"failed_hooks\":[],\"attempt\":1},"
           "\"description\":\"The "
           "site\",\"tags\":[],\"autostart\":true,\"enabled\":true,\"since_ms\":20,"
           "\"next_start_at\":\"2026-09-21T14:13:20.103Z\"}");
}

static void a_record_with_everything(void **state)
{
    struct story *s = *state;
    struct exit_record r = {
        .run = 9,
        .pid = 4242,
        .started_wall_ms = 1790000000000,
        .ended_wall_ms = 1790000060500,
        .duration_ms = 60500,
        .ready_after_ms = 12,
        .reason = REASON_FORCED_KILL,
        .has_status = true,
        .exit_code = -1,
        .signal = 9,
        .core_dumped = true,
        .oom_kill = 1,
        .requested_by = BY_USER,
        .requester = alice,
        .stop_signal_wall_ms = 1790000050000,
        .kill_wall_ms = 1790000060000,
        .leftovers_killed = 3,
        .cpu_user_ms = 100,
        .cpu_system_ms = 50,
        .max_rss_bytes = INT64_C(9007199254740993),
        .attempt = 2,
    };

    view_record(begin(), NULL, &fake, &s->unit, &r);
    expect("{\"unit\":\"web\",\"run\":9,\"pid\":4242,\"started_at\":\"2026-09-21T14:13:20.000Z\","
           "\"ended_at\":\"2026-09-21T14:14:20.500Z\",\"duration_ms\":60500,"
           "\"ready_after_ms\":12,\"reason\":\"forced_kill\",\"exit_code\":null,"
           "\"signal\":\"KILL\",\"core_dumped\":true,\"oom_kill\":true,\"requested_by\":\"user\","
           "\"requester\":{\"uid\":1000,\"pid\":77,\"unit\":null},"
           "\"stop_signal_at\":\"2026-09-21T14:14:10.000Z\","
           "\"kill_at\":\"2026-09-21T14:14:20.000Z\",\"leftovers_killed\":3,\"cpu_user_ms\":100,"
           "\"cpu_system_ms\":50,\"max_rss_bytes\":\"9007199254740993\",\"error\":null,"
           "\"failed_hooks\":[],\"attempt\":2}");
}

static void details_of_a_service(void **state)
{
    struct story *s = *state;
    struct spec_text texts[] = {
        {"command", "nginx -c ${CONF}", "/etc/reeve/reeve.ini", 8, "service:web"},
        {"environment", "A=b DB_PASSWORD=x", "/etc/reeve/conf.d/a.ini", 2, "defaults"},
    };
    struct view v = view_of(s);

    s->spec.texts = texts;
    s->spec.n_texts = 2;
    s->spec.hook_timeout_ms = 10000;
    s->spec.change_user = true;
    s->spec.uid = 33;
    s->spec.gid = 34;
    s->spec.success_exit.codes[2] = 1ull << 15; /* 143 */
    s->spec.success_exit.signals = 1ull << 14;  /* TERM */
    view_details(begin(), "unit", &v, &s->unit);
    /* Shown with a key: a member of an object. */
    assert_memory_equal(strbuf_text(&text), "\"unit\":", 7);
    strbuf_consume(&text, 7);
    expect("{" NEVER_RUN LISTED
           ",\"instance_of\":null,\"instance\":null,\"dependencies\":[],\"dependents\":[],"
           "\"tracking\":\"best_effort\",\"file\":\"/etc/reeve/reeve.ini\",\"line\":7,\"config\":["
           "{\"key\":\"command\",\"text\":\"nginx -c ${CONF}\",\"file\":\"/etc/reeve/reeve.ini\","
           "\"line\":8,\"section\":\"service:web\"},"
           "{\"key\":\"environment\",\"text\":\"A=b DB_PASSWORD=***\","
           "\"file\":\"/etc/reeve/conf.d/a.ini\",\"line\":2,"
           "\"section\":\"defaults\"}],"
           "\"effective\":{\"directory\":\"/\",\"user_id\":33,\"group_id\":34,\"umask\":\"022\","
           "\"on_dependency_restart\":\"ignore\",\"on_failed\":\"ignore\","
           "\"on_failed_start\":[],\"ready\":\"started\",\"ready_timeout_ms\":30000,"
           "\"ready_interval_ms\":200," NO_HEALTH_KEYS NO_HOOKS "\"stop_signal\":\"TERM\","
           "\"stop_timeout_ms\":10000,\"kill_mode\":\"tree\",\"restart\":\"always\","
           "\"restart_delay_ms\":100,\"restart_delay_max_ms\":30000,\"restart_jitter_percent\":0,"
           "\"restart_reset_ms\":10000,\"restart_limit\":0,\"restart_window_ms\":60000,"
           "\"essential\":false,\"success_exit\":[\"0\",\"143\",\"TERM\"],\"log\":\"inherit\","
           "\"timeout_ms\":null,\"retries\":null,\"retry_delay_ms\":null,"
           "\"retry_delay_max_ms\":null},\"told\":null,\"mistake\":null,\"held_by\":null,\"kill_"
           "at\":null,"
           "\"probes\":[],\"records\":[]}");
}

static void details_of_a_job(void **state)
{
    struct story *s = *state;
    struct view v = view_of(s);

    s->spec.kind = UNIT_JOB;
    s->spec.hook_timeout_ms = 10000;
    s->spec.log = LOG_NULL;
    s->spec.retries = 3;
    s->spec.timeout_ms = 60000;
    view_details(begin(), NULL, &v, &s->unit);
    assert_non_null(strstr(strbuf_text(&text), "\"kind\":\"job\""));
    assert_non_null(strstr(strbuf_text(&text), "\"tracking\":\"best_effort\""));
    assert_non_null(strstr(
        strbuf_text(&text),
        "\"effective\":{\"directory\":\"/\",\"user_id\":null,\"group_id\":null,\"umask\":\"022\","
        "\"on_dependency_restart\":\"ignore\",\"on_failed\":\"ignore\","
        "\"on_failed_start\":[],\"ready\":\"started\",\"ready_timeout_ms\":30000,"
        "\"ready_interval_ms\":200," NO_HEALTH_KEYS NO_HOOKS "\"stop_signal\":\"TERM\","
        "\"stop_timeout_ms\":10000,\"kill_mode\":\"tree\",\"restart\":null,"
        "\"restart_delay_ms\":null,\"restart_delay_max_ms\":null,"
        "\"restart_jitter_percent\":null,\"restart_reset_ms\":null,\"restart_limit\":null,"
        "\"restart_window_ms\":null,\"essential\":false,"
        "\"success_exit\":[\"0\"],\"log\":\"null\",\"timeout_ms\":60000,\"retries\":3,"
        "\"retry_delay_ms\":1000,\"retry_delay_max_ms\":300000}"));
    strbuf_finish(&text);
}

/* ---- readiness and health ---- */

static void expect_part(const char *expected)
{
    assert_false(text.failed);
    assert_null(json_check(strbuf_text(&text), text.len_bytes, SIZE_MAX));
    if (!strstr(strbuf_text(&text), expected))
        assert_string_equal(strbuf_text(&text), expected);
    strbuf_finish(&text);
}

/* As written, each of its own, without what is secret. */
static void commands_beside_the_main_one(void **state)
{
    struct hook_command before[] = {{.text = "mkdir -p /run/web"},
                                    {.text = "load --token=abc redis://x:y@db"}};
    struct hook_command stop[] = {{.text = "web -s quit"}},
                        reload[] = {{.text = "a"}, {.text = "b"}};
    struct spec_text texts[] = {{"pre_start", "mkdir -p /run/web\nload --token=abc redis://x:y@db",
                                 "a.ini", 3, "service:web"}};
    struct story *s = *state;
    struct view v = view_of(s);

    s->spec.texts = texts;
    s->spec.n_texts = 1;
    s->spec.hook_timeout_ms = 250;
    s->spec.hooks[HOOK_PRE_START] = (struct hook_list){before, 2};
    s->spec.hooks[HOOK_STOP] = (struct hook_list){stop, 1};
    s->spec.reload_signal = 1;
    view_details(begin(), NULL, &v, &s->unit);
    assert_non_null(strstr(strbuf_text(&text),
                           "\"text\":\"mkdir -p /run/web\\nload --token=*** redis://x:***@db\","));
    expect_part(
        "\"health_action\":null,\"pre_start\":[\"mkdir -p /run/web\","
        "\"load --token=*** redis://x:***@db\"],\"post_start\":[],\"pre_stop\":[],"
        "\"post_stop\":[],\"hook_timeout_ms\":250,\"reload_signal\":\"HUP\","
        "\"reload_command\":[],\"stop_command\":[\"web -s quit\"],\"stop_signal\":\"TERM\",");
    s->spec.reload_signal = 0;
    s->spec.hooks[HOOK_RELOAD] = (struct hook_list){reload, 2};
    view_details(begin(), NULL, &v, &s->unit);
    expect_part("\"reload_signal\":null,\"reload_command\":[\"a\",\"b\"],");
}

static void how_it_becomes_ready(void **state)
{
    struct story *s = *state;
    struct view v = view_of(s);

    s->spec.ready = READY_NOTIFY;
    view_details(begin(), NULL, &v, &s->unit);
    expect_part("\"ready\":\"notify\",\"ready_timeout_ms\":30000,\"ready_interval_ms\":200,");
    s->spec.ready = READY_FD;
    s->spec.ready_fd = 3;
    view_details(begin(), NULL, &v, &s->unit);
    expect_part("\"ready\":\"fd:3\",");
    s->spec.ready = READY_PROBED;
    s->spec.ready_probe = (struct probe_spec){
        .kind = PROBE_EXEC,
        .text = "exec:env PGPASSWORD=xyzzy pg_isready",
    };
    view_details(begin(), NULL, &v, &s->unit);
    expect_part("\"ready\":\"exec:env PGPASSWORD=*** pg_isready\",");
}

static void what_it_tells_about_itself(void **state)
{
    struct told told = {.status = "half \"done\"", .reloading = true, .errnum = ENOENT};
    struct story *s = *state;
    struct view v = view_of(s);

    fake.told = &told;
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(",\"told\":{\"status\":\"half \\\"done\\\"\",\"errno\":\"ENOENT\","
                "\"reloading\":true,\"stopping\":false},\"mistake\":null,\"held_by\":null,\"kill_"
                "at\":null,\"probes\":");
    told = (struct told){.stopping = true, .errnum = 99999};
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(",\"told\":{\"status\":null,\"errno\":null,"
                "\"reloading\":false,\"stopping\":true},\"mistake\":null,\"held_by\":null,\"kill_"
                "at\":null,\"probes\":");
}

static void is_checked(struct story *s)
{
    s->spec.health = (struct probe_spec){
        .kind = PROBE_EXEC,
        .text = "exec:curl http://u:xyzzy@localhost/",
    };
    s->spec.health_interval_ms = 30000;
    s->spec.health_timeout_ms = 5000;
    s->spec.health_retries = 2;
    s->spec.health_start_period_ms = 60000;
    s->spec.health_action = HEALTH_ACTION_RESTART;
}

static void looked(struct story *s, enum probe_how how, int code, int64_t took_ms)
{
    struct moment then = s->now;

    then.mono_ms += 120000; /* after the start period */
    (void)health_take(&s->unit.health, &s->spec, (struct probe_result){how, code}, took_ms, 0,
                      then);
}

static void how_its_health_is_looked_at(void **state)
{
    struct story *s = *state;
    struct spec_text texts[] = {
        {"health", "exec:env TOKEN=xyzzy true", "/etc/reeve/reeve.ini", 8, "service:web"},
    };
    struct view v = view_of(s);

    is_checked(s);
    s->spec.texts = texts;
    s->spec.n_texts = 1;
    view_details(begin(), NULL, &v, &s->unit);
    assert_null(strstr(strbuf_text(&text), "xyzzy"));
    assert_non_null(strstr(strbuf_text(&text), "\"text\":\"exec:env TOKEN=*** true\""));
    expect_part("\"health\":\"exec:curl http://u:***@localhost/\",\"health_interval_ms\":30000,"
                "\"health_timeout_ms\":5000,\"health_retries\":2,"
                "\"health_start_period_ms\":60000,\"health_action\":\"restart\",");
}

static void nobody_knows_its_health_before_the_first_look(void **state)
{
    struct story *s = *state;
    struct view v;

    is_checked(s);
    start_until_running(s);
    v = view_of(s);
    view_health(begin(), NULL, &v, &s->unit);
    expect_part("\"ready\":true,\"health\":null,\"last_success\":null,\"last_failure\":null,"
                "\"last_error\":null,\"consecutive_failures\":0,");
}

static void what_its_probes_found(void **state)
{
    struct story *s = *state;
    struct view v;

    is_checked(s);
    start_until_running(s);
    looked(s, PROBE_GOOD, 0, 12);
    pass(s, 100);
    looked(s, PROBE_EXITED, 7, 30);
    v = view_of(s);
    view_health(begin(), NULL, &v, &s->unit);
    expect_part("\"health\":\"healthy\",\"last_success\":\"2026-09-21T14:13:20.000Z\","
                "\"last_failure\":\"2026-09-21T14:13:20.100Z\","
                "\"last_error\":\"exec:curl http://u:***@localhost/: exit code 7\","
                "\"consecutive_failures\":1,");
    looked(s, PROBE_LATE, 0, 5000);
    view_health(begin(), NULL, &v, &s->unit);
    expect_part("\"health\":\"unhealthy\",\"last_success\":\"2026-09-21T14:13:20.000Z\","
                "\"last_failure\":\"2026-09-21T14:13:20.100Z\","
                "\"last_error\":\"exec:curl http://u:***@localhost/: no answer in time\","
                "\"consecutive_failures\":2,");
    view_details(begin(), NULL, &v, &s->unit);
    expect_part(
        "\"probes\":["
        "{\"at\":\"2026-09-21T14:13:20.100Z\",\"took_ms\":5000,\"ok\":false,"
        "\"message\":\"exec:curl http://u:***@localhost/: no answer in time\"},"
        "{\"at\":\"2026-09-21T14:13:20.100Z\",\"took_ms\":30,\"ok\":false,"
        "\"message\":\"exec:curl http://u:***@localhost/: exit code 7\"},"
        "{\"at\":\"2026-09-21T14:13:20.000Z\",\"took_ms\":12,\"ok\":true,\"message\":\"\"}],"
        "\"records\":[");
}

/* What its probes found stays known, but it is neither healthy nor unhealthy. */
static void of_a_run_that_has_ended(void **state)
{
    struct story *s = *state;
    struct view v;

    is_checked(s);
    start_until_running(s);
    looked(s, PROBE_EXITED, 7, 30);
    pass(s, 30000);
    looked(s, PROBE_EXITED, 7, 30);
    exits(s, 1);
    v = view_of(s);
    view_health(begin(), NULL, &v, &s->unit);
    expect_part("\"ready\":false,\"health\":null,\"last_success\":null,"
                "\"last_failure\":\"2026-09-21T14:13:50.000Z\","
                "\"last_error\":\"exec:curl http://u:***@localhost/: exit code 7\","
                "\"consecutive_failures\":2,");
}

static void not_ready_in_time_tells_what_was_found(void **state)
{
    struct story *s = *state;
    struct exit_record r = {
        .reason = REASON_START_FAILED,
        .error_stage = STAGE_READY,
        .error_errno = ETIMEDOUT,
        .look = {PROBE_ERROR, ECONNREFUSED},
        .exit_code = -1,
    };

    s->spec.ready = READY_PROBED;
    s->spec.ready_probe = (struct probe_spec){.kind = PROBE_TCP, .text = "tcp:localhost:80"};
    view_record(begin(), NULL, &fake, &s->unit, &r);
    expect_part("\"error\":{\"stage\":\"ready\",\"errno\":\"ETIMEDOUT\","
                "\"message\":\"not ready within 30s (tcp:localhost:80: Connection refused)\"}");
    r.look.how = PROBE_GOOD;
    view_record(begin(), NULL, &fake, &s->unit, &r);
    expect_part("\"message\":\"not ready within 30s\"}");
}

/* The story's unit is web, the first of three. */
static void details_of_a_unit_among_others(void **state)
{
    static struct dependency of_web[] = {
        {1, DEPENDENCY_REQUIRES, 1u << CONDITION_READY | 1u << CONDITION_HEALTHY},
        {2, DEPENDENCY_WANTS, 1u << CONDITION_STARTED | 1u << CONDITION_COMPLETED},
    };
    static struct dependency of_cache[] = {{0, DEPENDENCY_AFTER, 1u << CONDITION_READY}};
    static uint32_t on_failed_start[] = {2, 1};
    struct story *s = *state;
    struct view v = view_of(s);

    s->spec.name = "web@2";
    s->spec.base_name = "web";
    s->spec.instance = 2;
    s->spec.on_dependency_restart = DEPENDENCY_RESTART_FOLLOW;
    s->spec.on_failed = ON_FAILED_START;
    s->spec.on_failed_start = on_failed_start;
    s->spec.n_on_failed_start = 2;
    s->spec.dependencies = fake.specs[0].dependencies = of_web;
    s->spec.n_dependencies = fake.specs[0].n_dependencies = 2;
    fake.specs[2].dependencies = of_cache;
    fake.specs[2].n_dependencies = 1;
    fake.units[1].ready = true;
    view_details(begin(), NULL, &v, &s->unit);
    assert_non_null(strstr(strbuf_text(&text),
                           ",\"instance_of\":\"web\",\"instance\":2,\"dependencies\":["
                           "{\"unit\":\"db\",\"kind\":\"requires\",\"conditions\":[\"ready\","
                           "\"healthy\"],\"met\":true},"
                           "{\"unit\":\"cache\",\"kind\":\"wants\",\"conditions\":[\"started\","
                           "\"completed\"],\"met\":false}],"
                           "\"dependents\":["
                           "{\"unit\":\"cache\",\"kind\":\"after\",\"conditions\":[\"ready\"],"
                           "\"met\":false}],"));
    assert_non_null(strstr(strbuf_text(&text),
                           "\"on_dependency_restart\":\"restart\",\"on_failed\":\"start\","
                           "\"on_failed_start\":[\"cache\",\"db\"],"));
    strbuf_finish(&text);
}

/* What is a member of an object. */
static struct json_out *begin_one(void)
{
    json_begin_object(begin(), NULL);
    return &out;
}

static void expect_one(const char *expected)
{
    char whole[256];

    json_end_object(&out);
    snprintf(whole, sizeof whole, "{%s}", expected);
    expect(whole);
}

static void what_a_unit_waits_for(void **state)
{
    static const struct waiting_for failed = {
        .unit = 1, .until = WAITED_COMPLETED, .failed = true, .cause = 2, .others = 3};
    struct waiting_for w = {.unit = 1, .until = WAITED_STARTED};
    struct story *s = *state;
    struct view v = view_of(s);

    view_waiting(begin_one(), &fake, &w);
    expect_one("\"waiting\":{\"unit\":\"db\",\"until\":\"started\",\"failed\":false,"
               "\"cause\":null,\"cause_state\":null,\"others\":0}");
    view_waiting(begin_one(), &fake, &failed);
    expect_one("\"waiting\":{\"unit\":\"db\",\"until\":\"completed\",\"failed\":true,"
               "\"cause\":\"cache\",\"cause_state\":\"failed\",\"others\":3}");
    w.failed = w.completed = true;
    view_waiting(begin_one(), &fake, &w);
    expect_one("\"waiting\":{\"unit\":\"db\",\"until\":\"started\",\"failed\":true,"
               "\"cause\":\"web\",\"cause_state\":\"completed\",\"others\":0}");
    w.unit = WAITING_NO_UNIT;
    view_waiting(begin_one(), &fake, &w);
    expect_one("\"waiting\":null");
    fake.waiting[0] = (struct waiting_for){.unit = 2, .until = WAITED_STOPPED};
    view_health(begin(), NULL, &v, &s->unit);
    assert_non_null(strstr(strbuf_text(&text), "\"wanted\":false,\"waiting\":{\"unit\":\"cache\","
                                               "\"until\":\"stopped\","));
    strbuf_finish(&text);
}

static void who_asked(void **state)
{
    struct requester r = {0};

    (void)state;
    view_requester(begin_one(), "requester", &fake, &r);
    expect_one("\"requester\":null");
    r.unit = 3;
    view_requester(begin_one(), "requester", &fake, &r);
    expect_one("\"requester\":{\"uid\":null,\"pid\":null,\"unit\":\"cache\"}");
    r.known = true;
    view_requester(begin_one(), "requester", &fake, &r);
    expect_one("\"requester\":{\"uid\":0,\"pid\":0,\"unit\":\"cache\"}");
}

static void records_come_newest_first(void **state)
{
    struct story *s = *state;
    struct view v;
    const char *records;

    start_until_running(s);
    exits(s, 3);
    deadline(s);
    spawned(s);
    plain(s, EV_EXECED);
    exits(s, 4);
    v = view_of(s);
    view_details(begin(), NULL, &v, &s->unit);
    records = strstr(strbuf_text(&text), "\"records\":[");
    assert_non_null(records);
    assert_true(strstr(records, "\"exit_code\":4") < strstr(records, "\"exit_code\":3"));
    strbuf_finish(&text);
}

static void counts(void **state)
{
    struct story *s = *state;
    struct health_tally tally = {0};

    health_tally_add(&tally, &s->unit);
    start_until_running(s);
    health_tally_add(&tally, &s->unit);
    health_tally_add(&tally, &s->unit);
    view_counts(begin(), NULL, &tally, 5);
    expect("{\"total\":3,\"stopped\":1,\"waiting\":0,\"starting\":0,\"running\":2,\"stopping\":0,"
           "\"killing\":0,\"backoff\":0,\"completed\":0,\"failed\":0,\"orphans\":5}");
}

static void bytes_that_are_no_text_are_made_valid(void **state)
{
    struct story *s = *state;
    struct view v = view_of(s);

    s->spec.description = "caf\xe9 \"x\"\n";
    view_unit(begin(), NULL, &v, &s->unit);
    assert_null(json_check(strbuf_text(&text), text.len_bytes, SIZE_MAX));
    assert_non_null(strstr(strbuf_text(&text), "\"caf\xef\xbf\xbd \\\"x\\\"\\n\""));
    strbuf_finish(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_unit_that_never_ran),
        TEST(a_running_unit),
        TEST(a_unit_in_backoff_tells_when),
        TEST(a_record_with_everything),
        TEST(details_of_a_service),
        TEST(details_of_a_job),
        TEST(details_of_a_unit_among_others),
        TEST(commands_beside_the_main_one),
        TEST(how_it_becomes_ready),
        TEST(what_it_tells_about_itself),
        TEST(how_its_health_is_looked_at),
        TEST(nobody_knows_its_health_before_the_first_look),
        TEST(what_its_probes_found),
        TEST(of_a_run_that_has_ended),
        TEST(not_ready_in_time_tells_what_was_found),
        TEST(what_a_unit_waits_for),
        TEST(who_asked),
        TEST(records_come_newest_first),
        TEST(counts),
        TEST(bytes_that_are_no_text_are_made_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
