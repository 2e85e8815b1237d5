/*
 * Somebody who waits for the outcome of one wish, as control/pending does: what core/verdict says
 * is held against what became of the unit. Only while nobody else wishes anything.
 */
#include <string.h>

#include "sim.h"

static enum operation operation_of(enum wish wish)
{
    return wish == WISH_START    ? OPERATION_START
           : wish == WISH_STOP   ? OPERATION_STOP
           : wish == WISH_RELOAD ? OPERATION_RELOAD
                                 : OPERATION_RESTART;
}

void operation_begin(struct world *w, enum wish wish, uint32_t unit)
{
    struct sim_operation *op = &w->operation;
    const struct unit *u = &w->units[unit].core;

    memset(op, 0, sizeof *op);
    if (wish != WISH_START && wish != WISH_STOP && wish != WISH_RESTART && wish != WISH_RELOAD)
        return;
    op->is_open = true;
    op->unit = unit;
    op->run = u->run;
    op->n_reloads = w->units[unit].errand.n_reloads;
    verdict_mark(&op->mark, operation_of(wish), u);
}

void operation_forget(struct world *w)
{
    memset(&w->operation, 0, sizeof w->operation);
}

/* Of the runs that the wish led to, one became ready. */
static bool became_ready(const struct world *w, uint64_t first_run)
{
    const struct unit *u = &w->units[w->operation.unit].core;
    const struct exit_record *r;

    if (unit_has_run(u) && u->run >= first_run && u->current.ready_after_ms >= 0)
        return true;
    for (unsigned back = 0; (r = unit_record(u, back)) != NULL && r->run >= first_run; back++)
        if (r->ready_after_ms >= 0)
            return true;
    return false;
}

static void check_start(struct world *w, enum verdict verdict, const struct exit_record *r)
{
    const struct sim_operation *op = &w->operation;
    const struct unit *u = &w->units[op->unit].core;
    bool restart = op->mark.operation == OPERATION_RESTART;

    if (verdict == VERDICT_OK && !became_ready(w, op->run + restart))
        sim_fail(w, op->unit, "started, it is told, and was not ready");
    if (verdict == VERDICT_OK && restart && u->run == op->run)
        sim_fail(w, op->unit, "restarted, it is told, and was not");
    if (verdict == VERDICT_ENDED && (!r || r->run < op->run + restart || r->ready_after_ms >= 0))
        sim_fail(w, op->unit, "it is told that the start failed, and it did not");
    if (verdict == VERDICT_STOPPED)
        sim_fail(w, op->unit, "it is told that it was stopped, and nobody did");
}

static void check_stop(struct world *w, enum verdict verdict)
{
    const struct sim_operation *op = &w->operation;
    const struct unit *u = &w->units[op->unit].core;

    if (verdict == VERDICT_OK && (u->goal ? u->phase != PHASE_COMPLETED : unit_has_run(u)))
        sim_fail(w, op->unit, "stopped, it is told, and is not");
}

static void check_reload(struct world *w, enum verdict verdict)
{
    const struct sim_operation *op = &w->operation;
    const struct sim_unit *su = &w->units[op->unit];
    bool well = verdict == VERDICT_OK;

    if (verdict == VERDICT_NOT_RUNNING) {
        if (su->core.phase == PHASE_RUNNING && su->core.run == op->run &&
            su->errand.n_reloads > op->n_reloads)
            sim_fail(w, op->unit, "it is told that it does not run, and it does");
        return;
    }
    if (!well && verdict != VERDICT_NOT_RELOADED)
        sim_fail(w, op->unit, "a reload is told to be %d", verdict);
    if (su->errand.n_reloads <= op->n_reloads)
        sim_fail(w, op->unit, "%s, it is told, and it never began", well ? "reloaded" : "failed");
    if (well == (su->core.reload_result.how != PROBE_GOOD))
        sim_fail(w, op->unit, "%s, it is told", well ? "reloaded" : "failed");
}

/* Nothing else will be told by itself while the unit is like this. */
static void check_open(struct world *w)
{
    const struct sim_operation *op = &w->operation;
    const struct unit *u = &w->units[op->unit].core;
    bool stop = op->mark.operation == OPERATION_STOP;

    if (op->mark.operation == OPERATION_RELOAD) {
        if (u->hook == HOOK_NONE)
            sim_fail(w, op->unit, "nothing goes on, and who asked for a reload is told nothing");
        return;
    }
    if (stop ? !unit_has_run(u) : u->ready && u->run > op->run)
        sim_fail(w, op->unit, "%s, and who asked for that is told nothing",
                 unit_phase_name(u->phase));
    if (!stop && !unit_has_run(u) && u->phase != PHASE_WAITING && u->phase != PHASE_HELD)
        sim_fail(w, op->unit, "%s, and who waits for its start is told nothing",
                 unit_phase_name(u->phase));
}

void operation_look(struct world *w, bool quiet)
{
    struct sim_operation *op = &w->operation;
    const struct exit_record *r;
    enum verdict verdict;

    if (op->is_stuck && quiet) {
        if (w->units[op->unit].core.phase != PHASE_STUCK)
            sim_fail(w, op->unit, "it was told to be stuck, and is not");
        op->is_stuck = false;
    }
    if (!op->is_open || order_done(&w->order) < op->asked)
        return;
    verdict = verdict_look(&op->mark, &w->units[op->unit].core, &r);
    coverage_verdict(op->mark.operation, verdict);
    if (verdict == VERDICT_OPEN) {
        if (quiet)
            check_open(w);
        return;
    }
    op->is_open = false;
    op->is_stuck = verdict == VERDICT_STUCK;
    if (verdict == VERDICT_UNKILLABLE) {
        if (w->units[op->unit].core.phase != PHASE_UNKILLABLE)
            sim_fail(w, op->unit, "it is told to be unkillable, and is not");
    } else if (op->mark.operation == OPERATION_RELOAD) {
        check_reload(w, verdict);
    } else if (op->mark.operation == OPERATION_STOP) {
        check_stop(w, verdict);
    } else {
        check_start(w, verdict, r);
    }
}
