/*
 * Reading the configuration anew to see whether it is good, in an errand since that may block. One
 * at a time: who asks meanwhile gets the answer of one that began after it asked.
 */
#ifndef REEVE_CONTROL_CHECK_H
#define REEVE_CONTROL_CHECK_H

#include <stdbool.h>

#include "base/list.h"
#include "run/errand.h"

struct client;

struct check {
    struct loop *loop;
    struct procs *procs;
    const char *file;
    struct errand errand;
    bool running;
    int memfd;          /* of the one that runs; else -1 */
    struct list asking; // client.check_link: of the one that runs
    struct list later;  // client.check_link: of the next
};

/* `file` must stay. */
void check_init(struct check *k, struct loop *loop, struct procs *procs, const char *file);
/* reeved ends: who waits is told so. */
void check_finish(struct check *k);
/* The client waits for an answer; it stops waiting by leaving its list. */
void check_ask(struct check *k, struct client *cl, bool lines);

#endif
