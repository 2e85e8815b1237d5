#include "control/notice_view.h"

#include "control/explain.h"
#include "control/view.h"
#include "os/signals.h"

static const struct requester *requester_of(const struct notice *n)
{
    static const struct requester nobody;

    switch (n->type) {
    case NOTICE_SESSION_STOPPING:
        return &n->u.session.requester;
    case NOTICE_UNIT_REQUESTED:
        return &n->u.request.requester;
    case NOTICE_UNIT_STATE:
        return &n->u.state.requester;
    default:
        return &nobody;
    }
}

static int signal_of(const struct notice *n)
{
    if (n->type == NOTICE_SESSION_STOPPING)
        return n->u.session.signal;
    return n->type == NOTICE_UNIT_REQUESTED ? n->u.request.signal : 0;
}

static const struct waiting_for *waiting_of(const struct notice *n)
{
    static const struct waiting_for nothing = {.unit = WAITING_NO_UNIT};
    bool waits = n->type == NOTICE_UNIT_STATE && n->u.state.to == STATE_WAITING;

    return waits ? &n->u.state.waiting : &nothing;
}

static void view_moves(struct json_out *o, const struct notice *n)
{
    bool moved = n->type == NOTICE_UNIT_STATE;
    pid_t pid = moved ? n->u.state.pid : n->type == NOTICE_UNIT_MISTAKE ? n->u.mistake.pid : 0;

    json_string(o, "previous", moved ? unit_state_name(n->u.state.from) : NULL);
    json_string(o, "state", moved ? unit_state_name(n->u.state.to) : NULL);
    json_int_or_null(o, "pid", pid, 0);
}

static void view_refused(struct json_out *o, const char *what)
{
    struct strbuf text = STRBUF_INIT;

    explain_refused(&text, what);
    json_string(o, "error", strbuf_text(&text));
    o->b->failed |= text.failed;
    strbuf_finish(&text);
}

static int64_t held_until_of(const struct notice *n)
{
    if (n->type == NOTICE_UNIT_REQUESTED)
        return n->u.request.held_until_wall_ms;
    return n->type == NOTICE_UNIT_STATE ? n->u.state.held_until_wall_ms : 0;
}

/* What is wrong, of the types that tell of something wrong. */
static void view_error(struct json_out *o, const struct notice *n, const struct supervisor *s,
                       const struct unit *u)
{
    if (n->type == NOTICE_UNIT_HEALTH && u && n->u.health.is == HEALTHINESS_UNHEALTHY)
        view_probe_text(o, "error", &u->spec->health, n->u.health.failure);
    else if (n->type == NOTICE_UNIT_REFUSED)
        view_refused(o, n->u.refused.what);
    else if (n->type == NOTICE_UNIT_HOOK && u)
        view_hook_failure(o, "error", u, n->u.hook.hook, n->u.hook.failure);
    else if (n->type == NOTICE_UNIT_MISTAKE && u)
        view_mistake_text(o, "error", s, u, &n->u.mistake);
    else
        json_null(o, "error");
}

void notice_view(struct json_out *o, const struct notice *n, const struct supervisor *s)
{
    const struct unit *u = n->unit == NOTICE_NO_UNIT ? NULL : supervisor_unit(s, n->unit);
    bool moved = n->type == NOTICE_UNIT_STATE;
    enum end_cause because = n->type == NOTICE_SESSION_STOPPING ? n->u.session.because : END_NONE;
    int signal = signal_of(n);

    json_begin_object(o, NULL);
    json_int(o, "seq", (int64_t)n->seq);
    json_time(o, "at", n->wall_ms);
    json_string(o, "type", notice_type_name(n->type));
    json_string(o, "unit", u ? u->spec->name : NULL);
    json_int_or_null(o, "run", (int64_t)n->run, 0);
    view_moves(o, n);
    json_string(o, "request",
                n->type == NOTICE_UNIT_REQUESTED ? request_kind_name(n->u.request.kind) : NULL);
    json_string(o, "signal", signal ? signal_name(signal) : NULL);
    json_string(o, "requested_by",
                moved && n->u.state.requested_by != BY_NOBODY
                    ? requested_by_name(n->u.state.requested_by)
                    : NULL);
    view_requester(o, "requester", s, requester_of(n));
    json_time(o, "next_start_at", moved ? n->u.state.next_start_wall_ms : 0);
    view_waiting(o, s, waiting_of(n));
    json_time(o, "held_until", held_until_of(n));
    json_string(o, "health",
                n->type == NOTICE_UNIT_HEALTH ? healthiness_name(n->u.health.is) : NULL);
    json_string(o, "hook", n->type == NOTICE_UNIT_HOOK ? hook_name(n->u.hook.hook) : NULL);
    json_string(o, "mistake",
                n->type == NOTICE_UNIT_MISTAKE ? mistake_name(n->u.mistake.kind) : NULL);
    view_error(o, n, s, u);
    if (n->type == NOTICE_UNIT_EXITED && u)
        view_record(o, "exit", s, u, &n->u.exit);
    else
        json_null(o, "exit");
    json_int_or_null(o, "exit_code",
                     n->type == NOTICE_SESSION_STOPPED ? n->u.session.exit_code : -1, -1);
    json_string(o, "because", because ? end_cause_name(because) : NULL);
    json_end_object(o);
}
