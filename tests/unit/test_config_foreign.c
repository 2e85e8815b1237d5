/* What config says to people who come from supervisord, systemd, docker compose or dinit, or from a
 * later reeve. */
#include "config/foreign.h"
#include "config/keys.h"
#include "config_fixture.h"

#define UNIT "[service:web]\ncommand = x\n"
#define JOB "[job:mail]\ncommand = x\n"

/* One line under `above` is refused with exactly this, and nothing else is. */
static void expect(const char *above, const char *key, const char *message)
{
    struct strbuf text = STRBUF_INIT, part = STRBUF_INIT;

    strbuf_addf(&text, "%s%s = yes\n%s", above, key, strncmp(above, "[r", 2) == 0 ? UNIT : "");
    strbuf_addf(&part, "] %s: %s", key, message);
    assert_one_error(strbuf_text(&text), strbuf_text(&part));
    strbuf_finish(&text);
    strbuf_finish(&part);
}

/* The key of reeve that each of these stands for, in a service. */
static void keys_of_other_supervisors(void **state)
{
    static const char *const pairs[][2] = {
        /* supervisord */
        {"autorestart", "restart"},
        {"startretries", "restart_limit"},
        {"startsecs", "restart_reset"},
        {"stopsignal", "stop_signal"},
        {"stopwaitsecs", "stop_timeout"},
        {"exitcodes", "success_exit"},
        {"stdout_logfile", "log"},
        {"stderr_logfile", "log"},
        {"redirect_stderr", "log"},
        {"logfile", "log"},
        {"killasgroup", "kill_mode"},
        {"stopasgroup", "kill_mode"},
        {"numprocs", "instances"},
        {"priority", "after"},
        /* systemd */
        {"WorkingDirectory", "directory"},
        {"Environment", "environment"},
        {"Restart", "restart"},
        {"RestartSec", "restart_delay"},
        {"TimeoutStopSec", "stop_timeout"},
        {"TimeoutStartSec", "ready_timeout"},
        {"KillSignal", "stop_signal"},
        {"KillMode", "kill_mode"},
        {"SuccessExitStatus", "success_exit"},
        {"StartLimitBurst", "restart_limit"},
        {"StartLimitIntervalSec", "restart_window"},
        {"UMask", "umask"},
        {"User", "user"},
        {"Group", "group"},
        {"Description", "description"},
        {"Requires", "requires"},
        {"BindsTo", "requires"},
        {"PartOf", "requires"},
        {"binds_to", "requires"},
        {"part_of", "requires"},
        {"needs", "requires"},
        {"profiles", "tags"},
        {"Wants", "wants"},
        {"After", "after"},
        {"Before", "before"},
        {"OnFailure", "on_failed"},
        {"WatchdogSec", "health_interval"},
        {"ExecStartPre", "pre_start"},
        {"exec_start_pre", "pre_start"},
        {"ExecStartPost", "post_start"},
        {"ExecStop", "stop_command"},
        {"ExecStopPost", "post_stop"},
        {"ExecReload", "reload_command"},
        {"ReloadSignal", "reload_signal"},
        /* docker compose, dinit, s6 */
        {"working_dir", "directory"},
        {"working-dir", "directory"},
        {"stop_grace_period", "stop_timeout"},
        {"run-as", "user"},
        {"restart_policy", "restart"},
        {"cwd", "directory"},
        {"env", "environment"},
        {"uid", "user"},
        {"gid", "group"},
        {"depends_on", "requires"},
        {"depends-on", "requires"},
        {"waits-for", "wants"},
        {"replicas", "instances"},
        {"scale", "instances"},
        {"healthcheck", "health"},
        {"test", "health"},
        {"interval", "health_interval"},
        {"start_period", "health_start_period"},
        {"notification-fd", "ready"},
        {"ready-notification", "ready"},
        /* podman, kubernetes, openrc */
        {"health-cmd", "health"},
        {"livenessProbe", "health"},
        {"readinessProbe", "ready"},
        {"failureThreshold", "health_retries"},
        {"notify", "ready"},
        {"healthcheck_timer", "health_interval"},
        {"postStart", "post_start"},
        {"preStop", "pre_stop"},
        {"start-pre", "pre_start"},
        {"stop_post", "post_stop"},
        {"before_start", "pre_start"},
        {"finish", "post_stop"},
        {"cleanup", "post_stop"},
        {"reload", "reload_command"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct strbuf message = STRBUF_INIT;

        strbuf_addf(&message, "unknown key; reeve calls it '%s'", pairs[i][1]);
        expect(UNIT, pairs[i][0], strbuf_text(&message));
        strbuf_finish(&message);
    }
    expect(UNIT, "autorestart",
           "unknown key; reeve calls it 'restart': always, on-failure or never");
    expect(UNIT, "OnFailure", "unknown key; reeve calls it 'on_failed': start:NAME");
    expect(UNIT, "WatchdogSec",
           "unknown key; reeve calls it 'health_interval': together with health = notify");
    expect(UNIT, "ExecStartPre", "unknown key; reeve calls it 'pre_start': commands, one a line");
    expect(UNIT, "ExecReload",
           "unknown key; reeve calls it 'reload_command': commands, one a line; 'reload_signal' "
           "sends a signal instead");
    expect(UNIT, "notification-fd", "unknown key; reeve calls it 'ready': fd:N");
    expect(UNIT, "ready-notification", "unknown key; reeve calls it 'ready': fd:N, for pipefd:N");
    expect(UNIT, "Type",
           "unknown key; write [service:NAME] for what runs until told to stop, [job:NAME] for "
           "what ends; programs stay in the foreground; for Type=notify write ready = notify");
    expect(UNIT, "healthcheck",
           "unknown key; reeve calls it 'health': tcp:HOST:PORT, unix:PATH, exec:COMMAND or "
           "notify; its interval, timeout, retries and start_period are health_interval, "
           "health_timeout, health_retries and health_start_period");
    expect(UNIT, "numprocs",
           "unknown key; reeve calls it 'instances': so many units NAME@1, NAME@2 ... are made of "
           "the section");
    expect(UNIT, "depends_on",
           "unknown key; reeve calls it 'requires': names of units, separated by white space, each "
           "maybe with a condition as in db:ready or migrate:completed");
    expect(UNIT, "condition",
           "unknown key; reeve calls it 'requires': a condition stands behind a name, as in "
           "db:ready or migrate:completed");
    expect(UNIT, "conflicts",
           "unknown key; no unit keeps another down; stop that one by 'reevectl stop NAME' before, "
           "and remove the key");
    expect(UNIT, "priority",
           "unknown key; reeve calls it 'after': the units that are to be up before this one; "
           "numbers order nothing");
}

/* That the command is missing is no second error. */
static void other_names_of_the_command(void **state)
{
    static const char *const names[] = {"ExecStart", "exec-start", "entrypoint", "cmd"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect("[service:web]\n", names[i], "unknown key; reeve calls it 'command'");
}

static void keys_that_reeve_has_elsewhere_or_never(void **state)
{
    (void)state;
    expect(JOB, "autorestart",
           "unknown key; reeve calls it 'restart', which belongs to services and means nothing in "
           "a job");
    expect(UNIT, "RuntimeMaxSec",
           "unknown key; reeve calls it 'timeout', which belongs to jobs and means nothing in a "
           "service");
    expect("[reeve]\n", "logfile",
           "unknown key; reeved writes its log to standard error; remove the key");
    expect("[reeve]\n", "chmod", "unknown key; reeve calls it 'socket_mode'");
    /* Meant only there. */
    expect(UNIT, "file", "unknown key; the keys of a service are listed in reeve.ini(5)");
    expect(UNIT, "process_name",
           "unknown key; the name of a unit stands in its header, [service:NAME] or [job:NAME]; "
           "remove the key");
    expect(UNIT, "image",
           "unknown key; reeve runs programs of this system, no images; write 'command'");
}

/* DESIGN's keys whose features are to come, and names of others for them. */
static void features_to_come(void **state)
{
    static const char *const names[] = {
        "http",   "schedule", "log-rotate",  "log_file",
        "listen", "nice",     "LimitNOFILE", "limit_nofile",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect(UNIT, names[i], "this is not in this version of reeve; ");
        expect(JOB, names[i], "this is not in this version of reeve; ");
    }
    expect(JOB, "priority", "this is not in this version of reeve; remove the key");
    expect("[reeve]\n", "max_jobs", "this is not in this version of reeve; remove the key");
    expect("[reeve]\n", "history_keep", "this is not in this version of reeve; remove the key");
}

/* A row that names no key of reeve, or says of one that it is to come, misleads; one that is never
 * reached is a slip. */
static void the_table_agrees_with_the_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_foreign_keys; i++) {
        const struct foreign *f = &foreign_keys[i];
        enum section_kind kind = f->where == SECTION_REEVE ? SECTION_REEVE
                                 : f->where == SECTION_JOB ? SECTION_JOB
                                                           : SECTION_SERVICE;
        unsigned found = 0, same = 0;

        for (size_t k = 0; k < n_keys; k++) {
            found += f->key && strcmp(keys[k].name, f->key) == 0;
            same += strcmp(keys[k].name, f->name) == 0;
        }
        if (f->key ? !found : f->later ? same : !f->hint)
            fail_msg("row '%s'", f->name);
        assert_ptr_equal(foreign_key(f->name, kind), f);
    }
}

