/* From the words of requires, wants, after and before to dependencies; instances; how long that
 * takes. What is refused is in test_config_order_messages.c. */
#include <time.h>

#include "config_fixture.h"

#define S(name, keys) "[service:" name "]\ncommand = x\n" keys
#define J(name, keys) "[job:" name "]\ncommand = x\n" keys

static const struct unit_spec *unit(const struct loaded *l, const char *name)
{
    for (uint32_t i = 0; i < l->set->n_units; i++) {
        if (strcmp(l->set->units[i].name, name) == 0)
            return &l->set->units[i];
    }
    fail_msg("no unit %s", name);
    return NULL;
}

/* "requires db:ready, after web@1:started:ready" */
static void expect(const struct loaded *l, const char *name, const char *dependencies)
{
    static const char *const kinds[] = {"after", "wants", "requires"};
    static const char *const conditions[] = {"started", "ready", "healthy", "completed"};
    const struct unit_spec *u = unit(l, name);
    struct strbuf said = STRBUF_INIT;

    for (uint32_t i = 0; i < u->n_dependencies; i++) {
        const struct dependency *d = &u->dependencies[i];

        strbuf_addf(&said, "%s%s %s", i ? ", " : "", kinds[d->kind], l->set->units[d->unit].name);
        for (unsigned c = 0; c < CONDITION_COUNT; c++) {
            if (d->conditions >> c & 1)
                strbuf_addf(&said, ":%s", conditions[c]);
        }
    }
    assert_string_equal(strbuf_text(&said), dependencies);
    strbuf_finish(&said);
}

static void nothing_is_said(void **state)
{
    struct loaded l = load_good(S("a", "requires =\nwants = \nafter =\nbefore =\n") J("b", ""));

    (void)state;
    expect(&l, "a", "");
    assert_int_equal(unit(&l, "a")->on_dependency_restart, DEPENDENCY_RESTART_IGNORE);
    assert_int_equal(unit(&l, "b")->on_failed, ON_FAILED_IGNORE);
    assert_int_equal(l.set->daemon.exit_when, EXIT_NEVER);
    assert_false(l.set->daemon.has_exit_code_from);
    unload(&l);
}

static void conditions(void **state)
{
    struct loaded l =
        load_good(S("a", "requires = db migrate\nwants = db2:started migrate2:ready\n"
                         "after = db3:completed  \tmigrate3:completed\n") S("db", "") S("db2", "")
                      S("db3", "restart = never\n") J("migrate", "") J("migrate2", "")
                          J("migrate3", "") J("b", "wants = a\n  db:ready\n"));

    (void)state;
    expect(&l, "a",
           "requires db:ready, requires migrate:completed, wants db2:started, wants "
           "migrate2:ready, after db3:completed, after migrate3:completed");
    expect(&l, "b", "wants a:ready, wants db:ready");
    expect(&l, "db", "");
    unload(&l);
}

/* Whatever the form of `health`; by name, instance or tag. */
static void healthy(void **state)
{
    struct loaded l = load_good(
        S("a", "requires = db:healthy\nwants = b@2:healthy db:ready\nafter = tag:t:healthy\n")
            S("db", "health = notify\n") S("b", "health = exec:true\ninstances = 2\ntags = t\n")
                J("c", "health = tcp:localhost:1\ntags = t\n"));

    (void)state;
    expect(&l, "a",
           "requires db:ready:healthy, wants b@2:healthy, after b@1:healthy, after c:healthy");
    unload(&l);
}

/* The strongest kind, all conditions, in the order written. */
static void several_keys_add_up(void **state)
{
    struct loaded l =
        load_good(S("a", "after = db:started c\nrequires = db\nwants = c:started\n") S("db", "")
                      S("c", "") S("d", "before = a e\n") S("e", "requires = d:started\n"));

    (void)state;
    expect(&l, "a", "requires db:started:ready, wants c:started:ready, after d:ready");
    expect(&l, "e", "requires d:started:ready");
    unload(&l);
}

