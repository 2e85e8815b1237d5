/* DESIGN §3, ready and health, and §4, "Health", read a second time: when a run is ready, when it
 * is looked at, whether it is healthy, and how long it is waited for. */
#include <inttypes.h>
#include <string.h>

#include "oracle.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool tells(const struct sim_unit *su)
{
    return su->spec.health.kind == PROBE_NOTIFY;
}

static void look_at(struct oracle *o, int64_t lo_ms, int64_t hi_ms)
{
    o->looks.at_lo_ms = lo_ms;
    o->looks.at_hi_ms = hi_ms;
}

void oracle_looks_begin(struct sim_unit *su)
{
    struct oracle_looks *k = &su->oracle.looks;

    oracle_look_away(&su->oracle);
    memset(k, 0, sizeof *k);
    if (tells(su))
        k->watchdog_ms = su->spec.health_interval_ms;
}

void oracle_look_away(struct oracle *o)
{
    if (o->looks.looking)
        o->actions[ACT_LOOK_AWAY]++;
    o->looks.looking = false;
    look_at(o, 0, 0);
}

/* ---- ready ---- */

void oracle_probing(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t until_ms = sooner(now.mono_ms + su->spec.ready_timeout_ms, job_end_ms(su));

    oracle_go(o, PHASE_PROBING, later(until_ms, o->extended_ms));
    if (su->spec.ready == READY_PROBED)
        look_at(o, now.mono_ms, now.mono_ms);
}

static void expect_food(struct oracle *o, struct moment now)
{
    int64_t at_ms = o->looks.watchdog_ms ? now.mono_ms + o->looks.watchdog_ms : 0;

    look_at(o, at_ms, at_ms);
}

void oracle_ready(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t job_ms = job_end_ms(su);

    o->ready = true;
    o->want.ready_after_ms = now.mono_ms - o->started_ms;
    o->looks.ready_ms = now.mono_ms;
    if (job_ms != INT64_MAX && o->extended_ms > job_ms)
        coverage_see(SEEN_EXTENDED_PAST_READY);
    oracle_go(o, PHASE_RUNNING, job_ms == INT64_MAX ? 0 : later(job_ms, o->extended_ms));
    if (tells(su))
        expect_food(o, now);
    else if (su->spec.health.kind != PROBE_NONE)
        look_at(o, now.mono_ms, now.mono_ms + sooner(su->spec.health_interval_ms, 1000) - 1);
    if (su->spec.hooks[HOOK_POST_START].n)
        oracle_hook(su, HOOK_POST_START, 0, now);
}

static void on_ready(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (o->phase == PHASE_SPAWNING) {
        o->told_ready = true;
        coverage_see(SEEN_READY_EARLY);
    } else if (o->phase == PHASE_PROBING) {
        oracle_ready(su, now);
    } else if (o->phase == PHASE_RUNNING) {
        coverage_see(SEEN_READY_TWICE);
    }
}

/* ---- health ---- */

static void become(struct oracle *o, enum healthiness is)
{
    if (o->looks.is == is)
        return;
    if (o->looks.is == HEALTHINESS_UNHEALTHY)
        coverage_see(SEEN_HEALTHY_AGAIN);
    o->looks.is = is;
    o->actions[ACT_HEALTH]++;
}

/* A failure that says no more than is known: it may not have begun, or was asked again at once. */
static bool is_forgiven(const struct sim_unit *su, struct moment now)
{
    const struct oracle_looks *k = &su->oracle.looks;

    if (k->was_healthy)
        return false;
    if (now.mono_ms < k->ready_ms + su->spec.health_start_period_ms &&
        k->is != HEALTHINESS_UNHEALTHY) {
        coverage_see(SEEN_START_PERIOD);
        return true;
    }
    if (!tells(su) && k->is == HEALTHINESS_UNKNOWN && k->bad_in_row &&
        now.mono_ms < k->bad_ms + su->spec.health_interval_ms) {
        coverage_see(SEEN_SOON_AGAIN);
        return true;
    }
    return false;
}