static void sections_of_others(void **state)
{
    static const char *const rows[][2] = {
        {"[program:web]", "reeve calls it [service:web]"},
        {"[program:]", "reeve calls it [service:NAME]"},
        {"[program]", "reeve calls it [service:NAME]"},
        {"[supervisord]", "reeve calls it [reeve]"},
        {"[unix_http_server]", "reeve calls it [reeve], where 'socket' names the control socket"},
        {"[Service]", "did you mean [service:NAME]?"},
        {"[Unit]", "all of a unit is one section, [service:NAME]"},
        {"[Install]", "all of a unit is one section, [service:NAME]; 'autostart' says if it "
                      "starts with reeved"},
        {"[group:x]", "write the key 'tags' in each of its units"},
        {"[include]", "write the key 'include' into [reeve], for example include = conf.d/*.ini"},
        {"[default]", "reeve calls it [defaults]"},
        {"[global]", "what holds for every unit is [defaults], what is for reeved itself [reeve]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strbuf text = STRBUF_INIT, part = STRBUF_INIT;

        strbuf_addf(&text, "%s\nautostart = true\nbanana = 1\n", rows[i][0]);
        strbuf_addf(&part, "t.ini:1: %s unknown section; %s", rows[i][0], rows[i][1]);
        assert_one_error(strbuf_text(&text), strbuf_text(&part));
        strbuf_finish(&text);
        strbuf_finish(&part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_other_supervisors),
        cmocka_unit_test(other_names_of_the_command),
        cmocka_unit_test(keys_that_reeve_has_elsewhere_or_never),
        cmocka_unit_test(features_to_come),
        cmocka_unit_test(the_table_agrees_with_the_keys),
        cmocka_unit_test(sections_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
