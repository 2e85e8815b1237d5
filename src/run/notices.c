#include "run/notices.h"

#include "os/clock.h"
#include "run/state.h"

static struct notice about(const struct unit *u, enum notice_type type)
{
    return (struct notice){
        .wall_ms = clock_now().wall_ms,
        .type = type,
        .unit = u->index,
        .run = u->run,
    };
}

/* on_failed = start: the order starts them, on its account. */
static void say_who_is_started(struct supervisor *s, const struct unit *u)
{
    const struct unit_spec *spec = u->spec;
    struct requester who = {.unit = u->index + 1};

    if (spec->on_failed != ON_FAILED_START || s->shutdown.begun)
        return;
    for (uint32_t i = 0; i < spec->n_on_failed_start; i++)
        notice_requested(s, &s->lives[spec->on_failed_start[i]].unit, REQUEST_START, 0, who);
}

void notice_changed(struct supervisor *s, const struct unit *u, enum unit_phase from,
                    enum unit_phase to)
{
    struct notice n = about(u, NOTICE_UNIT_STATE);
    enum unit_state state = unit_state_of(to);

    n.u.state.from = unit_state_of(from);
    n.u.state.to = state;
    n.u.state.waiting.unit = WAITING_NO_UNIT;
    /* What it waits for may have failed: that shows, too. */
    if (n.u.state.from == state && (state != STATE_WAITING || from == to))
        return;
    if (state == STATE_WAITING)
        order_waiting(&s->order, u->index, &n.u.state.waiting);
    n.u.state.pid = u->main_alive ? u->current.pid : 0;
    n.u.state.next_start_wall_ms = u->next_start_wall_ms;
    n.u.state.held_until_wall_ms = to == PHASE_HELD ? u->held_until_wall_ms : 0;
    if (state == STATE_STOPPING || state == STATE_KILLING) {
        n.u.state.requested_by = u->current.requested_by;
        n.u.state.requester = u->current.requester;
    }
    supervisor_note(s, &n);
    if (to == PHASE_FAILED)
        say_who_is_started(s, u);
}

void notice_record(struct supervisor *s, const struct unit *u)
{
    struct notice n = about(u, NOTICE_UNIT_EXITED);
    const struct exit_record *r = unit_last_record(u);

    if (!r)
        return;
    n.run = r->run;
    n.u.exit = *r;
    supervisor_note(s, &n);
}

void notice_hook(struct supervisor *s, const struct unit *u, const struct action *failed)
{
    struct notice n = about(u, NOTICE_UNIT_HOOK);

    n.run = failed->failed.run;
    n.u.hook.hook = failed->failed.hook;
    n.u.hook.failure = failed->failed.failure;
    supervisor_note(s, &n);
}

void notice_held(struct supervisor *s, const struct unit *u, int64_t until_wall_ms,
                 struct requester who)
{
    struct notice n = about(u, NOTICE_UNIT_REQUESTED);

    n.u.request.kind = until_wall_ms ? REQUEST_HOLD : REQUEST_RELEASE;
    n.u.request.held_until_wall_ms = until_wall_ms;
    n.u.request.requester = who;
    supervisor_note(s, &n);
}

void notice_health(struct supervisor *s, const struct unit *u)
{
    struct notice n = about(u, NOTICE_UNIT_HEALTH);

    n.u.health.is = u->health.is;
    n.u.health.failure = u->health.last_failure;
    supervisor_note(s, &n);
}

void notice_refused(struct supervisor *s, const struct unit *u, const char *what)
{
    struct notice n = about(u, NOTICE_UNIT_REFUSED);

    n.u.refused.what = what;
    supervisor_note(s, &n);
    supervisor_tell(s, UINT32_MAX);
}

void notice_mistake(struct supervisor *s, const struct unit *u, const struct mistake *m)
{
    struct notice n = about(u, NOTICE_UNIT_MISTAKE);

    n.run = m->run;
    n.u.mistake = *m;
    supervisor_note(s, &n);
}

void notice_unkillable(struct supervisor *s, const struct unit *u)
{
    struct notice n = about(u, NOTICE_UNIT_UNKILLABLE);

    supervisor_note(s, &n);
}

void notice_requested(struct supervisor *s, const struct unit *u, enum request_kind kind,
                      int signal, struct requester who)
{
    struct notice n = about(u, NOTICE_UNIT_REQUESTED);

    n.u.request.kind = kind;
    n.u.request.signal = signal;
    n.u.request.requester = who;
    supervisor_note(s, &n);
}

static struct notice about_session(enum notice_type type)
{
    struct notice n = {.wall_ms = clock_now().wall_ms, .type = type, .unit = NOTICE_NO_UNIT};

    n.u.session.exit_code = -1;
    return n;
}

void notice_session(struct supervisor *s, enum notice_type type)
{
    struct notice n = about_session(type);

    supervisor_note(s, &n);
}

void notice_session_stopping(struct supervisor *s, struct requester who, int signal,
                             enum end_cause because, uint32_t unit)
{
    struct notice n = about_session(NOTICE_SESSION_STOPPING);

    n.unit = unit;
    n.u.session.requester = who;
    n.u.session.signal = signal;
    n.u.session.because = because;
    supervisor_note(s, &n);
}

void notice_session_stopped(struct supervisor *s, int exit_code)
{
    struct notice n = about_session(NOTICE_SESSION_STOPPED);

    n.u.session.exit_code = exit_code;
    supervisor_note(s, &n);
}
