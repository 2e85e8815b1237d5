#include "core/verdict.h"

#include <stddef.h>

static bool is_down(const struct unit *u)
{
    return u->phase == PHASE_STOPPED || u->phase == PHASE_COMPLETED || u->phase == PHASE_FAILED;
}

void verdict_mark(struct operation_mark *mark, enum operation operation, const struct unit *u)
{
    enum unit_state state = unit_state_of(u->phase);

    mark->operation = operation;
    mark->had_run =
        operation == OPERATION_AWAIT_COMPLETED ? u->phase != PHASE_STOPPED : unit_has_run(u);
    mark->run = u->run;
    mark->n_reloads = u->n_reloads;
    /* A start joins the attempt under way; all else leads to a run that does not exist yet. */
    if (operation == OPERATION_RESTART || operation == OPERATION_FOLLOW ||
        (operation == OPERATION_START && state != STATE_STARTING && state != STATE_RUNNING))
        mark->run++;
}

/* It was ended before it was ready by a newer restart, of itself or of what it requires: a run that
 * counts instead follows, or else what the unit does now says why not. */
static bool is_superseded(const struct exit_record *r)
{
    return (r->requested_by == BY_RESTART || r->requested_by == BY_DEPENDENCY) &&
           r->ready_after_ms < 0;
}

/* The newest record of this run or a later one that became ready, or else the newest of them that
 * decides something. */
static const struct exit_record *record_since(const struct unit *u, uint64_t run)
{
    const struct exit_record *newest = NULL;
    const struct exit_record *r;

    for (unsigned back = 0; (r = unit_record(u, back)) != NULL && r->run >= run; back++) {
        if (r->ready_after_ms >= 0)
            return r;
        if (!newest && !is_superseded(r))
            newest = r;
    }
    return newest;
}

static enum verdict ended_for_good(const struct unit *u, const struct exit_record **ret_record)
{
    *ret_record = unit_last_record(u);
    return VERDICT_ENDED;
}

static enum verdict look_for_ready(const struct operation_mark *mark, const struct unit *u,
                                   const struct exit_record **ret_record)
{
    const struct exit_record *r = record_since(u, mark->run);

    if (u->run >= mark->run && unit_has_run(u) && u->current.ready_after_ms >= 0)
        return VERDICT_OK;
    if (r && r->ready_after_ms >= 0)
        return VERDICT_OK; /* and ended since: it did start */
    if (r) {
        *ret_record = r;
        return VERDICT_ENDED;
    }
    if (u->phase == PHASE_UNKILLABLE)
        return VERDICT_UNKILLABLE;
    if (u->phase == PHASE_STUCK)
        return VERDICT_STUCK;
    /* What is down while its goal is up is about to start. */
    if (is_down(u) && !u->again && !u->goal)
        return VERDICT_STOPPED;
    /* What has ended for good before its turn has nothing to follow with. */
    if (mark->operation == OPERATION_FOLLOW && u->phase == PHASE_COMPLETED)
        return VERDICT_OK;
    if (mark->operation == OPERATION_FOLLOW && u->phase == PHASE_FAILED)
        return ended_for_good(u, ret_record);
    return VERDICT_OPEN;
}

static enum verdict look_for_end(struct operation_mark *mark, const struct unit *u)
{
    if (is_down(u))
        return VERDICT_OK;
    /* What is being ended is not ended yet, even if it is a later run than the one seen when asked:
     * that one may have died by itself just before. */
    if (!u->goal)
        return u->phase == PHASE_UNKILLABLE ? VERDICT_UNKILLABLE : VERDICT_OPEN;
    if (!mark->had_run) {
        /* A start asked for before this stop made a run meanwhile. */
        if (!unit_has_run(u))
            return VERDICT_OPEN;
        mark->had_run = true;
        mark->run = u->run;
    }
    if (unit_last_record(u) && unit_last_record(u)->run >= mark->run)
        return VERDICT_OK; /* and it was started again since */
    return u->phase == PHASE_UNKILLABLE ? VERDICT_UNKILLABLE : VERDICT_OPEN;
}

static enum verdict look_for_reload(const struct operation_mark *mark, const struct unit *u)
{
    /* It may run by now, and not have done so when it was to reload. */
    if (u->run != mark->run || u->phase != PHASE_RUNNING || u->n_reloads == mark->n_reloads)
        return VERDICT_NOT_RUNNING;
    if (u->hook == HOOK_RELOAD || u->reload_wanted)
        return VERDICT_OPEN;
    return u->reload_result.how == PROBE_GOOD ? VERDICT_OK : VERDICT_NOT_RELOADED;
}

/* ---- only waiting ---- */

/* Not (or no longer) what is waited for: whether it may become so. */
static enum verdict await_better(const struct unit *u, const struct exit_record **ret_record)
{
    if (u->phase == PHASE_STUCK)
        return VERDICT_STUCK;
    if (u->phase == PHASE_FAILED || u->phase == PHASE_COMPLETED)
        return ended_for_good(u, ret_record);
    return u->phase == PHASE_STOPPED ? VERDICT_IDLE : VERDICT_OPEN;
}

static enum verdict await_ready(const struct unit *u, const struct exit_record **ret_record)
{
    return u->ready ? VERDICT_OK : await_better(u, ret_record);
}

static enum verdict await_healthy(const struct unit *u, const struct exit_record **ret_record)
{
    if (u->spec->health.kind == PROBE_NONE)
        return VERDICT_NO_HEALTH;
    if (u->ready && u->health.is == HEALTHINESS_HEALTHY)
        return VERDICT_OK;
    return await_better(u, ret_record);
}

static enum verdict await_completed(struct operation_mark *mark, const struct unit *u,
                                    const struct exit_record **ret_record)
{
    if (u->phase == PHASE_COMPLETED)
        return VERDICT_OK;
    if (u->phase == PHASE_FAILED)
        return ended_for_good(u, ret_record);
    if (u->phase == PHASE_STUCK)
        return VERDICT_STUCK;
    if (u->phase == PHASE_STOPPED)
        return mark->had_run ? VERDICT_CUT_SHORT : VERDICT_IDLE;
    if (u->spec->kind == UNIT_SERVICE && u->spec->restart == RESTART_ALWAYS)
        return VERDICT_NEVER;
    mark->had_run = true;
    return VERDICT_OPEN;
}

static enum verdict await_stopped(const struct unit *u)
{
    if (is_down(u))
        return VERDICT_OK;
    return u->phase == PHASE_UNKILLABLE && !u->goal ? VERDICT_UNKILLABLE : VERDICT_OPEN;
}

enum verdict verdict_look(struct operation_mark *mark, const struct unit *u,
                          const struct exit_record **ret_record)
{
    *ret_record = NULL;
    switch (mark->operation) {
    case OPERATION_LET_GO:
        if (u->goal)
            return VERDICT_OK;
        return look_for_end(mark, u);
    case OPERATION_STOP:
        return look_for_end(mark, u);
    case OPERATION_AWAIT_READY:
        return await_ready(u, ret_record);
    case OPERATION_AWAIT_HEALTHY:
        return await_healthy(u, ret_record);
    case OPERATION_AWAIT_COMPLETED:
        return await_completed(mark, u, ret_record);
    case OPERATION_AWAIT_STOPPED:
        return await_stopped(u);
    case OPERATION_RELOAD:
        return look_for_reload(mark, u);
    case OPERATION_START:
    case OPERATION_RESTART:
    case OPERATION_FOLLOW:
        break;
    }
    return look_for_ready(mark, u, ret_record);
}
