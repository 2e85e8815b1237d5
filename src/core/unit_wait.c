/* What is asked of a unit that has no run, what it waits for, and being held: cells of the machine.
 */
#include "core/unit_step.h"

void cell_start(struct step *st)
{
    step_forgive(st->u);
    step_go(st);
}

void cell_stop_idle(struct step *st)
{
    step_enter(st, PHASE_STOPPED, 0);
}

/* What it requires has failed: there is no next try to wait for. */
void cell_bounce_backoff(struct step *st)
{
    if (st->u->n_unmet)
        step_go(st);
}

void cell_conditions(struct step *st)
{
    struct unit *u = st->u;

    if (!u->n_unmet || (u->n_dead > 0) != (u->phase == PHASE_STUCK))
        step_go(st);
}

/* Asked for while it waits already: the tries count from now, and whoever asked wants to know
 * whether it is stuck now, not whether it was. */
void cell_start_waiting(struct step *st)
{
    step_forgive(st->u);
    cell_conditions(st);
}

void cell_reset(struct step *st)
{
    step_forgive(st->u);
}

/* The run under way is now the first try. */
void cell_reset_run(struct step *st)
{
    step_forgive(st->u);
    st->u->attempt = 1;
}

void cell_reset_failed(struct step *st)
{
    step_forgive(st->u);
    if (st->u->goal)
        step_go(st);
    else
        step_enter(st, PHASE_STOPPED, 0);
}

/* The time may be up before the news of a goal that fell. */
void cell_backoff_over(struct step *st)
{
    if (st->u->goal)
        step_retry(st);
    else
        step_enter(st, PHASE_STOPPED, 0);
}

/* ---- being held ---- */

void step_let_go(struct unit *u)
{
    u->held_until_ms = 0;
    u->held_until_wall_ms = 0;
    u->held_by = (struct requester){0};
}

/* As with the backoff, the news of a goal that fell may be on their way. */
static void go_on(struct step *st)
{
    if (st->u->goal)
        step_go(st);
    else
        step_enter(st, PHASE_STOPPED, 0);
}

void cell_hold(struct step *st)
{
    struct unit *u = st->u;
    bool waits = u->phase == PHASE_WAITING || u->phase == PHASE_STUCK;

    step_let_go(u);
    if (st->ev->u.hold.until_ms > st->now.mono_ms) {
        u->held_until_ms = st->ev->u.hold.until_ms;
        u->held_until_wall_ms = st->ev->u.hold.until_wall_ms;
        u->held_by = st->ev->u.hold.requester;
    }
    /* Who only wants it passes over what is held, whatever else that waits for. */
    if (u->phase == PHASE_HELD || (waits && u->held_until_ms))
        go_on(st);
    else if (u->phase == PHASE_COMPLETED || u->phase == PHASE_FAILED)
        u->deadline_ms = u->held_until_ms;
}

/* Nothing changes but that it is not held any more; who asks whether all is done looks again. */
void cell_hold_over(struct step *st)
{
    st->u->deadline_ms = 0;
}

/* The time of the hold is over. */
void cell_held_deadline(struct step *st)
{
    go_on(st);
}
