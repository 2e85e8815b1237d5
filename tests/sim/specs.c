/* Random specs: every key that the core reads, extreme values included. */
#include <string.h>

#include "sim.h"

#define PICK(p, list) ((list)[prng_below((p), sizeof(list) / sizeof *(list))])

static const int64_t century_ms = INT64_C(100) * 365 * 86400 * 1000;

static int64_t duration(struct prng *p)
{
    const int64_t ms[] = {0, 1, 10, 100, 250, 1000, 2000, 5000, 10000, 30000, 3600000, century_ms};

    return prng_percent(p, 25) ? prng_ms(p, 0, 20000) : PICK(p, ms);
}

static int64_t short_duration(struct prng *p)
{
    const int64_t ms[] = {0, 0, 1, 5, 50, 99, 100, 101, 1000, century_ms};

    return prng_percent(p, 40) ? prng_ms(p, 0, 2000) : PICK(p, ms);
}

static void add_code(struct exit_set *set, unsigned code)
{
    set->codes[code / 64] |= UINT64_C(1) << (code % 64);
}

static void random_success(struct prng *p, struct exit_set *set)
{
    if (prng_percent(p, 90))
        add_code(set, 0);
    if (prng_percent(p, 20))
        add_code(set, (unsigned)prng_below(p, 256));
    if (prng_percent(p, 10))
        add_code(set, 127);
    if (prng_percent(p, 25))
        set->signals |= UINT64_C(1) << (15 - 1);
    if (prng_percent(p, 10))
        set->signals |= UINT64_C(1) << prng_below(p, 64);
    if (prng_percent(p, 3))
        memset(set, 0xff, sizeof *set);
}

static void random_service(struct prng *p, struct unit_spec *spec)
{
    const uint32_t limits[] = {0, 0, 0, 1, 2, 3, 5, 17, SIM_LIMIT_MAX};
    const uint32_t jitters[] = {0, 10, 10, 50, 99, 100};

    spec->restart = (enum restart_policy)prng_below(p, RESTART_ALWAYS + 1);
    if (prng_percent(p, 40))
        spec->restart = RESTART_ALWAYS;
    spec->restart_delay_ms = short_duration(p);
    spec->restart_delay_max_ms = duration(p);
    spec->restart_jitter_percent = PICK(p, jitters);
    spec->restart_reset_ms = duration(p);
    spec->restart_limit = PICK(p, limits);
    spec->restart_window_ms = duration(p);
}

static void random_job(struct prng *p, struct unit_spec *spec)
{
    const uint32_t retries[] = {0, 0, 1, 2, 3, 10, UINT32_MAX};

    spec->timeout_ms = prng_percent(p, 50) ? 0 : duration(p);
    spec->retries = PICK(p, retries);
    spec->retry_delay_ms = short_duration(p);
    spec->retry_delay_max_ms = duration(p);
}

/* How often it is looked at: mostly not much more often than something is asked of it. */
static int64_t pace(struct prng *p, int64_t least_ms, int64_t gap_ms)
{
    const int64_t ms[] = {100, 200, 1000, 1000, 5000, 30000, 3600000};
    int64_t chosen_ms = PICK(p, ms);

    if (prng_percent(p, 95) && chosen_ms < gap_ms)
        chosen_ms = gap_ms / 2 + prng_ms(p, 0, gap_ms);
    return chosen_ms < least_ms ? least_ms : chosen_ms;
}

static void random_ready(struct prng *p, struct unit_spec *spec, int64_t gap_ms)
{
    const enum ready_mode modes[] = {READY_STARTED, READY_STARTED, READY_STARTED, READY_NOTIFY,
                                     READY_FD,      READY_PROBED,  READY_PROBED};

    spec->ready = PICK(p, modes);
    spec->ready_timeout_ms = duration(p);
    spec->ready_interval_ms = pace(p, 1, gap_ms / 4);
    if (spec->ready == READY_PROBED)
        spec->ready_probe.kind =
            (enum probe_kind)(PROBE_EXEC + (int)prng_below(p, PROBE_UNIX - PROBE_EXEC + 1));
}

static void random_health(struct prng *p, struct unit_spec *spec, int64_t gap_ms)
{
    const uint32_t retries[] = {1, 1, 2, 3, 3, 10};
    const int64_t periods_ms[] = {0, 0, 1000, 5000, 60000};

    if (!prng_percent(p, 40))
        return;
    spec->health.kind =
        (enum probe_kind)(PROBE_EXEC + (int)prng_below(p, PROBE_NOTIFY - PROBE_EXEC + 1));
    spec->health_interval_ms = pace(p, 100, gap_ms);
    spec->health_timeout_ms = prng_percent(p, 80) ? 5000 : duration(p);
    spec->health_retries = PICK(p, retries);
    spec->health_start_period_ms = PICK(p, periods_ms);
    if (prng_percent(p, 20))
        spec->health_start_period_ms = spec->health_interval_ms * 2;
    spec->health_action = prng_percent(p, 60) ? HEALTH_ACTION_RESTART : HEALTH_ACTION_NONE;
}

static void random_list(struct prng *p, struct sim_unit *su, enum hook hook, unsigned percent)
{
    struct hook_list *list = &su->spec.hooks[hook];

    if (!prng_percent(p, percent))
        return;
    list->commands = su->commands[hook];
    list->n = 1 + (uint32_t)prng_below(p, SIM_COMMANDS_MAX);
}

void spec_random_hooks(struct prng *p, struct sim_unit *su)
{
    unsigned percent = prng_percent(p, 40) ? 0 : prng_percent(p, 50) ? 30 : 80;
    unsigned reloads = (unsigned)prng_below(p, 3);

    su->spec.hook_timeout_ms = duration(p);
    for (unsigned h = 0; h < HOOK_RELOAD; h++)
        random_list(p, su, (enum hook)h, percent);
    random_list(p, su, HOOK_RELOAD, reloads == 1 ? 100 : 0);
    su->spec.reload_signal = reloads == 2 ? 1 : 0;
}

bool spec_reloads(const struct unit_spec *spec)
{
    return spec->reload_signal || spec->hooks[HOOK_RELOAD].n;
}

void spec_random(struct prng *p, struct unit_spec *spec, int64_t gap_ms)
{
    memset(spec, 0, sizeof *spec);
    spec->name = "unit";
    spec->kind = prng_percent(p, 70) ? UNIT_SERVICE : UNIT_JOB;
    spec->enabled = true; /* what is disabled: graphs.c */
    spec->autostart = prng_percent(p, 70);
    random_ready(p, spec, gap_ms);
    random_health(p, spec, gap_ms);
    spec->stop_signal = prng_percent(p, 80) ? 15 : 2;
    spec->stop_timeout_ms = duration(p);
    spec->kill_mode = (enum kill_mode)prng_below(p, KILL_MAIN + 1);
    spec->essential = prng_percent(p, 15);
    spec->on_failed = prng_percent(p, 5) ? ON_FAILED_SHUTDOWN : ON_FAILED_IGNORE;
    random_success(p, &spec->success_exit);
    if (spec->kind == UNIT_SERVICE)
        random_service(p, spec);
    else
        random_job(p, spec);
}
