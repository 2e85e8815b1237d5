/*
 * The process tree of one run, or of a command beside it: how it is signalled, killed, and known to
 * be empty. By cgroup where one can be made; else best effort: what is in main's process group or
 * session, and what was pinned by pidfd before the first signal. Results are told to its owner as
 * events.
 */
#ifndef REEVE_RUN_TREE_H
#define REEVE_RUN_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/map.h"
#include "core/event.h"
#include "core/unit_spec.h"
#include "os/proctree.h"
#include "run/crowd.h"
#include "run/loop.h"
#include "run/procs.h"
#include "run/supervisor.h"
#include "run/takeover.h"

struct tracker;
struct tree;

/* What the owner of a tree is told; it embeds the tree. */
struct tree_calls {
    /* SIGNALLED, KILLED, EXITED, TREE_EMPTY of this run. The tree is in the middle of something:
     * what follows has to wait for another turn of the loop. */
    void (*post)(struct tree *t, struct event *ev);
    /* Main is dead and about to be reaped: the last look at its exec pipe. */
    void (*drain)(struct tree *t);
};

enum crowd_work { CROWD_NOTHING, CROWD_STOP, CROWD_SURVIVORS, CROWD_SEND, CROWD_KILL };

struct tree {
    struct tracker *tracker;
    const struct tree_calls *calls;
    struct proc main; /* the main process of the run; pid 0: none */
    struct takeover takeover;
    const struct unit_spec *spec;
    const char *part; /* of the unit; see tree_init */
    uint64_t run;
    bool killing;            /* SIGKILL was sent */
    bool lacking_told;       /* that there is no cgroup for it; until there is one again */
    struct timer kill_again; /* from the first kill on, until nothing is left */

    /* by cgroup */
    int cgroup_fd;         /* -1: best effort */
    char cgroup_name[96];  /* directory below reeved's own */
    int inotify_wd;        /* on its cgroup.events, once main has ended; -1: none */
    struct map_node by_wd; // tracker.by_wd
    struct crowd crowd;    /* the round of signals under way, and what it is for */
    enum crowd_work crowd_now;
    enum crowd_work crowd_wish; /* CROWD_STOP or CROWD_SURVIVORS: the next one */
    bool count_leftovers;       /* by the kill under way: they were not counted yet */

    /* best effort */
    int pidfd;           /* of the spawned process, once it is reaped: names its group safely;
                          * -1: none */
    struct list members; // member.link
    uint32_t n_members;
    struct tree_walk pin;
    bool pinning; /* all descendants are being looked at, before a signal */
    uint32_t pin_passes;
    uint32_t pin_members; /* when the pass began */
    struct task pin_task;

    /* to do when all descendants were looked at, or the round of signals is over */
    bool signal_wanted, kill_wanted;
    uint64_t sends_wanted; /* bit N-1: signal N, to all, on somebody's request */

    /* main has ended and the tree was not seen empty yet */
    bool ending;
    struct list link; // tracker.ending
    uint64_t joined_scan;
    bool unread;       /* there was no memory or descriptor to see all: asked again by the clock */
    bool exit_pending; /* EXITED waits for the answer whether anything survived */
    struct exit_status exit_status;
    struct moment exited_at;
};

/* `part` names the tree among those of its unit and becomes a part of its cgroup's name: "" for the
 * unit's runs; others begin with ~, which no unit's name has. It must stay. */
void tree_init(struct tree *t, struct tracker *tracker, const struct unit_spec *spec,
               const char *part, const struct tree_calls *calls);
/* Makes ready for a run. Returns the descriptor of the cgroup to be born in, or -1. */
int tree_begin(struct tree *t, uint64_t run);
/* The main process exists; in_cgroup as the kernel answered. */
void tree_spawned(struct tree *t, pid_t pid, bool in_cgroup);
/* The main process is dead and about to be reaped: last chance to read its exec pipe, and to get a
 * name for its group. With its last words it may have made another one main: look again. */
void tree_before_reap(struct tree *t);
/* The process that was main before another one took over is dead and about to be reaped. */
void tree_before_reap_first(struct tree *t);
/* Makes this living process, another one of the tree, main: signals go to it, and its end is the
 * end of the run. The main one until now may be dead, but not reaped. Takes the pidfd over. */
void tree_take_main(struct tree *t, pid_t pid, int pidfd);
/* The tree that a process of procs is the main one of, or was the first; NULL: of none. */
struct tree *tree_of_proc(struct proc *p);
/* The tree whose process group or session has this number, or NULL. */
struct tree *tree_bearing(const struct procs *procs, pid_t number);
/* Sends the stop signal to whom kill_mode says; posts SIGNALLED when main was alive. */
void tree_signal(struct tree *t);
/* Sends any signal on somebody's request: no stop, nothing is posted. 0; -ESRCH: nobody is there;
 * or what kill(2) said. */
int tree_send(struct tree *t, int sig, enum signal_to to);
/* Sends the stop signal, and SIGCONT after it, to all that outlived main. */
void tree_signal_survivors(struct tree *t);
/* SIGKILL to all, again for whatever appears later; posts KILLED. */
void tree_kill(struct tree *t);
/* Main was reaped just now, or will not be by us: posts EXITED, at once or when it is known whether
 * anything survived. */
void tree_main_ended(struct tree *t, const struct exit_status *status);
/* For the tracker: all of it has ended, so no more signals are sent. */
void tree_nobody_left(struct tree *t);
/* For the tracker: the answer that a pending EXITED waited for. */
void tree_post_exited(struct tree *t, bool empty);
/* For the tracker: what outlived main is gone. */
void tree_post_empty(struct tree *t);
/* Whether there is a main process and it has not ended, reaped or not. */
bool tree_main_alive(const struct tree *t);
/* The run is over: gives everything back. Whom a kill has not come to yet is killed now. */
void tree_release(struct tree *t);

#endif
