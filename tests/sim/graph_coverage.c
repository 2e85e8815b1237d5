/* What was seen of units that depend on each other: each kind of dependency, condition and outcome,
 * and situations worth knowing to have happened. */
#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

enum { KINDS = DEPENDENCY_REQUIRES + 1 };

static uint64_t edges[KINDS][CONDITION_COUNT][EDGE_OUTCOMES];
static uint64_t shutdowns[PHASE_COUNT];
static uint64_t situations[SEEN_COUNT];
static uint64_t verdicts[OPERATION_RELOAD + 1][VERDICT_UNKILLABLE + 1];

static const char *const operation_names[] = {
    [OPERATION_START] = "to start",
    [OPERATION_STOP] = "to stop",
    [OPERATION_RESTART] = "to restart",
    [OPERATION_RELOAD] = "to reload",
};
static const char *const situation_names[SEEN_COUNT] = {
    [SEEN_BOUNCE_BY_RESTART] = "taken along by a restart",
    [SEEN_BOUNCE_BY_CRASH] = "taken along by a crash",
    [SEEN_BOUNCE_BY_FAILURE] = "taken along by a failure",
    [SEEN_STOP_BY_STOP] = "taken along by a stop",
    [SEEN_STOP_WAITS] = "a stop that waits",
    [SEEN_STOP_OF_WAITING] = "stopped while it waits",
    [SEEN_STOP_OF_RESTARTING] = "stopped while its restart waits",
    [SEEN_START_OF_LEAVING] = "started while its stop waits",
    [SEEN_START_OF_STOPPING] = "started while it stops",
    [SEEN_RESTART_OF_LEAVING] = "restarted while its stop waits",
    [SEEN_RESTART_OF_WAITING] = "restarted while it waits",
    [SEEN_RESTART_TWICE] = "restarted while its restart waits",
    [SEEN_HELD] = "a wanted unit stays stopped",
    [SEEN_SERVICE_AGAIN] = "a completed service that is needed again",
    [SEEN_JOB_AGAIN] = "a completed job asked for again",
    [SEEN_ON_FAILED] = "started since another one has failed",
    [SEEN_PAST_UNKILLABLE] = "a stop that does not wait for the unkillable",
    [SEEN_LONG_CHAIN] = "a share of the shutdown, of a long chain",
    [SEEN_RESET_OF_REQUIRED] = "reset while others are stuck behind it",
    [SEEN_HURRY] = "hurried while stops wait",
    [SEEN_NOT_NEEDED] = "a stop would end what is up for the sake of another only",
    [SEEN_LEFT_IN_THE_MIDDLE] = "other things happen while the order has more to say",
    [SEEN_READY_EARLY] = "ready before the news that it executes",
    [SEEN_READY_TWICE] = "told twice to be ready",
    [SEEN_LOOK_HANGS] = "a look that takes all its time",
    [SEEN_LOOK_SKIPPED] = "a look that could not be made",
    [SEEN_LOOK_AWAY_STARTING] = "ended while it is looked at, starting",
    [SEEN_LOOK_AWAY_RUNNING] = "ended while it is looked at, running",
    [SEEN_LOOK_TOLD_TOO_LATE] = "the result of a look that was not wanted any more",
    [SEEN_UNHEALTHY] = "unhealthy by its looks",
    [SEEN_SILENT] = "unhealthy by its silence",
    [SEEN_HEALTHY_AGAIN] = "unhealthy and healthy again",
    [SEEN_START_PERIOD] = "a failure in the start period",
    [SEEN_SOON_AGAIN] = "a failure too soon after another one",
    [SEEN_HEALTH_RESTART_NEVER] = "restarted for its health, never otherwise",
    [SEEN_HEALTH_LIMIT] = "ended for its health once too often",
    [SEEN_HEALTH_OF_JOB] = "a job ended for its health",
    [SEEN_EXTENDED_PAST_READY] = "ready while time that was asked for is left",
    [SEEN_EXTENDED_STOP] = "a stop that was asked to wait",
    [SEEN_EXTENDED_TO_THE_LIMIT] = "a stop that was asked to wait too long",
    [SEEN_HOOK_WAITS] = "a command that waits for what is left of another one",
    [SEEN_HOOK_NEVER_BEGUN] = "a command that waited until its time was over",
    [SEEN_HOOK_AWAY_LATE] = "a command sent away that had ended just before",
    [SEEN_HOOK_TIME_MOVED] = "a command whose time has moved",
    [SEEN_HOOK_GONE_STALE] = "the end of what was left, told when something else is",
    [SEEN_RELOAD_BESIDE_LEFT] = "reloaded by signal while something of a command is left",
    [SEEN_RELOADED] = "reloaded",
    [SEEN_RELOAD_FAILED] = "a reload that failed",
    [SEEN_RELOADED_AGAIN] = "reloaded once more after a command",
    [SEEN_HOLD_OF_RUNNING] = "a running unit is held",
    [SEEN_RELEASE_OF_HELD] = "a unit that waits since it is held is released",
    [SEEN_ALL_DONE] = "all is done",
    [SEEN_PAST_HELD] = "a start that does not wait for what is held",
};

