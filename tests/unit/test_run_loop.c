#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/clock.h"
#include "run/loop.h"

enum { N_TIMERS = 300 };

static struct loop loop;

struct probe {
    struct timer timer;
    int64_t due_ms;
    int64_t fired_ms;
};

static unsigned left;

static void on_timer(struct timer *t)
{
    struct probe *p = t->owner;

    p->fired_ms = clock_now().mono_ms;
    if (--left == 0)
        loop_stop(&loop);
}

/* A deadline is never early, in whatever order deadlines were set. */
static void test_no_timer_is_early(void **state)
{
    static struct probe probes[N_TIMERS];
    int64_t now_ms;

    (void)state;
    assert_int_equal(loop_init(&loop), 0);
    now_ms = clock_now().mono_ms;
    left = N_TIMERS;
    for (int i = 0; i < N_TIMERS; i++) {
        probes[i].due_ms = now_ms + i * 7919 % 200;
        timer_init(&probes[i].timer, &loop, on_timer, &probes[i]);
        timer_set(&probes[i].timer, probes[i].due_ms);
    }
    loop_run(&loop);
    for (int i = 0; i < N_TIMERS; i++)
        assert_true(probes[i].fired_ms >= probes[i].due_ms);
    loop_finish(&loop);
}

static int busy_turns, task_turns;

static void on_busy(struct watch *w, int events)
{
    (void)w;
    (void)events;
    if (++busy_turns == 1000)
        loop_stop(&loop);
}

static bool on_task(struct task *t)
{
    (void)t;
    return ++task_turns < 100;
}

/* A descriptor that is always readable keeps no task from its turns, and the task not it. */
static void test_task_and_busy_descriptor_share(void **state)
{
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    struct watch w;
    struct task t;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(loop_init(&loop), 0);
    watch_init(&w, &loop, on_busy, NULL);
    watch_set(&w, fd, LOOP_READ);
    task_init(&t, &loop, on_task, NULL);
    task_start(&t);
    loop_run(&loop);
    assert_int_equal(task_turns, 100);
    assert_int_equal(busy_turns, 1000);
    watch_stop(&w);
    task_stop(&t);
    loop_finish(&loop);
    close(fd);
}

static void on_never(struct watch *w, int events)
{
    (void)w;
    (void)events;
    fail();
}

static int told;

static void on_told(struct watch *w, int events)
{
    told = events;
    watch_stop(w);
}

/* A half-closed peer is no hang-up; one that is gone is told as what was asked for. */
static void test_hang_up(void **state)
{
    static const int asked[] = {LOOP_HANGUP, LOOP_WRITE, LOOP_READ | LOOP_WRITE};

    (void)state;
    assert_int_equal(loop_init(&loop), 0);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct watch w;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        watch_init(&w, &loop, on_told, NULL);
        told = 0;
        if (asked[i] == LOOP_HANGUP) {
            assert_int_equal(write(fds[1], "x", 1), 1);
            assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
            assert_int_equal(watch_set(&w, fds[0], asked[i]), 0);
            ev_run(loop.ev, EVRUN_NOWAIT);
            assert_int_equal(told, 0);
        }
        assert_int_equal(watch_set(&w, fds[0], asked[i]), 0);
        close(fds[1]);
        ev_run(loop.ev, EVRUN_NOWAIT);
        assert_int_equal(told, asked[i]);
        close(fds[0]);
    }
    loop_finish(&loop);
}

/* Thousands of descriptors and loops: libev's arrays grow inside the memory set aside. */
static void test_many_watches(void **state)
{
    enum { N = 900 };
    static struct watch watches[N];
    static int fds[N];

    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(loop_init(&loop), 0);
        for (int i = 0; i < N; i++) {
            fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
            assert_true(fds[i] >= 0);
            watch_init(&watches[i], &loop, on_never, NULL);
            watch_set(&watches[i], fds[i], LOOP_READ);
        }
        ev_run(loop.ev, EVRUN_NOWAIT);
        for (int i = 0; i < N; i++) {
            watch_stop(&watches[i]);
            close(fds[i]);
        }
        loop_finish(&loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_timer_is_early),
        cmocka_unit_test(test_task_and_busy_descriptor_share),
        cmocka_unit_test(test_hang_up),
        cmocka_unit_test(test_many_watches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
