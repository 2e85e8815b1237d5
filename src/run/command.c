#include "run/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "os/clock.h"
#include "os/slots.h"
#include "os/spawn.h"
#include "os/sys.h"
#include "run/surroundings.h"
#include "run/tracker.h"

enum { PATIENCE_MS = 2000 };

/* Whether what is running is what somebody waits for. */
static bool is_awaited(const struct command *c)
{
    return c->running && c->asked && !c->next;
}

static void tell(struct command *c, struct command_end end)
{
    c->asked = false;
    timer_stop(&c->deadline);
    timer_stop(&c->patience);
    c->done(c, &end);
}

/* ---- how far its exec came ---- */

static void forget_exec(struct command *c)
{
    watch_stop(&c->exec);
    sys_close(&c->exec_fd);
}

static void drain_exec(struct command *c)
{
    if (c->exec_fd < 0)
        return;
    switch (spawn_exec_news(c->exec_fd, &c->about_to_exec, &c->end.stage, &c->end.error)) {
    case EXEC_PENDING:
        return;
    case EXEC_DONE:
    case EXEC_FAILED: /* its exit follows */
    case EXEC_DIED:
        break;
    }
    forget_exec(c);
}

static void on_exec(struct watch *w, int events)
{
    (void)events;
    drain_exec(w->owner);
}

/* ---- beginning ---- */

static int begin(struct command *c, char *const *argv, enum start_stage *ret_stage)
{
    struct spawn_request request = {.argv = argv, .slot = c->place.slot}; /* of no run */
    struct spawned spawned;
    int r;

    c->end = (struct command_end){.error = 0};
    c->ended = c->empty = c->killed = c->about_to_exec = false;
    surroundings_fill(&request, c->place.spec, c->place.nofile);
    if (c->envp)
        request.envp = c->envp;
    request.cgroup_fd = tree_begin(&c->tree, c->tree.run + 1);
    r = spawn_process(&request, &spawned, ret_stage);
    if (r < 0) {
        tree_release(&c->tree);
        return r;
    }
    tree_spawned(&c->tree, spawned.pid, spawned.in_cgroup);
    c->exec_fd = spawned.exec_fd;
    /* Unwatched for lack of memory, it is looked at when the child ends. */
    (void)watch_set(&c->exec, c->exec_fd, LOOP_READ);
    c->running = true;
    return 0;
}

static void begin_next(struct command *c)
{
    char *const *argv = c->next;
    struct command_end end = {.error = 0};
    int r;

    c->next = NULL;
    r = begin(c, argv, &end.stage);
    if (r == 0)
        return;
    end.error = -r;
    tell(c, end);
}

/* ---- ending ---- */

static void kill_all(struct command *c)
{
    if (c->killed)
        return;
    c->killed = true;
    tree_kill(&c->tree);
    timer_set(&c->patience, clock_now().mono_ms + PATIENCE_MS);
}

static void give_back(struct command *c)
{
    timer_stop(&c->patience);
    task_stop(&c->after);
    forget_exec(c);
    tree_release(&c->tree);
    c->running = false;
}

static void over(struct command *c)
{
    bool awaited = is_awaited(c);

    give_back(c);
    if (c->place.slot)
        slots_clear(c->place.slot);
    if (awaited) {
        tell(c, c->end);
        return;
    }
    if (c->gone)
        c->gone(c);
    if (c->next)
        begin_next(c);
}

static bool on_after(struct task *task)
{
    struct command *c = task->owner;

    /* Stopped first: `over` may begin another one, whose events start it again. */
    task_stop(&c->after);
    if (c->empty)
        over(c);
    else if (c->ended)
        kill_all(c);
    return true;
}

static void on_deadline(struct timer *t)
{
    struct command *c = t->owner;

    if (c->next) {
        c->next = NULL;
        tell(c, (struct command_end){.late = true, .left = c->running});
        return;
    }
    /* Who is dead by now was in time, though nobody has looked yet. */
    if (!tree_main_alive(&c->tree))
        return;
    c->end.late = true;
    kill_all(c);
}

