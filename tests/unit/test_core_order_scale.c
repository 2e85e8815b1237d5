/* What the order costs: graphs of tens of thousands of units, in the processor's time alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/order.h"

/* Twice as many may cost so many times as much: caches are no larger for them. */
enum { HALF = 20000, RATIO = 3, EDGES_EACH = 4 };

struct crowd {
    uint32_t n;
    struct unit *units;
    struct unit_spec *specs;
    struct dependency *dependencies; /* EDGES_EACH for each unit */
    struct order order;
    struct moment now;
};

typedef void shape_fn(struct crowd *c, uint32_t unit);

static void depends(struct crowd *c, uint32_t from, uint32_t to)
{
    struct unit_spec *spec = &c->specs[from];

    for (uint32_t i = 0; i < spec->n_dependencies; i++)
        if (spec->dependencies[i].unit == to)
            return;
    spec->dependencies[spec->n_dependencies++] = (struct dependency){
        .unit = to, .kind = DEPENDENCY_REQUIRES, .conditions = 1 << CONDITION_READY};
}

/* In each shape all others are above unit 0, so that its stop takes all along. */
static void chain(struct crowd *c, uint32_t unit)
{
    depends(c, unit, unit - 1);
}

static void star(struct crowd *c, uint32_t unit)
{
    depends(c, unit, 0);
}

static void fan(struct crowd *c, uint32_t unit)
{
    static uint32_t seed = 1;

    depends(c, unit, 0);
    for (int i = 1; i < EDGES_EACH; i++) {
        seed = seed * 1664525 + 1013904223;
        depends(c, unit, (seed >> 8) % unit);
    }
}

static void gather(struct crowd *c, uint32_t n, shape_fn *shape)
{
    struct unit **units = calloc(n, sizeof(struct unit *));

    *c = (struct crowd){.n = n, .now = {1000, 1790000000000}};
    c->units = calloc(n, sizeof *c->units);
    c->specs = calloc(n, sizeof *c->specs);
    c->dependencies = calloc((size_t)n * EDGES_EACH, sizeof *c->dependencies);
    assert_true(units && c->units && c->specs && c->dependencies);
    for (uint32_t i = 0; i < n; i++) {
        c->specs[i] = (struct unit_spec){.name = "u",
                                         .enabled = true,
                                         .autostart = true,
                                         .ready_timeout_ms = 1000,
                                         .stop_timeout_ms = 1000,
                                         .dependencies = &c->dependencies[(size_t)i * EDGES_EACH]};
        if (i)
            shape(c, i);
        assert_int_equal(unit_init(&c->units[i], &c->specs[i], i), 0);
        units[i] = &c->units[i];
    }
    assert_int_equal(order_init(&c->order, units, n), 0);
    free(units);
}

static void disperse(struct crowd *c)
{
    order_finish(&c->order);
    for (uint32_t i = 0; i < c->n; i++)
        unit_finish(&c->units[i]);
    free(c->units);
    free(c->specs);
    free(c->dependencies);
}

static void step(struct crowd *c, const struct event *ev, struct actions *acts)
{
    unit_step(&c->units[ev->unit], ev, c->now, 0, acts);
    order_changed(&c->order, ev->unit);
}

static void happens(struct crowd *c, uint32_t unit, struct event ev)
{
    struct actions acts;

    ev.unit = unit;
    step(c, &ev, &acts);
}

/* All that the order wants done is, and every command does at once what it is told. */
static void go_on(struct crowd *c)
{
    struct actions acts;
    struct event ev;

    while (order_next(&c->order, c->now, &ev)) {
        uint32_t unit = ev.unit;

        step(c, &ev, &acts);
        for (unsigned k = 0; k < acts.n; k++) {
            if (acts.items[k].type == ACT_SPAWN) {
                happens(c, unit, (struct event){.type = EV_SPAWNED, .u.spawned = {.pid = 42}});
                happens(c, unit, (struct event){.type = EV_EXECED});
            } else if (acts.items[k].type == ACT_SIGNAL) {
                struct event end = {.type = EV_EXITED};

                end.u.exited.at = c->now;
                end.u.exited.status.exit_code = -1;
                end.u.exited.status.signal = 15;
                end.u.exited.tree_empty = true;
                happens(c, unit, (struct event){.type = EV_SIGNALLED});
                happens(c, unit, end);
                break;
            }
        }
    }
}

static void all_are(const struct crowd *c, enum unit_phase phase)
{
    for (uint32_t i = 0; i < c->n; i++)
        assert_int_equal(c->units[i].phase, phase);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The lowest fails for good, and everybody else waits for that and is asked why. */
static void break_down(struct crowd *c)
{
    struct event end = {.type = EV_EXITED};
    struct waiting_for w;

    end.u.exited.at = c->now;
    end.u.exited.status.exit_code = 1;
    end.u.exited.tree_empty = true;
    happens(c, 0, end);
    go_on(c);
    for (uint32_t i = 1; i < c->n; i++) {
        assert_int_equal(c->units[i].phase, PHASE_STUCK);
        order_waiting(&c->order, i, &w);
        assert_true(w.failed);
        assert_int_equal(w.cause, 0);
    }
    order_reset(&c->order, 0, (struct requester){0});
    go_on(c);
}

/* Begins, stops all by the lowest, begins again, fails and comes
 * back, stops each, begins and shuts down. */
static double life(uint32_t n, shape_fn *shape)
{
    double began = seconds();
    struct crowd c;

    gather(&c, n, shape);
    order_begin(&c.order);
    go_on(&c);
    all_are(&c, PHASE_RUNNING);
    order_stop(&c.order, 0, (struct requester){0});
    go_on(&c);
    all_are(&c, PHASE_STOPPED);
    order_begin(&c.order);
    go_on(&c);
    all_are(&c, PHASE_RUNNING);
    break_down(&c);
    all_are(&c, PHASE_RUNNING);
    for (uint32_t i = 0; i < n; i++)
        order_stop(&c.order, i, (struct requester){0});
    go_on(&c);
    all_are(&c, PHASE_STOPPED);
    order_begin(&c.order);
    go_on(&c);
    all_are(&c, PHASE_RUNNING);
    order_shutdown(&c.order, c.now.mono_ms, 60000, (struct requester){0});
    go_on(&c);
    all_are(&c, PHASE_STOPPED);
    disperse(&c);
    return seconds() - began;
}

static void costs_grow_as_numbers_do(shape_fn *shape, const char *name)
{
    double half = 0, whole = 0;

    /* A moment of other work on the machine is no cost of ours: one good pair is enough. */
    for (int i = 0; i < 3; i++) {
        half = life(HALF, shape);
        whole = life(2 * HALF, shape);
        if (whole <= RATIO * half)
            break;
    }
    print_message("%s: %d units %.3f s, %d units %.3f s\n", name, HALF, half, 2 * HALF, whole);
    assert_true(whole <= RATIO * half);
}

static void a_chain(void **state)
{
    (void)state;
    costs_grow_as_numbers_do(chain, "chain");
}

static void a_star(void **state)
{
    (void)state;
    costs_grow_as_numbers_do(star, "star");
}

static void a_graph_of_four_edges_each(void **state)
{
    (void)state;
    costs_grow_as_numbers_do(fan, "fan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain),
        cmocka_unit_test(a_star),
        cmocka_unit_test(a_graph_of_four_edges_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
