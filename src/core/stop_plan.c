#include "core/stop_plan.h"

enum { RESERVE_LEAST_MS = 500, RESERVE_PART = 10, PATIENCE_MS = 2000 };

static int64_t not_negative(int64_t ms)
{
    return ms < 0 ? 0 : ms;
}

int64_t shutdown_reserve_ms(int64_t budget_ms)
{
    int64_t whole_ms = not_negative(budget_ms);
    int64_t reserve_ms = whole_ms / RESERVE_PART;

    if (reserve_ms < RESERVE_LEAST_MS)
        reserve_ms = RESERVE_LEAST_MS;
    return reserve_ms < whole_ms / 2 ? reserve_ms : whole_ms / 2;
}

int64_t shutdown_last_kill_ms(int64_t budget_ms, int64_t begun_ms)
{
    return begun_ms + not_negative(budget_ms) - shutdown_reserve_ms(budget_ms);
}

int64_t shutdown_kill_by_ms(int64_t budget_ms, int64_t begun_ms, int64_t now_ms, uint32_t chain)
{
    int64_t left_ms = not_negative(shutdown_last_kill_ms(budget_ms, begun_ms) - now_ms);

    return now_ms + left_ms / (chain ? chain : 1);
}

int64_t shutdown_patience_ms(int64_t budget_ms)
{
    int64_t reserve_ms = shutdown_reserve_ms(budget_ms);

    if (reserve_ms > PATIENCE_MS)
        return PATIENCE_MS;
    return reserve_ms ? reserve_ms : 1;
}

int64_t shutdown_end_ms(int64_t budget_ms, int64_t begun_ms)
{
    return begun_ms + not_negative(budget_ms);
}
