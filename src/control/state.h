/* The control service from inside, for the files of control/ only. Everybody else uses
 * control/server.h. */
#ifndef REEVE_CONTROL_STATE_H
#define REEVE_CONTROL_STATE_H

#include <sys/types.h>

#include "base/list.h"
#include "control/check.h"
#include "control/listening.h"
#include "run/loop.h"
#include "run/supervisor.h"
#include "varlink/service.h"

struct control {
    struct loop *loop;
    struct supervisor *supervisor;
    struct service service;
    uid_t own_uid;
    struct listening listening;
    struct list clients; // client.link
    unsigned n_clients;
    struct list runnable; // client.run_link: have something to do without waiting
    struct list pendings; // pending.link
    uint64_t n_waited;    /* units of all pendings together */
    unsigned n_putting;   /* pendings that have not asked all yet */
    struct list streams;  // client.stream_link: follow events
    struct check check;
    struct task work;
    bool has_news; /* events that followers have not been woken for */
    struct listener listener;
};

#endif
