/* sim [-v] [-n EVENTS] [-s SEED], or sim [-v] EVENTS [SEED]: runs random worlds until EVENTS events
 * were stepped. 0, 1 (an invariant broke, or not everything was exercised) or 2 (usage). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

enum { REPEAT_EVERY = 16, COVERAGE_FROM_EVENTS = 1000000 };

static bool number(const char *text, uint64_t *ret)
{
    char *end;

    *ret = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim [-v] [-n EVENTS] [-s SEED] [EVENTS [SEED]]\n");
    return 2;
}

static int repeat(uint64_t seed, uint64_t hash)
{
    uint64_t n_events = 0;

    if (world_run(seed, &n_events) == hash)
        return 0;
    printf("sim: FAILED: seed %" PRIu64 " gave two different traces\n", seed);
    return 1;
}

static int check_exercised(void)
{
    unsigned missing = coverage_missing() + graph_coverage_missing();

    if (missing)
        printf("sim: FAILED: %u things were never seen\n", missing);
    if (!alloc_hook_failed)
        printf("sim: FAILED: no allocation failed; link with -Wl,--wrap=realloc,--wrap=calloc\n");
    return missing || !alloc_hook_failed;
}

int main(int argc, char **argv)
{
    uint64_t n_wanted = 1000000, seed = 1, n_events = 0, n_worlds = 0, hash = 0;
    bool verbose = false;

    for (int opt; (opt = getopt(argc, argv, "n:s:v")) != -1;) {
        if (opt == 'v')
            verbose = true;
        else if (opt == '?' || !number(optarg, opt == 'n' ? &n_wanted : &seed))
            return usage();
    }
    if (optind < argc && !number(argv[optind++], &n_wanted))
        return usage();
    if (optind < argc && !number(argv[optind++], &seed))
        return usage();
    if (optind != argc)
        return usage();
    for (; n_events < n_wanted; n_worlds++) {
        uint64_t world_hash = world_run(seed + n_worlds, &n_events);

        hash = prng_mix(hash ^ world_hash);
        if (n_worlds % REPEAT_EVERY == 0 && repeat(seed + n_worlds, world_hash))
            return 1;
    }
    if (verbose) {
        coverage_print();
        graph_coverage_print();
    }
    printf("sim: %" PRIu64 " events in %" PRIu64 " worlds from seed %" PRIu64 ", %" PRIu64
           " failed allocations, trace %016" PRIx64 "\n",
           n_events, n_worlds, seed, alloc_hook_failed, hash);
    return n_wanted >= COVERAGE_FROM_EVENTS ? check_exercised() : 0;
}
