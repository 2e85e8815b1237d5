/* DESIGN §4, "The exit record" and the restart keys, read a second time: from what is true of the
 * processes, not from what the core was told. */
#include "sim.h"

static bool in_success(const struct unit_spec *spec, const struct exit_record *r)
{
    if (r->signal)
        return spec->success_exit.signals & UINT64_C(1) << (r->signal - 1);
    return spec->success_exit.codes[r->exit_code >> 6] & UINT64_C(1) << (r->exit_code & 63);
}

void oracle_judge(struct sim_unit *su)
{
    const struct life *l = &su->life;
    struct oracle *o = &su->oracle;
    struct exit_record *r = &o->want;
    bool was_main = l->run == o->run;
    bool told = was_main ? l->term_hit_main || su->errand.told_main : o->interrupted;
    bool killed = was_main && l->kill_hit_main;
    bool reached = told || killed;

    r->requested_by = reached ? o->by : BY_NOBODY;
    r->requester = reached ? o->who : (struct requester){0};
    if (r->ready_after_ms < 0 && r->requested_by == BY_NOBODY)
        r->reason = REASON_START_FAILED;
    else if (killed && r->signal == 9)
        r->reason = REASON_FORCED_KILL;
    else if (reached || r->signal)
        r->reason = REASON_SIGNAL;
    else if (was_main && l->status.lost)
        r->reason = REASON_UNKNOWN;
    else if (in_success(&su->spec, r))
        r->reason = REASON_NATURAL;
    else
        r->reason = REASON_RUNTIME_ERROR;
}

int64_t oracle_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t nth)
{
    double exact = (double)first_ms;

    for (uint32_t i = 1; i < nth && i < 64; i++)
        exact *= 2;
    return exact > (double)max_ms ? max_ms : (int64_t)exact;
}