static void on_bad(struct sim_unit *su, struct probe_result result, struct moment now)
{
    struct oracle_looks *k = &su->oracle.looks;

    k->bad_wall_ms = now.wall_ms;
    k->last_bad = result;
    if (is_forgiven(su, now))
        return;
    k->bad_ms = now.mono_ms;
    if (++k->bad_in_row < su->spec.health_retries)
        return;
    become(&su->oracle, HEALTHINESS_UNHEALTHY);
    coverage_see(tells(su) ? SEEN_SILENT : SEEN_UNHEALTHY);
}

static void on_health(struct sim_unit *su, struct probe_result result, struct moment now)
{
    struct oracle_looks *k = &su->oracle.looks;

    if (result.how == PROBE_SKIPPED)
        return;
    k->is_first = result.how == PROBE_GOOD && !k->was_healthy;
    if (result.how == PROBE_GOOD) {
        k->good_wall_ms = now.wall_ms;
        k->was_healthy = true;
        k->bad_in_row = 0;
        become(&su->oracle, HEALTHINESS_HEALTHY);
    } else {
        on_bad(su, result, now);
    }
    if (k->is != HEALTHINESS_UNHEALTHY || su->spec.health_action != HEALTH_ACTION_RESTART ||
        su->oracle.held_until_ms)
        return;
    if (su->spec.kind == UNIT_JOB)
        coverage_see(SEEN_HEALTH_OF_JOB);
    oracle_begin_stop(su, BY_HEALTH, (struct requester){0}, 0, now);
}

/* When the next one comes, if it goes on like this. */
static void look_again(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t interval_ms = su->spec.health_interval_ms;
    int64_t soon_ms = sooner(interval_ms, later(1000, interval_ms / 30));

    if (o->looks.is_first)
        look_at(o, now.mono_ms + 1, now.mono_ms + interval_ms);
    else if (o->looks.is == HEALTHINESS_UNKNOWN)
        look_at(o, now.mono_ms + soon_ms, now.mono_ms + soon_ms);
    else
        look_at(o, now.mono_ms + interval_ms, now.mono_ms + interval_ms);
}

/* ---- looks ---- */

static void on_look(struct sim_unit *su, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!o->looks.at_lo_ms || o->looks.at_lo_ms > now.mono_ms)
        return;
    if (o->phase == PHASE_RUNNING && tells(su)) {
        expect_food(o, now);
        on_health(su, (struct probe_result){.how = PROBE_SILENT}, now);
        return;
    }
    o->looks.looking = true;
    look_at(o, 0, 0);
    o->actions[ACT_LOOK]++;
}

static void on_looked(struct sim_unit *su, struct probe_result result, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!o->looks.looking) {
        coverage_see(SEEN_LOOK_TOLD_TOO_LATE);
        return;
    }
    o->looks.looking = false;
    if (o->phase == PHASE_RUNNING) {
        on_health(su, result, now);
        if (o->phase == PHASE_RUNNING)
            look_again(su, now);
        return;
    }
    o->want.look = result;
    if (result.how == PROBE_GOOD)
        oracle_ready(su, now);
    else
        look_at(o, now.mono_ms + su->spec.ready_interval_ms,
                now.mono_ms + su->spec.ready_interval_ms);
}

static void on_fed(struct sim_unit *su, bool trigger, struct moment now)
{
    if (su->oracle.phase != PHASE_RUNNING || !tells(su))
        return;
    expect_food(&su->oracle, now);
    on_health(su, (struct probe_result){.how = trigger ? PROBE_SILENT : PROBE_GOOD}, now);
}

static void on_watchdog(struct sim_unit *su, int64_t ms, struct moment now)
{
    struct oracle *o = &su->oracle;

    if (!tells(su) || !one_of(o->phase, UP))
        return;
    o->looks.watchdog_ms = ms;
    if (o->phase == PHASE_RUNNING)
        expect_food(o, now);
}

