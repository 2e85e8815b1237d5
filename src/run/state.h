/* The supervisor from inside, for the files of run/ only. Everybody else uses run/supervisor.h. */
#ifndef REEVE_RUN_STATE_H
#define REEVE_RUN_STATE_H

#include <sys/resource.h>

#include "base/list.h"
#include "base/strtab.h"
#include "core/ends.h"
#include "core/event_ring.h"
#include "core/order.h"
#include "os/slots.h"
#include "run/hearing.h"
#include "run/live.h"
#include "run/loop.h"
#include "run/mistakes.h"
#include "run/procs.h"
#include "run/queue.h"
#include "run/shutdown.h"
#include "run/supervisor.h"
#include "run/tracker.h"

enum { EPOCH_CHARS = 16 };

struct supervisor {
    struct loop *loop;
    struct procs *procs;
    struct spec_set *set; /* one reference */
    struct live *lives;   /* configuration order; owned */
    uint32_t n_lives;
    struct strtab by_name; /* to the index */
    struct queue queue;
    struct order order;
    struct ends ends;
    struct notify *notify; /* owned; NULL: nobody notifies */
    /* Requests that are being put: nothing is done about them yet. */
    uint32_t n_asking;
    int64_t held_since_ms; /* the first of these */
    int64_t held_ms;       /* before, since the units last had time for themselves */
    int64_t free_since_ms;
    struct task drain;
    struct tracker tracker;
    struct slots slots;
    char *slots_path;
    struct list listeners; // listener.link
    struct event_ring events;
    struct mistakes mistakes;
    char epoch[EPOCH_CHARS + 1];
    struct shutdown shutdown;
    struct rlimit nofile; /* as it was when reeved started: what children get back */
    bool have_nofile;
    bool ready_told; /* every autostart unit was tried, and that was told */
    int64_t begun_ms;
    uint32_t random;
};

/* Queues an event and sees to it that the queue is drained. */
void supervisor_post(struct supervisor *s, const struct event *ev);
/* Keeps an event for subscribers; the listeners are to be told. */
void supervisor_note(struct supervisor *s, const struct notice *notice);
/* Tells the listeners. */
void supervisor_tell(struct supervisor *s, uint32_t index);

#endif
