/* A small seeded generator (splitmix64): same seed, same numbers on every machine. */
#ifndef REEVE_SIM_PRNG_H
#define REEVE_SIM_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

static inline uint64_t prng_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t prng_next(struct prng *p)
{
    p->state += UINT64_C(0x9e3779b97f4a7c15);
    return prng_mix(p->state);
}

/* 0 .. n-1; n > 0. The slight bias does not matter here. */
static inline uint64_t prng_below(struct prng *p, uint64_t n)
{
    return prng_next(p) % n;
}

static inline int64_t prng_ms(struct prng *p, int64_t least, int64_t most)
{
    return least + (int64_t)prng_below(p, (uint64_t)(most - least) + 1);
}

static inline bool prng_percent(struct prng *p, unsigned percent)
{
    return prng_below(p, 100) < percent;
}

#endif