/* ---- more time ---- */

static void on_extend(struct sim_unit *su, int64_t ms, struct moment now)
{
    struct oracle *o = &su->oracle;
    int64_t until_ms = now.mono_ms + ms;

    if (one_of(o->phase, UP)) {
        o->extended_ms = later(o->extended_ms, until_ms);
        if (o->deadline_lo_ms)
            o->deadline_lo_ms = o->deadline_hi_ms = later(o->deadline_lo_ms, until_ms);
    } else if (one_of(o->phase, TOLD) && until_ms > o->kill_from_ms) {
        bool too_long = o->kill_by_ms && until_ms > o->kill_by_ms;

        coverage_see(too_long ? SEEN_EXTENDED_TO_THE_LIMIT : SEEN_EXTENDED_STOP);
        o->kill_from_ms = too_long ? o->kill_by_ms : until_ms;
        o->deadline_lo_ms = o->deadline_hi_ms = o->kill_from_ms;
        if (o->hook == HOOK_STOP) /* which has the same time */
            o->hook_by_ms = o->kill_from_ms;
    }
}

void oracle_looks_step(struct sim_unit *su, const struct event *ev, struct moment now)
{
    switch ((unsigned)ev->type) {
    case EV_READY:
        on_ready(su, now);
        break;
    case EV_LOOK:
        on_look(su, now);
        break;
    case EV_LOOKED:
        on_looked(su, ev->u.looked.result, now);
        break;
    case EV_FED:
        on_fed(su, ev->u.fed.trigger, now);
        break;
    case EV_WATCHDOG:
        on_watchdog(su, ev->u.watchdog_ms, now);
        break;
    case EV_EXTEND:
        on_extend(su, ev->u.extend_ms, now);
        break;
    default:
        break;
    }
}

/* ---- comparing ---- */

static void expect(struct world *w, struct sim_unit *su, const char *what, int64_t is, int64_t want)
{
    if (is != want)
        sim_fail(w, su->core.index, "%s is %" PRId64 ", expected %" PRId64, what, is, want);
}

/* It may be any time within the range; over many runs, each part of it as often as the others. */
static void note_spread(const struct sim_unit *su, int64_t at_ms)
{
    const struct oracle_looks *k = &su->oracle.looks;
    int64_t all_ms = k->at_hi_ms - k->at_lo_ms + 1;

    if (all_ms >= 100)
        coverage_spread(k->was_healthy ? SPREAD_SECOND : SPREAD_FIRST,
                        (unsigned)((at_ms - k->at_lo_ms) * 4 / all_ms));
}

void oracle_compare_looks(struct world *w, struct sim_unit *su)
{
    const struct unit *u = &su->core;
    struct oracle_looks *k = &su->oracle.looks;
    int64_t at_ms = u->look_at_ms;

    if (at_ms < k->at_lo_ms || at_ms > k->at_hi_ms)
        sim_fail(w, u->index, "the next look is at %" PRId64 ", expected %" PRId64 " to %" PRId64,
                 at_ms, k->at_lo_ms, k->at_hi_ms);
    if (k->at_lo_ms != k->at_hi_ms)
        note_spread(su, at_ms);
    k->at_lo_ms = k->at_hi_ms = at_ms;
    expect(w, su, "looking", u->looking, k->looking);
    if (!one_of(su->oracle.phase, UP))
        return;
    expect(w, su, "health", u->health.is, k->is);
    expect(w, su, "failures in a row", u->health.n_failures, k->bad_in_row);
    expect(w, su, "last success", u->health.last_success_wall_ms, k->good_wall_ms);
    expect(w, su, "last failure", u->health.last_failure_wall_ms, k->bad_wall_ms);
    expect(w, su, "how it failed", u->health.last_failure.how, k->last_bad.how);
    expect(w, su, "its code", u->health.last_failure.code, k->last_bad.code);
}