static void on_patience(struct timer *t)
{
    struct command *c = t->owner;

    if (!is_awaited(c))
        return;
    c->end.left = true;
    tell(c, c->end);
}

/* ---- what its tree tells ---- */

static void post_of_tree(struct tree *t, struct event *ev)
{
    struct command *c = container_of(t, struct command, tree);

    if (!c->running)
        return;
    if (ev->type == EV_EXITED) {
        c->ended = true;
        c->end.status = ev->u.exited.status;
        c->empty = ev->u.exited.tree_empty;
        if (is_awaited(c)) /* else it is that of the next one */
            timer_stop(&c->deadline);
    } else if (ev->type == EV_TREE_EMPTY) {
        c->empty = true;
    } else {
        return;
    }
    task_start(&c->after);
}

static void drain_of_tree(struct tree *t)
{
    drain_exec(container_of(t, struct command, tree));
}

static const struct tree_calls tree_calls = {.post = post_of_tree, .drain = drain_of_tree};

/* ---- verbs ---- */

void command_init(struct command *c, const struct command_place *place, command_done_fn *done,
                  void *owner)
{
    struct loop *loop = place->tracker->loop;

    memset(c, 0, sizeof *c);
    c->place = *place;
    c->exec_fd = -1;
    c->done = done;
    c->owner = owner;
    tree_init(&c->tree, place->tracker, place->spec, place->part, &tree_calls);
    timer_init(&c->deadline, loop, on_deadline, c);
    timer_init(&c->patience, loop, on_patience, c);
    task_init(&c->after, loop, on_after, c);
    watch_init(&c->exec, loop, on_exec, c);
}

int command_run(struct command *c, char *const *argv, int64_t timeout_ms,
                enum start_stage *ret_stage)
{
    int r = 0;

    *ret_stage = STAGE_PREPARE;
    if (c->asked)
        return -EBUSY;
    if (c->running)
        c->next = argv;
    else
        r = begin(c, argv, ret_stage);
    if (r < 0)
        return r;
    c->asked = true;
    timer_set(&c->deadline, clock_now().mono_ms + timeout_ms);
    return 0;
}

void command_end_by(struct command *c, int64_t by_ms)
{
    /* Whose main has ended was in time. */
    if (c->asked && !(is_awaited(c) && (c->ended || c->killed)))
        timer_set(&c->deadline, by_ms);
}

void command_stop(struct command *c)
{
    if (c->asked && c->next) {
        c->next = NULL;
        tell(c, (struct command_end){.late = true, .left = true});
        return;
    }
    if (!is_awaited(c))
        return;
    (void)tree_send(&c->tree, SIGTERM, SIGNAL_TO_TREE);
    (void)tree_send(&c->tree, SIGCONT, SIGNAL_TO_TREE);
}

bool command_lingers(const struct command *c)
{
    return c->running && !is_awaited(c);
}

struct probe_result command_result(const struct command_end *end)
{
    if (end->late)
        return (struct probe_result){.how = PROBE_LATE};
    if (end->error)
        return (struct probe_result){.how = PROBE_ERROR, .code = end->error};
    if (end->status.signal)
        return (struct probe_result){.how = PROBE_SIGNALLED, .code = end->status.signal};
    if (end->status.exit_code)
        return (struct probe_result){.how = PROBE_EXITED, .code = end->status.exit_code};
    return (struct probe_result){.how = PROBE_GOOD};
}

void command_abandon(struct command *c)
{
    c->asked = false;
    c->next = NULL;
    timer_stop(&c->deadline);
    if (c->running)
        kill_all(c);
}

void command_finish(struct command *c)
{
    command_abandon(c);
    if (c->running)
        give_back(c);
}