const char *dependency_kind_name(enum dependency_kind kind)
{
    static const char *const names[KINDS] = {
        [DEPENDENCY_AFTER] = "after",
        [DEPENDENCY_WANTS] = "wants",
        [DEPENDENCY_REQUIRES] = "requires",
    };
    return names[kind];
}

const char *edge_outcome_name(enum outcome_of_edge outcome)
{
    static const char *const names[EDGE_OUTCOMES] = {
        [EDGE_UNMET] = "unmet",
        [EDGE_MET] = "met",
        [EDGE_DEAD] = "dead",
        [EDGE_PASSED] = "passed over",
    };
    return names[outcome];
}

const char *wish_name(enum wish wish)
{
    static const char *const names[WISH_COUNT] = {
        [WISH_NONE] = "none",         [WISH_BEGIN] = "begin",     [WISH_START] = "start",
        [WISH_STOP] = "stop",         [WISH_RESTART] = "restart", [WISH_RESET] = "reset",
        [WISH_SHUTDOWN] = "shutdown", [WISH_HURRY] = "hurry",     [WISH_RELOAD] = "reload",
        [WISH_HOLD] = "hold",
    };
    return names[wish];
}

void coverage_edge(const struct dependency *d, enum outcome_of_edge outcome)
{
    for (unsigned c = 0; c < CONDITION_COUNT; c++)
        if (d->conditions >> c & 1)
            edges[d->kind][c][outcome]++;
}

void coverage_verdict(unsigned operation, unsigned verdict)
{
    verdicts[operation][verdict]++;
}

void coverage_see(enum situation situation)
{
    situations[situation]++;
}

void coverage_shutdown_in(enum unit_phase phase)
{
    shutdowns[phase]++;
}

static bool possible(unsigned kind, unsigned outcome)
{
    if (outcome == EDGE_DEAD)
        return kind == DEPENDENCY_REQUIRES;
    return outcome != EDGE_PASSED || kind != DEPENDENCY_REQUIRES;
}

void graph_coverage_print(void)
{
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned c = 0; c < CONDITION_COUNT; c++) {
            printf("%-8s %-9s", dependency_kind_name((enum dependency_kind)k),
                   waited_for_name((enum waited_for)c));
            for (unsigned o = 0; o < EDGE_OUTCOMES; o++)
                if (possible(k, o))
                    printf("  %s %" PRIu64, edge_outcome_name((enum outcome_of_edge)o),
                           edges[k][c][o]);
            printf("\n");
        }
    }
    for (unsigned p = 0; p < PHASE_COUNT; p++)
        printf("shutdown while %-10s %" PRIu64 "\n", unit_phase_name((enum unit_phase)p),
               shutdowns[p]);
    for (unsigned s = 0; s < SEEN_COUNT; s++)
        printf("%s: %" PRIu64 "\n", situation_names[s], situations[s]);
    for (unsigned o = 0; o <= OPERATION_RESTART; o++)
        printf("%s: open %" PRIu64 ", ok %" PRIu64 ", ended %" PRIu64 ", stuck %" PRIu64
               ", unkillable %" PRIu64 "\n",
               operation_names[o], verdicts[o][VERDICT_OPEN], verdicts[o][VERDICT_OK],
               verdicts[o][VERDICT_ENDED], verdicts[o][VERDICT_STUCK],
               verdicts[o][VERDICT_UNKILLABLE]);
}

static unsigned missing(bool is_missing, const char *what, const char *more)
{
    if (is_missing)
        fprintf(stderr, "sim: never seen: %s %s\n", what, more);
    return is_missing;
}

unsigned graph_coverage_missing(void)
{
    unsigned n = 0;

    for (unsigned k = 0; k < KINDS; k++)
        for (unsigned c = 0; c < CONDITION_COUNT; c++)
            for (unsigned o = 0; o < EDGE_OUTCOMES; o++)
                n += missing(possible(k, o) && !edges[k][c][o],
                             dependency_kind_name((enum dependency_kind)k),
                             edge_outcome_name((enum outcome_of_edge)o));
    for (unsigned p = 0; p < PHASE_COUNT; p++)
        n += missing(!shutdowns[p], "shutdown while", unit_phase_name((enum unit_phase)p));
    for (unsigned s = 0; s < SEEN_COUNT; s++)
        n += missing(!situations[s], situation_names[s], "");
    n += missing(!verdicts[OPERATION_RELOAD][VERDICT_OK], "to reload", "went well");
    n += missing(!verdicts[OPERATION_RELOAD][VERDICT_NOT_RELOADED], "to reload", "went badly");
    n += missing(!verdicts[OPERATION_RELOAD][VERDICT_NOT_RUNNING], "to reload", "did not run");
    for (unsigned o = 0; o <= OPERATION_RESTART; o++) {
        n += missing(!verdicts[o][VERDICT_OK], operation_names[o], "went well");
        n += missing(!verdicts[o][VERDICT_UNKILLABLE], operation_names[o], "the unkillable");
        if (o == OPERATION_STOP)
            continue;
        n += missing(!verdicts[o][VERDICT_ENDED], operation_names[o], "what ended");
        n += missing(!verdicts[o][VERDICT_STUCK], operation_names[o], "what is stuck");
    }
    return n;
}
