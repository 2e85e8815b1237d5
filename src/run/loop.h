/*
 * The one libev loop, lent out: watches on descriptors, timers, and work that continues on the next
 * turn. The only header through which control/ meets the loop. libev lives on memory set aside
 * beforehand, since it aborts when an allocation fails.
 */
#ifndef REEVE_RUN_LOOP_H
#define REEVE_RUN_LOOP_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { LOOP_READ = EPOLLIN, LOOP_WRITE = EPOLLOUT, LOOP_HANGUP = EPOLLHUP };

struct loop {
    struct ev_loop *ev;
    struct ev_periodic far_future;
    /* All watches are in an epoll set of our own, which libev watches as one descriptor: see
     * loop.c for why. */
    int epoll_fd;
    struct ev_io epoll;
    struct epoll_event *batch; /* what the turn in progress still has to hand out */
    int n_batch;
};

struct watch;
typedef void watch_fn(struct watch *w, int events);
/* A watched descriptor. The descriptor stays the caller's; stop watching before closing it. */
struct watch {
    struct loop *loop;
    int fd;     /* -1: not watching */
    int events; /* what was asked for; 0: not watching */
    watch_fn *fn;
    void *owner;
};

struct timer;
typedef void timer_fn(struct timer *t);
/* One deadline on the monotonic clock. */
struct timer {
    struct ev_timer ev;
    struct loop *loop;
    timer_fn *fn;
    int64_t deadline_ms;
    void *owner;
};

struct task;
typedef bool task_fn(struct task *t);
/* Work in bounded portions: fn runs once a turn, without keeping the loop from its other work, and
 * returns whether more remains. */
struct task {
    struct ev_idle ev;
    struct loop *loop;
    task_fn *fn;
    void *owner;
};

/* 0 or negative errno. */
int loop_init(struct loop *l);
void loop_finish(struct loop *l);
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

void watch_init(struct watch *w, struct loop *l, watch_fn *fn, void *owner);
/* (Re)starts with these events (LOOP_READ | LOOP_WRITE); 0 stops. A hang-up (of both directions) or
 * an error of the descriptor is told as all of them, turn after turn. Who has nothing to read or
 * write but wants to know of that asks for LOOP_HANGUP alone, and is told LOOP_HANGUP. 0 or
 * negative errno (no memory), then it is not watched. */
int watch_set(struct watch *w, int fd, int events);
void watch_stop(struct watch *w);

void timer_init(struct timer *t, struct loop *l, timer_fn *fn, void *owner);
/* Fires once when the monotonic clock reaches deadline_ms (as in struct moment); 0 stops. */
void timer_set(struct timer *t, int64_t deadline_ms);
void timer_stop(struct timer *t);

void task_init(struct task *t, struct loop *l, task_fn *fn, void *owner);
void task_start(struct task *t);
void task_stop(struct task *t);

#endif
