/* The last steps of a world as plain data, hashed as they come, printed only on failure. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

void trace_mix(struct world *w, uint64_t value)
{
    w->hash = prng_mix(w->hash ^ (value + UINT64_C(0x9e3779b97f4a7c15)));
}

void trace_add(struct world *w, const struct trace_line *line)
{
    w->trace[w->n_trace++ % SIM_TRACE_KEPT] = *line;
    trace_mix(w, (uint64_t)line->now.mono_ms);
    trace_mix(w, (uint64_t)line->deadline_ms);
    trace_mix(w, (uint64_t)line->look_at_ms);
    trace_mix(w, (uint64_t)line->hook_by_ms << 8 | line->hook_at << 4 | line->hook);
    trace_mix(w, line->run << 16 | (uint64_t)line->wish << 8 | (uint64_t)line->event.type);
    trace_mix(w, (uint64_t)line->event.unit << 48 | (uint64_t)line->acts << 16 |
                     (unsigned)line->before << 8 | (unsigned)line->after);
}

static const char *action_name(unsigned type)
{
    static const char *const names[ACT_COUNT] = {
        [ACT_SPAWN] = "spawn",
        [ACT_SIGNAL] = "signal",
        [ACT_KILL] = "kill",
        [ACT_SURVIVORS] = "survivors",
        [ACT_RELEASE] = "release",
        [ACT_CHANGED] = "changed",
        [ACT_RECORDED] = "recorded",
        [ACT_UNKILLABLE] = "unkillable",
        [ACT_LOOK] = "look",
        [ACT_LOOK_AWAY] = "look_away",
        [ACT_HEALTH] = "health",
        [ACT_HOOK] = "hook",
        [ACT_HOOK_STOP] = "hook_stop",
        [ACT_HOOK_AWAY] = "hook_away",
        [ACT_HOOK_FAILED] = "hook_failed",
        [ACT_RELOAD] = "reload",
        [ACT_RELOADED] = "reloaded",
    };
    return names[type];
}

static void print_payload(const struct event *ev)
{
    switch ((unsigned)ev->type) {
    case EV_START:
    case EV_STOP:
    case EV_RESTART:
    case EV_BOUNCE:
    case EV_RESET:
        printf(" by %s, kill by %" PRId64, requested_by_name(ev->u.ask.by), ev->u.ask.kill_by_ms);
        break;
    case EV_SPAWN_ERROR:
    case EV_EXEC_ERROR:
        printf(" at %s, errno %d", start_stage_name(ev->u.error.stage), ev->u.error.errnum);
        break;
    case EV_LOOKED:
        printf(" how %d", ev->u.looked.result.how);
        break;
    case EV_FED:
        printf("%s", ev->u.fed.trigger ? " trigger" : "");
        break;
    case EV_EXTEND:
        printf(" by %" PRId64, ev->u.extend_ms);
        break;
    case EV_WATCHDOG:
        printf(" %" PRId64, ev->u.watchdog_ms);
        break;
    case EV_KILLED:
        printf(" main_alive %d, leftovers %u", ev->u.killed.main_alive, ev->u.killed.leftovers);
        break;
    case EV_HOLD:
        printf(" until %" PRId64, ev->u.hold.until_ms);
        break;
    case EV_HOOKED:
        printf(" %s %u: how %d code %d%s", hook_name(ev->u.hooked.hook), ev->u.hooked.command,
               ev->u.hooked.result.how, ev->u.hooked.result.code,
               ev->u.hooked.left ? ", left" : "");
        break;
    case EV_EXITED:
        printf(" code %d, signal %d, tree_empty %d", ev->u.exited.status.exit_code,
               ev->u.exited.status.signal, ev->u.exited.tree_empty);
        break;
    default:
        break;
    }
}

static void print_line(const struct trace_line *line)
{
    if (line->wish) {
        printf("%12" PRId64 " unit %-2u WISH     %s: %s\n", line->now.mono_ms, line->event.unit,
               wish_name(line->wish), unit_phase_name(line->before));
        return;
    }
    printf("%12" PRId64 " unit %-2u run %-4" PRIu64 " %s", line->now.mono_ms, line->event.unit,
           line->run, event_name(line->event.type));
    if (line->event.run)
        printf("[%" PRIu64 "]", line->event.run);
    print_payload(&line->event);
    printf(": %s -> %s", unit_phase_name(line->before), unit_phase_name(line->after));
    if (line->deadline_ms)
        printf(" until %" PRId64, line->deadline_ms);
    if (line->look_at_ms)
        printf(" look at %" PRId64, line->look_at_ms);
    if (line->hook != HOOK_NONE)
        printf(" (%s %u until %" PRId64 ")", hook_name(line->hook), line->hook_at,
               line->hook_by_ms);
    if (line->hook_left)
        printf(" (left)");
    for (unsigned a = 0; a < ACT_COUNT; a++)
        if (line->acts >> a & 1)
            printf(" %s", action_name(a));
    printf("\n");
}

/* ---- failing ---- */

static void print_unit(const struct world *w, uint32_t unit)
{
    const struct sim_unit *su = &w->units[unit];
    const struct unit *u = &su->core;

    printf("  unit %-2u %s %-10s %s%s goal %d, %u unmet, %u dead, attempt %u%s%s%s:", unit,
           su->spec.kind == UNIT_JOB ? "job    " : "service", unit_phase_name(u->phase),
           su->spec.enabled ? "" : "disabled ", u->wanted ? "wanted" : "", u->goal, u->n_unmet,
           u->n_dead, u->attempt, u->again ? ", again" : "", u->told_down ? ", told down" : "",
           su->spec.on_dependency_restart == DEPENDENCY_RESTART_FOLLOW ? ", follows" : "");
    printf("%s%s%s%s", w->graph.stop[unit] ? " STOP" : "", w->graph.again[unit] ? " AGAIN" : "",
           w->graph.falls[unit] ? " FALLS" : "", w->graph.anew[unit] ? " ANEW" : "");
    for (uint32_t i = 0; i < su->spec.n_dependencies; i++) {
        const struct dependency *d = &su->spec.dependencies[i];

        printf(" %s %u", dependency_kind_name(d->kind), d->unit);
        for (unsigned c = 0; c < CONDITION_COUNT; c++)
            if (d->conditions >> c & 1)
                printf(":%s", waited_for_name((enum waited_for)c));
        printf(" %s%s;", edge_outcome_name(graph_edge(w, d)),
               w->graph.cut[unit][d->unit] ? " (cut)" : "");
    }
    printf("\n");
}

void sim_fail(struct world *w, uint32_t unit, const char *format, ...)
{
    uint64_t first = w->n_trace > SIM_TRACE_KEPT ? w->n_trace - SIM_TRACE_KEPT : 0;
    va_list args;

    for (uint64_t i = first; i < w->n_trace; i++)
        print_line(&w->trace[i % SIM_TRACE_KEPT]);
    if (w->ordered)
        for (uint32_t i = 0; i < w->n_units; i++)
            print_unit(w, i);
    printf("sim: FAILED at %" PRId64 " ms, unit %u: ", w->now.mono_ms, unit);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\nsim: again: sim -n 1 -s %" PRIu64 "\n", w->seed);
    exit(1);
}
