/* Whether reeved would end by itself: core/ends hears of each change as run/ has it, and is held
 * against what is so. Nothing follows from that here: the world goes on. */
#include <stdlib.h>

#include "sim.h"

void endings_init(struct world *w)
{
    w->daemon.exit_when = (enum exit_when)prng_below(&w->prng, EXIT_ANY_FAILED + 1);
    if (ends_init(&w->ends, &w->daemon, w->n_units) < 0)
        abort();
}

void endings_finish(struct world *w)
{
    ends_finish(&w->ends);
}

/* It ended for good with this step, and nobody holds it. */
static bool is_the_last_straw(const struct world *w, const struct sim_unit *su)
{
    bool failed = su->core.phase == PHASE_FAILED;

    if (!failed && su->core.phase != PHASE_COMPLETED)
        return false;
    return su->held_until_ms <= w->now.mono_ms &&
           (su->spec.essential || (failed && su->spec.on_failed == ON_FAILED_SHUTDOWN));
}

void endings_look(struct world *w)
{
    for (uint32_t i = 0; i < w->n_units; i++) {
        w->ever_wanted[i] |= w->units[i].core.wanted;
        ends_look(&w->ends, &w->units[i].core);
    }
}

void endings_stepped(struct world *w, uint32_t unit, enum unit_phase before, uint64_t n_records)
{
    const struct sim_unit *su = &w->units[unit];
    uint32_t by = 0;
    enum end_cause cause;

    if (su->n_records != n_records && su->core.phase != before && is_the_last_straw(w, su))
        w->to_end = true;
    endings_look(w);
    cause = ends_due(&w->ends, &by);
    if (w->to_end != (cause == END_ESSENTIAL || cause == END_ON_FAILED))
        sim_fail(w, unit, "reeved %s by itself, it is told: %s", w->to_end ? "ends" : "goes on",
                 end_cause_name(cause));
}

static bool is_done(const struct sim_unit *su)
{
    enum unit_phase phase = su->core.phase;

    return !su->core.held_until_ms &&
           (phase == PHASE_COMPLETED || phase == PHASE_FAILED || phase == PHASE_STUCK);
}

void endings_quiet(struct world *w)
{
    bool any = false, all = true, failed = false;
    enum end_cause cause = END_NONE;
    uint32_t by;

    for (uint32_t i = 0; i < w->n_units; i++) {
        any |= w->ever_wanted[i];
        all &= !w->ever_wanted[i] || is_done(&w->units[i]);
        failed |= w->units[i].core.phase == PHASE_FAILED;
    }
    if (w->daemon.exit_when == EXIT_ANY_FAILED && failed)
        cause = END_ANY_FAILED;
    else if (w->daemon.exit_when != EXIT_NEVER && any && all)
        cause = END_ALL_DONE;
    if (cause == END_ALL_DONE)
        coverage_see(SEEN_ALL_DONE);
    if (!w->to_end && ends_due(&w->ends, &by) != cause)
        sim_fail(w, 0, "reeved ends by itself since %s; expected: %s",
                 end_cause_name(ends_due(&w->ends, &by)), end_cause_name(cause));
}