static void before_turns_round(void **state)
{
    struct loaded l = load_good(J("migrate", "before = tag:web\n") S("db", "before = migrate\n")
                                    S("web", "tags = web\ninstances = 2\n") S("w", "tags = web\n"));

    (void)state;
    expect(&l, "migrate", "after db:ready");
    expect(&l, "db", "");
    expect(&l, "web@1", "after migrate:completed");
    expect(&l, "web@2", "after migrate:completed");
    expect(&l, "w", "after migrate:completed");
    unload(&l);
}

static void tags(void **state)
{
    struct loaded l = load_good(
        S("a", "tags = t\nrequires = tag:t tag:u:started\n") S("b", "tags = u t\n")
            J("c", "tags = t\n") S("d", "tags = t\ninstances = 2\nwants = tag:u\nafter = tag:v\n")
                S("e", "tags = v\n"));

    (void)state;
    expect(
        &l, "a",
        "requires b:started:ready, requires c:completed, requires d@1:ready, requires d@2:ready");
    /* Neither itself nor its other instances. */
    expect(&l, "d@2", "wants b:ready, after e:ready");
    unload(&l);
    l = load_good(S("a", "instances = 2\ntags = t\nafter = tag:t\n") S("b", "tags = t\n"));
    expect(&l, "a@1", "after b:ready");
    unload(&l);
}

static void instances(void **state)
{
    struct loaded l = load_good(
        S("web", "instances = 3\nrequires = db@${REEVE_INSTANCE}\nenvironment = ME=${REEVE_UNIT}\n")
            S("db", "instances = ${N:-3}\n") S("one", "instances = 1\n") S("none", "")
                S("all", "requires = web one@1\nwants = web@2:started\non_failed = start:one\n"
                         "on_dependency_restart = restart\n"));
    const struct unit_spec *u = unit(&l, "web@2");

    (void)state;
    assert_int_equal(l.set->n_units, 9);
    assert_ptr_equal(u, &l.set->units[1]);
    assert_string_equal(u->base_name, "web");
    assert_int_equal(u->instance, 2);
    assert_int_equal(u->line, 1);
    assert_string_equal(variable(u, "REEVE_UNIT"), "web@2");
    assert_string_equal(variable(u, "REEVE_INSTANCE"), "2");
    assert_string_equal(variable(u, "ME"), "web@2");
    assert_int_equal(unit(&l, "one@1")->instance, 1);
    assert_int_equal(unit(&l, "none")->instance, 0);
    assert_string_equal(unit(&l, "none")->base_name, "none");
    assert_string_equal(variable(unit(&l, "none"), "REEVE_INSTANCE"), "");
    expect(&l, "web@1", "requires db@1:ready");
    expect(&l, "web@3", "requires db@3:ready");
    expect(&l, "all",
           "requires web@1:ready, requires web@2:started:ready, requires web@3:ready, requires "
           "one@1:ready");
    assert_int_equal(unit(&l, "all")->on_dependency_restart, DEPENDENCY_RESTART_FOLLOW);
    unload(&l);
}

/* The variables of the unit and of [reeve] count in the number as anywhere else. */
static void the_number_of_instances_is_expanded(void **state)
{
    struct loaded l = load_good("[reeve]\nenvironment = N=4\n" S("a", "instances = ${N}\n")
                                    S("b", "instances = ${N}\nenvironment = N=2\n"));

    (void)state;
    assert_int_equal(l.set->n_units, 6);
    unload(&l);
    assert_one_error(S("a", "instances = ${NONE}\n"), "the variable 'NONE' is not set");
}

