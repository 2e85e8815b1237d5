#include "reevectl/cause_search.h"

#include <string.h>

#include "core/hook.h"
#include "core/mistake.h"
#include "reevectl/awaited.h"
#include "reevectl/endings.h"
#include "reevectl/fields.h"
#include "reevectl/words.h"

/* ---- held ---- */

bool cause_add_hold(const struct search *s, struct strbuf *b)
{
    int64_t until_wall_ms;

    if (!awaited_add_hold(b, s->unit, s->now_wall_ms))
        return false;
    if (words_parse_time(field_word(s->unit, "held_until"), &until_wall_ms)) {
        strbuf_add(b, ", ");
        words_add_ago(b, until_wall_ms, s->now_wall_ms);
    }
    if (field(s->unit, "held_by")) {
        strbuf_add(b, ": ");
        cause_add_person(b, field(s->unit, "held_by"), "it");
    }
    return true;
}

bool cause_is_held_up(const cJSON *unit)
{
    return words_is_state(unit, STATE_WAITING) && field(unit, "held_until") &&
           !field(unit, "waiting");
}

/* ---- hooks ---- */

bool cause_is_in(const struct search *s, enum hook hook)
{
    return cause_is_word(s->unit, "hook", hook_name(hook));
}

void cause_add_hook(const struct search *s, struct strbuf *b)
{
    bool begins_state = cause_is_in(s, HOOK_PRE_START) || cause_is_in(s, HOOK_PRE_STOP);
    int64_t kill_wall_ms;

    strbuf_addf(b, "in %s", field_word(s->unit, "hook"));
    if (begins_state && s->since_ms >= 0) {
        strbuf_add(b, " for ");
        words_add_duration(b, s->since_ms);
    }
    if (words_parse_time(field_word(s->unit, "kill_at"), &kill_wall_ms)) {
        strbuf_add(b, ", which is killed ");
        cause_add_span_left(b, kill_wall_ms - s->now_wall_ms);
    }
}

void cause_add_span_left(struct strbuf *b, int64_t left_ms)
{
    if (left_ms <= 0) {
        strbuf_add(b, "at any moment");
        return;
    }
    strbuf_add(b, "in ");
    words_add_span(b, left_ms);
    strbuf_add(b, " at the latest");
}

/* The newest event of a hook of this run that failed, or NULL. */
static const cJSON *failed_hook_of(const struct search *s)
{
    const cJSON *event, *found = NULL;

    cJSON_ArrayForEach(event, s->facts->events)
    {
        if (cause_is_word(event, "type", notice_type_name(NOTICE_UNIT_HOOK)) &&
            cause_is_word(event, "unit", s->name) &&
            field_number(event, "run", -1) == field_number(s->unit, "run", 0))
            found = event;
    }
    return found;
}

void cause_add_hooks_of_run(const struct search *s, struct strbuf *b)
{
    const cJSON *failed = failed_hook_of(s);

    if (field(s->unit, "hook"))
        strbuf_addf(b, "%s%s is at work", b->len_bytes ? "; " : "", field_word(s->unit, "hook"));
    if (failed)
        strbuf_addf(b, "%s%s failed: %s", b->len_bytes ? "; " : "", field_word(failed, "hook"),
                    field_word(failed, "error"));
}

/* ---- mistakes ---- */

/* What keeps programs that go to the background by themselves in the foreground. */
static const char *foreground_of(const char *program)
{
    static const struct {
        const char *program, *command;
    } known[] = {
        {"nginx", "nginx -g 'daemon off;'"},
        {"apache2", "apache2 -DFOREGROUND"},
        {"httpd", "httpd -DFOREGROUND"},
        {"sshd", "/usr/sbin/sshd -D"},
        {"redis-server", "redis-server --daemonize no"},
        {"haproxy", "haproxy -db"},
        {"postgres", "postgres in place of pg_ctl"},
        {"cron", "cron -f"},
        {"crond", "crond -n"},
        {"dnsmasq", "dnsmasq -k"},
        {"rsyslogd", "rsyslogd -n"},
        {"memcached", "memcached without -d"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(program, known[i].program) == 0)
            return known[i].command;
    return NULL;
}

/* What is in force was read when reeved started. */
static void add_place_of(const struct search *s, struct strbuf *b, const char *key)
{
    const cJSON *item = words_config(s->unit, key);

    if (!item)
        return;
    strbuf_add(b, " (");
    words_add_place(b, item);
    strbuf_add(b, "), and restart reeved");
}

static bool is_kind(const cJSON *mistake, enum mistake_kind kind)
{
    return cause_is_word(mistake, "kind", mistake_name(kind));
}

static void advise_against(const struct search *s, struct strbuf *b, const cJSON *mistake)
{
    const char *other = field_text(mistake, "other");
    const char *foreground = foreground_of(field_word(mistake, "program"));
    int64_t pid = field_number(mistake, "pid", -1);

    if (is_kind(mistake, MISTAKE_DAEMONIZED)) {
        strbuf_addf(b, "run it in the foreground%s%s", foreground ? ", e.g. " : "",
                    foreground ? foreground : "");
        add_place_of(s, b, "command");
    } else if (is_kind(mistake, MISTAKE_SWALLOWED)) {
        strbuf_addf(b, "write exec before the last command of the shell, or kill_mode = %s",
                    cause_is_word(s->effective, "kill_mode", "group") ? "tree" : "group");
        add_place_of(s, b, "command");
    } else if (is_kind(mistake, MISTAKE_PORT_TAKEN) && other && strcmp(other, s->name) != 0) {
        strbuf_addf(b, "give one of %s and %s another port, or stop that one: reevectl stop %s",
                    s->name, other, other);
    } else if (is_kind(mistake, MISTAKE_PORT_TAKEN) && pid > 0) {
        strbuf_addf(b, "end that one, or use another port; to see what it is: ps -fp %lld",
                    (long long)pid);
    }
}

void cause_find_mistake(struct search *s)
{
    const cJSON *mistake = field(s->unit, "mistake");
    int64_t run = field_number(mistake, "run", 0);
    struct strbuf *b = &s->c->reason, advice = STRBUF_INIT;

    if (!mistake)
        return;
    strbuf_add(b, b->len_bytes ? "; " : "");
    if (run != field_number(s->unit, "run", 0))
        strbuf_addf(b, "in run %lld ", (long long)run);
    strbuf_add(b, field_word(mistake, "message"));
    advise_against(s, &advice, mistake);
    if (advice.len_bytes) {
        strbuf_finish(&s->c->advice);
        s->c->advice = advice;
    } else {
        s->c->advice.failed |= advice.failed;
        strbuf_finish(&advice);
    }
}
