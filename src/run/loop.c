#include "run/loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * libev aborts the process when it gets no memory, so its few arrays live here: address space that
 * costs nothing until touched. Doubling arrays for 65 536 timers take about 4 MiB of it. A block
 * that grows at the end grows in place; what is given back inside is lost, which doubling bounds to
 * as much again. Past the end ordinary memory serves.
 */
enum { ARENA_BYTES = 16 * 1024 * 1024, ARENA_ALIGN = 16 };

/* Descriptors told about in one turn. */
enum { BATCH = 64 };

static _Alignas(ARENA_ALIGN) unsigned char arena[ARENA_BYTES];
static size_t arena_used_bytes;

struct block {
    size_t size_bytes;
    size_t pad; /* keeps what follows aligned */
};

static bool in_arena(const void *p)
{
    const unsigned char *at = p;

    return at >= arena && at < arena + ARENA_BYTES;
}

static size_t block_end(size_t start, size_t size_bytes)
{
    size_t end = start + sizeof(struct block) + size_bytes;

    return (end + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static void *arena_take(size_t size_bytes)
{
    struct block *b;

    if (size_bytes > ARENA_BYTES || block_end(arena_used_bytes, size_bytes) > ARENA_BYTES)
        return NULL;
    b = (struct block *)(void *)(arena + arena_used_bytes);
    b->size_bytes = size_bytes;
    arena_used_bytes = block_end(arena_used_bytes, size_bytes);
    return b + 1;
}

static void *arena_grow(void *old, size_t size_bytes)
{
    size_t start = (size_t)((unsigned char *)old - arena) - sizeof(struct block);
    struct block *b = (struct block *)(void *)(arena + start);
    void *fresh;

    if (size_bytes <= b->size_bytes)
        return old;
    if (block_end(start, b->size_bytes) == arena_used_bytes && size_bytes <= ARENA_BYTES &&
        block_end(start, size_bytes) <= ARENA_BYTES) {
        b->size_bytes = size_bytes;
        arena_used_bytes = block_end(start, size_bytes);
        return old;
    }
    fresh = arena_take(size_bytes);
    if (!fresh)
        fresh = malloc(size_bytes);
    if (fresh)
        memcpy(fresh, old, b->size_bytes);
    return fresh;
}

static void *loop_alloc(void *old, long size_bytes)
{
    void *fresh;

    if (size_bytes <= 0) {
        if (old && !in_arena(old))
            free(old);
        return NULL;
    }
    if (old)
        return in_arena(old) ? arena_grow(old, (size_t)size_bytes)
                             : realloc(old, (size_t)size_bytes);
    fresh = arena_take((size_t)size_bytes);
    return fresh ? fresh : malloc((size_t)size_bytes);
}

static int64_t mono_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void on_far_future(struct ev_loop *ev, struct ev_periodic *p, int events)
{
    (void)events;
    ev_periodic_again(ev, p);
}

/*
 * Why not one ev_io a descriptor: libev never takes a descriptor out of its epoll set, trusting
 * that close does. A child born while the descriptor was open keeps it alive until its own close,
 * events for it still come, and libev answers them by building its epoll set anew, over and over in
 * a storm of starts. Here every watch is taken out before its descriptor is closed.
 */
static void on_epoll(struct ev_loop *ev, struct ev_io *io, int revents)
{
    struct loop *l = (struct loop *)io->data;
    struct epoll_event batch[BATCH];

    (void)ev;
    (void)revents;
    l->n_batch = epoll_wait(l->epoll_fd, batch, BATCH, 0);
    l->batch = batch;
    for (int i = 0; i < l->n_batch; i++) {
        struct watch *w = (struct watch *)batch[i].data.ptr;
        int events = (int)batch[i].events;

        if (!w)
            continue; /* stopped by an earlier one of this batch */
        if (events & (EPOLLHUP | EPOLLERR))
            events |= w->events;
        w->fn(w, events & w->events);
    }
    l->batch = NULL;
    l->n_batch = 0;
}

int loop_init(struct loop *l)
{
    memset(l, 0, sizeof *l);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        return -errno;
    ev_set_allocator(loop_alloc);
    /* Not the default loop: that one reaps children itself. NOENV: a variable in the environment
     * must not change the backend. */
    l->ev = ev_loop_new(EVFLAG_NOENV | EVFLAG_AUTO);
    if (!l->ev) {
        close(l->epoll_fd);
        return -ENOMEM;
    }
    ev_io_init(&l->epoll, on_epoll, l->epoll_fd, EV_READ);
    l->epoll.data = l;
    ev_io_start(l->ev, &l->epoll);
    /* Without an active periodic libev wakes every minute to look at the clock; with one it lets
     * a timerfd tell about jumps. */
    ev_periodic_init(&l->far_future, on_far_future, 4102444800., 0., NULL);
    ev_periodic_start(l->ev, &l->far_future);
    return 0;
}

void loop_finish(struct loop *l)
{
    if (!l->ev)
        return;
    ev_io_stop(l->ev, &l->epoll);
    ev_periodic_stop(l->ev, &l->far_future);
    ev_loop_destroy(l->ev);
    close(l->epoll_fd);
    l->ev = NULL;
}

void loop_run(struct loop *l)
{
    ev_run(l->ev, 0);
}

void loop_stop(struct loop *l)
{
    ev_break(l->ev, EVBREAK_ALL);
}

void watch_init(struct watch *w, struct loop *l, watch_fn *fn, void *owner)
{
    *w = (struct watch){.loop = l, .fd = -1, .events = 0, .fn = fn, .owner = owner};
}

int watch_set(struct watch *w, int fd, int events)
{
    struct epoll_event ev = {.events = (uint32_t)events, .data.ptr = w};
    bool same = w->fd >= 0 && w->fd == fd;

    if (same && w->events == events)
        return 0;
    if (!same || !events)
        watch_stop(w);
    if (!events)
        return 0;
    if (epoll_ctl(w->loop->epoll_fd, same ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) < 0)
        return -errno;
    w->fd = fd;
    w->events = events;
    return 0;
}

void watch_stop(struct watch *w)
{
    if (!w->loop || w->fd < 0)
        return;
    (void)epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    w->fd = -1;
    w->events = 0;
    for (int i = 0; i < w->loop->n_batch; i++)
        if (w->loop->batch[i].data.ptr == w)
            w->loop->batch[i].data.ptr = NULL;
}

static void timer_arm(struct timer *t)
{
    int64_t left_ns = t->deadline_ms * 1000000 - mono_ns();

    ev_timer_stop(t->loop->ev, &t->ev);
    /* Relative to now, not to when this turn of the loop began. */
    ev_now_update(t->loop->ev);
    ev_timer_set(&t->ev, left_ns > 0 ? (double)left_ns / 1e9 : 0., 0.);
    ev_timer_start(t->loop->ev, &t->ev);
}

static void on_timer(struct ev_loop *ev, struct ev_timer *e, int events)
{
    struct timer *t = (struct timer *)e->data;

    (void)ev;
    (void)events;
    if (mono_ns() < t->deadline_ms * 1000000) {
        timer_arm(t); /* a rounding fired it early, and a deadline is never early */
        return;
    }
    t->fn(t);
}

void timer_init(struct timer *t, struct loop *l, timer_fn *fn, void *owner)
{
    memset(t, 0, sizeof *t);
    ev_timer_init(&t->ev, on_timer, 0., 0.);
    t->ev.data = t;
    t->loop = l;
    t->fn = fn;
    t->owner = owner;
}

void timer_set(struct timer *t, int64_t deadline_ms)
{
    if (deadline_ms == 0) {
        timer_stop(t);
        return;
    }
    if (ev_is_active(&t->ev) && t->deadline_ms == deadline_ms)
        return;
    t->deadline_ms = deadline_ms;
    timer_arm(t);
}

void timer_stop(struct timer *t)
{
    if (t->loop)
        ev_timer_stop(t->loop->ev, &t->ev);
}

static void on_task(struct ev_loop *ev, struct ev_idle *e, int events)
{
    struct task *t = (struct task *)e->data;

    (void)ev;
    (void)events;
    if (!t->fn(t))
        task_stop(t);
}

void task_init(struct task *t, struct loop *l, task_fn *fn, void *owner)
{
    memset(t, 0, sizeof *t);
    ev_idle_init(&t->ev, on_task);
    /* The highest priority: an idle watcher waits for no other event of lower priority, so a busy
     * socket cannot starve supervision; and it runs once a turn, so it starves nobody. */
    ev_set_priority(&t->ev, EV_MAXPRI);
    t->ev.data = t;
    t->loop = l;
    t->fn = fn;
    t->owner = owner;
}

void task_start(struct task *t)
{
    if (!ev_is_active(&t->ev))
        ev_idle_start(t->loop->ev, &t->ev);
}

void task_stop(struct task *t)
{
    if (t->loop)
        ev_idle_stop(t->loop->ev, &t->ev);
}