static void the_longest_name_and_the_most_instances(void **state)
{
    static const char name[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
    struct strbuf text = STRBUF_INIT, last = STRBUF_INIT;
    struct loaded l;

    (void)state;
    strbuf_addf(&text, "[service:%s]\ncommand = x\ninstances = 1000\n", name);
    strbuf_addf(&text, "[service:z]\ncommand = x\nrequires = %s@1000\n", name);
    strbuf_addf(&last, "requires %s@1000:ready", name);
    l = load_good(strbuf_text(&text));
    assert_int_equal(l.set->n_units, 1001);
    expect(&l, "z", strbuf_text(&last));
    unload(&l);
    strbuf_finish(&text);
    strbuf_finish(&last);
}

static void too_many_units(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    for (int i = 0; i <= UNITS_MAX / INSTANCES_MAX; i++)
        strbuf_addf(&text, "[job:u%d]\ninstances = 1000\ncommand = x\n", i);
    assert_one_error(strbuf_text(&text), "t.ini:301: [job:u100] there are more than 100000 units, "
                                         "with all instances; write fewer");
    strbuf_finish(&text);
}

static void failures_and_the_end(void **state)
{
    struct loaded l = load_good(
        "[reeve]\nexit_when = any-failed\nexit_code_from = w@2\n" S("a", "on_failed = start:tell\n")
            S("b", "on_failed = shutdown\n") S("c", "on_failed = start:w\n")
                S("w", "instances = 2\n") J("tell", "on_failed = ignore\ntags = t\n")
                    S("d", "on_failed = start:tag:t\ntags = t\n"));

    (void)state;
    assert_int_equal(l.set->daemon.exit_when, EXIT_ANY_FAILED);
    assert_true(l.set->daemon.has_exit_code_from);
    assert_string_equal(l.set->units[l.set->daemon.exit_code_from].name, "w@2");
    assert_int_equal(unit(&l, "a")->on_failed, ON_FAILED_START);
    assert_int_equal(unit(&l, "a")->n_on_failed_start, 1);
    assert_string_equal(l.set->units[unit(&l, "a")->on_failed_start[0]].name, "tell");
    assert_int_equal(unit(&l, "b")->on_failed, ON_FAILED_SHUTDOWN);
    assert_int_equal(unit(&l, "b")->n_on_failed_start, 0);
    assert_int_equal(unit(&l, "c")->n_on_failed_start, 2);
    assert_string_equal(l.set->units[unit(&l, "c")->on_failed_start[1]].name, "w@2");
    assert_int_equal(unit(&l, "tell")->on_failed, ON_FAILED_IGNORE);
    assert_int_equal(unit(&l, "d")->n_on_failed_start, 1);
    unload(&l);
    l = load_good("[reeve]\nexit_when = all-done\nexit_code_from = w\n" J("w", "instances = 1\n"));
    assert_int_equal(l.set->daemon.exit_when, EXIT_ALL_DONE);
    assert_int_equal(l.set->daemon.exit_code_from, 0);
    unload(&l);
}

/* ---- size ---- */

/* Of the processor: others on this machine do not count. */
static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How long a text takes to load; it has so many errors and, without any, so many dependencies. */
static double load_timed(struct strbuf *text, size_t n_errors, uint32_t n_dependencies)
{
    double begun = seconds();
    struct loaded l = load_text(strbuf_text(text));
    double took = seconds() - begun;
    uint32_t n = 0;

    if (l.errors.n_lines != n_errors)
        print_errors(&l);
    assert_int_equal(l.errors.n_lines, n_errors);
    for (uint32_t i = 0; l.set && i < l.set->n_units; i++)
        n += l.set->units[i].n_dependencies;
    if (!n_errors)
        assert_int_equal(n, n_dependencies);
    unload(&l);
    strbuf_finish(text);
    return took;
}

static double load_chain(uint32_t n, bool closed)
{
    struct strbuf text = STRBUF_INIT;

    for (uint32_t i = 0; i < n; i++) {
        strbuf_addf(&text, "[service:u%u]\ncommand = x\n", i);
        if (closed || i + 1 < n)
            strbuf_addf(&text, "requires = u%u\n", (i + 1) % n);
    }
    return load_timed(&text, closed, n - 1);
}

static void ten_thousand_in_a_chain(void **state)
{
    double few = load_chain(1000, false), many = load_chain(10000, false);
    double closed = load_chain(10000, true);

    (void)state;
    print_message("1 000 in a chain: %.3f s, 10 000: %.3f s, closed: %.3f s\n", few, many, closed);
    assert_true(many < 40 * few + 0.1 && closed < 40 * few + 0.1);
}

/* `n` units that each require all `m` with a tag. */
static double load_fan(uint32_t n, uint32_t m, bool back)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "[service:a]\ncommand = x\ninstances = %u\nrequires = tag:t\n", n);
    strbuf_addf(&text, "[service:b]\ncommand = x\ninstances = %u\ntags = t\n", m);
    if (back)
        strbuf_add(&text, "after = a@1\n");
    return load_timed(&text, n * m > DEPENDENCIES_MAX || back, n * m);
}

