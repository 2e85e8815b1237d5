#include "core/ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNAL_KILL = 9 };

/* What was counted of a unit. */
enum { SEEN_ONCE = 1, SEEN_WANTED = 2, SEEN_OPEN = 4, SEEN_FAILED = 8 };

int ends_init(struct ends *e, const struct daemon_spec *daemon, uint32_t n_units)
{
    memset(e, 0, sizeof *e);
    e->daemon = daemon;
    e->n_units = e->n_unseen = n_units;
    e->seen = calloc(n_units ? n_units : 1, sizeof *e->seen);
    return e->seen ? 0 : -ENOMEM;
}

void ends_finish(struct ends *e)
{
    free(e->seen);
    e->seen = NULL;
}

static bool ended_for_good(const struct unit *u)
{
    return u->phase == PHASE_COMPLETED || u->phase == PHASE_FAILED;
}

static uint8_t see(const struct unit *u, uint8_t before)
{
    unsigned now = SEEN_ONCE | (before & SEEN_WANTED);

    if (u->wanted)
        now |= SEEN_WANTED;
    if (u->phase == PHASE_FAILED)
        now |= SEEN_FAILED;
    /* One that is stuck waits for a failed one, and does so until somebody comes. */
    if ((now & SEEN_WANTED) &&
        (u->held_until_ms || (!ended_for_good(u) && u->phase != PHASE_STUCK)))
        now |= SEEN_OPEN;
    return (uint8_t)now;
}

/* Takes the unit out of the tally as it was, and in as it is. */
static void count(struct ends *e, uint8_t before, uint8_t now)
{
    e->n_unseen -= !(before & SEEN_ONCE);
    e->n_ever_wanted += !(before & SEEN_WANTED) && (now & SEEN_WANTED);
    e->n_open += (now & SEEN_OPEN) != 0;
    e->n_open -= (before & SEEN_OPEN) != 0;
    e->n_failed += (now & SEEN_FAILED) != 0;
    e->n_failed -= (before & SEEN_FAILED) != 0;
}

/* What the unit calls for by itself. */
static enum end_cause cause_of_unit(const struct unit *u)
{
    if (u->spared)
        return END_NONE;
    if (u->spec->essential && ended_for_good(u))
        return END_ESSENTIAL;
    if (u->spec->on_failed == ON_FAILED_SHUTDOWN && u->phase == PHASE_FAILED)
        return END_ON_FAILED;
    return END_NONE;
}

static enum end_cause cause_of_all(const struct ends *e)
{
    if (e->daemon->exit_when == EXIT_NEVER || e->n_unseen)
        return END_NONE;
    if (e->daemon->exit_when == EXIT_ANY_FAILED && e->n_failed)
        return END_ANY_FAILED;
    return e->n_ever_wanted && !e->n_open ? END_ALL_DONE : END_NONE;
}

void ends_look(struct ends *e, const struct unit *u)
{
    uint8_t before = e->seen[u->index];
    uint8_t now = see(u, before);
    enum end_cause cause;

    e->seen[u->index] = now;
    count(e, before, now);
    /* The end of such a unit is not taken back by anything. */
    if (e->cause == END_ESSENTIAL || e->cause == END_ON_FAILED)
        return;
    cause = cause_of_unit(u);
    if (cause == END_NONE)
        cause = cause_of_all(e);
    if (cause == e->cause)
        return;
    e->cause = cause;
    e->unit = u->index;
}

enum end_cause ends_due(const struct ends *e, uint32_t *ret_unit)
{
    if (e->cause != END_NONE)
        *ret_unit = e->unit;
    return e->cause;
}

/* ---- the exit code ---- */

/* That of its last run, or -1: it had none. */
static int code_of(const struct unit *u)
{
    const struct exit_record *r = unit_last_record(u);

    if (unit_has_run(u) && u->current.reason == REASON_NONE)
        return 128 + SIGNAL_KILL; /* given up: it will die of that, if of anything */
    if (unit_has_run(u))
        r = &u->current; /* main has ended, but not all that came of it */
    return r ? outcome_shell_code(r) : -1;
}

static int code_of_essential(const struct ends *e, struct unit *const *units)
{
    if (e->cause == END_ESSENTIAL)
        return code_of(units[e->unit]);
    for (uint32_t i = 0; i < e->n_units; i++) {
        int code = units[i]->spec->essential ? code_of(units[i]) : -1;

        if (code >= 0)
            return code;
    }
    return -1;
}

static int code_of_first_failed(const struct ends *e, struct unit *const *units,
                                enum unit_kind kind)
{
    const struct unit *first = NULL;
    int code;

    for (uint32_t i = 0; i < e->n_units; i++)
        if (units[i]->spec->kind == kind && units[i]->phase == PHASE_FAILED &&
            (!first || units[i]->since_ms < first->since_ms))
            first = units[i];
    if (!first)
        return -1;
    /* One can fail with 0: too many restarts, a timeout, a success_exit without it. */
    code = code_of(first);
    return code > 0 ? code : 1;
}

int ends_exit_code(const struct ends *e, struct unit *const *units, bool requested)
{
    int code = -1;

    if (e->daemon->has_exit_code_from)
        code = code_of(units[e->daemon->exit_code_from]);
    if (code < 0)
        code = code_of_essential(e, units);
    if (code < 0 && requested)
        code = 0;
    if (code < 0)
        code = code_of_first_failed(e, units, UNIT_JOB);
    if (code < 0)
        code = code_of_first_failed(e, units, UNIT_SERVICE);
    /* Who asks for the code of one unit must not take its absence for success. */
    if (code <= 0 && e->daemon->has_exit_code_from && code_of(units[e->daemon->exit_code_from]) < 0)
        return 1;
    return code < 0 ? 0 : code;
}

const char *end_cause_name(enum end_cause cause)
{
    static const char *const names[END_COUNT] = {
        [END_NONE] = "none",           [END_ESSENTIAL] = "essential",
        [END_ON_FAILED] = "on_failed", [END_ANY_FAILED] = "any_failed",
        [END_ALL_DONE] = "all_done",
    };

    return names[cause];
}