static void half_a_million_dependencies(void **state)
{
    double few = load_fan(100, 500, false), many = load_fan(1000, 500, false);
    double over = load_fan(1000, 501, false), circle = load_fan(998, 500, true);

    (void)state;
    print_message("50 000 dependencies: %.3f s, 500 000: %.3f s, one more: %.3f s, in a knot: "
                  "%.3f s\n",
                  few, many, over, circle);
    assert_true(many < 40 * few + 0.1 && over < 40 * few + 0.1 && circle < 40 * few + 0.1);
}

static void one_dependency_too_many(void **state)
{
    (void)state;
    assert_one_error(S("a", "instances = 1000\nrequires = tag:t\n")
                         S("b", "instances = 501\ntags = t\n"),
                     "t.ini:4: [service:a] requires: there are more than 500000 dependencies, with "
                     "all instances; name fewer units");
}

/* Each of many units is to start another one when it fails, which requires many others. */
static void many_failures(void **state)
{
    struct strbuf text = STRBUF_INIT;
    double took;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        strbuf_addf(&text, "[service:a%u]\ncommand = x\non_failed = start:b%u\n", i, i);
        strbuf_addf(&text, "[job:b%u]\ncommand = x\nrequires =", i);
        for (uint32_t k = 1; k <= 20 && k <= i; k++)
            strbuf_addf(&text, " b%u", i - k);
        strbuf_addf(&text, "\n  %s\n", i == 7 ? "a6" : "");
    }
    /* b7 requires a6 only; who requires b7 is started when later ones fail. */
    took = load_timed(&text, 0, 20 * 5000 - 210 + 1);
    print_message("5 000 on_failed, 100 000 dependencies: %.3f s\n", took);
}

/* Thousands of names that are not there are each compared with thousands: only so often. */
static void many_unknown_names(void **state)
{
    struct strbuf text = STRBUF_INIT;
    double took;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++)
        strbuf_addf(&text, "[service:unit-number-%u]\ncommand = x\nrequires = unit-nmber-%u\n", i,
                    i);
    took = load_timed(&text, 5000, 0);
    print_message("5 000 unknown names: %.3f s\n", took);
    assert_true(took < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said),
        cmocka_unit_test(conditions),
        cmocka_unit_test(healthy),
        cmocka_unit_test(several_keys_add_up),
        cmocka_unit_test(before_turns_round),
        cmocka_unit_test(tags),
        cmocka_unit_test(instances),
        cmocka_unit_test(the_number_of_instances_is_expanded),
        cmocka_unit_test(the_longest_name_and_the_most_instances),
        cmocka_unit_test(too_many_units),
        cmocka_unit_test(failures_and_the_end),
        cmocka_unit_test(ten_thousand_in_a_chain),
        cmocka_unit_test(half_a_million_dependencies),
        cmocka_unit_test(one_dependency_too_many),
        cmocka_unit_test(many_failures),
        cmocka_unit_test(many_unknown_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
