#include "run/hooks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/clock.h"
#include "os/signals.h"
#include "run/live.h"
#include "run/state.h"

static void post(struct live *l, struct event *ev)
{
    ev->unit = l->unit.index;
    ev->run = l->unit.run;
    supervisor_post(l->supervisor, ev);
}

static void post_result(struct live *l, enum hook hook, uint32_t at, const struct command_end *end)
{
    struct event ev = {.type = EV_HOOKED};

    ev.u.hooked.hook = hook;
    ev.u.hooked.command = at;
    ev.u.hooked.result = command_result(end);
    ev.u.hooked.stage = end->stage;
    ev.u.hooked.left = end->left;
    post(l, &ev);
}

static void post_gone(struct live *l)
{
    struct event ev = {.type = EV_HOOK_GONE};

    post(l, &ev);
}

/* As with a signal: who is dead by now ended by itself. */
static void post_asked(struct live *l)
{
    struct event ev = {.type = EV_SIGNALLED};

    if (l->unit.hook == HOOK_STOP && tree_main_alive(&l->tree))
        post(l, &ev);
}

/* ---- what a command is told ---- */

static void tell_end(char (*variable)[HOOK_VARIABLE_BYTES], const struct exit_record *r)
{
    snprintf(variable[0], HOOK_VARIABLE_BYTES, "REEVE_REASON=%s", reason_name(r->reason));
    snprintf(variable[1], HOOK_VARIABLE_BYTES, "REEVE_EXIT_CODE=");
    if (r->has_status && !r->signal)
        snprintf(variable[1], HOOK_VARIABLE_BYTES, "REEVE_EXIT_CODE=%d", r->exit_code);
    snprintf(variable[2], HOOK_VARIABLE_BYTES, "REEVE_SIGNAL=%s",
             r->signal ? signal_name(r->signal) : "");
}

static void make_environment(struct hooks *h)
{
    const struct unit *u = &h->live->unit;
    uint32_t n = u->spec->envc, k = 0;

    snprintf(h->variables[k++], HOOK_VARIABLE_BYTES, "REEVE_HOOK=%s", hook_name(h->hook));
    snprintf(h->variables[k++], HOOK_VARIABLE_BYTES, "REEVE_RUN=%" PRIu64, u->run);
    if (u->main_alive)
        snprintf(h->variables[k++], HOOK_VARIABLE_BYTES, "REEVE_MAIN_PID=%d", (int)u->current.pid);
    if (h->hook == HOOK_POST_STOP) {
        tell_end(&h->variables[k], &u->current);
        k += 3;
    }
    for (uint32_t i = 0; i < k; i++)
        h->envp[n++] = h->variables[i];
    h->envp[n] = NULL;
}

/* ---- what a command comes to ---- */

static void on_done(struct command *c, const struct command_end *end)
{
    struct hooks *h = c->owner;

    post_result(h->live, h->hook, h->at, end);
}

static void on_gone(struct command *c)
{
    struct hooks *h = c->owner;

    post_gone(h->live);
}

/* ---- actions ---- */

void hooks_run(struct hooks *h)
{
    const struct unit *u = &h->live->unit;
    int64_t left_ms = u->hook_by_ms - clock_now().mono_ms;
    struct command_end end = {.error = 0};
    int r;

    h->hook = u->hook;
    h->at = u->hook_at;
    make_environment(h);
    post_asked(h->live);
    r = command_run(&h->command, u->spec->hooks[h->hook].commands[h->at].argv,
                    left_ms > 0 ? left_ms : 0, &end.stage);
    if (r == 0)
        return;
    end.error = -r;
    end.left = h->command.running;
    post_result(h->live, h->hook, h->at, &end);
}

void hooks_stop(struct hooks *h)
{
    command_stop(&h->command);
}

void hooks_away(struct live *l)
{
    if (l->hooks)
        command_abandon(&l->hooks->command);
    if (!hooks_linger(l->hooks))
        post_gone(l);
}

void hooks_reload(struct live *l)
{
    struct command_end end = {.error = 0};

    end.error = -tree_send(&l->tree, l->unit.spec->reload_signal, SIGNAL_TO_MAIN);
    post_result(l, HOOK_RELOAD, 0, &end);
}

void hooks_mirror(struct hooks *h)
{
    if (h && h->live->unit.hook != HOOK_NONE)
        command_end_by(&h->command, h->live->unit.hook_by_ms);
}

bool hooks_linger(const struct hooks *h)
{
    return h && command_lingers(&h->command);
}

/* ---- holding ---- */

void hooks_set_slot(struct hooks *h, struct run_slot *slot)
{
    h->command.place.slot = slot;
}

static bool has_commands(const struct unit_spec *spec)
{
    for (enum hook hook = 0; hook < HOOK_COUNT; hook++)
        if (spec->hooks[hook].n)
            return true;
    return false;
}

int hooks_create(struct hooks **ret, struct live *l)
{
    const struct unit_spec *spec = l->unit.spec;
    struct supervisor *s = l->supervisor;
    struct hooks *h;

    *ret = NULL;
    if (!has_commands(spec))
        return 0;
    h = calloc(1, sizeof *h);
    if (!h)
        return -ENOMEM;
    h->envp = calloc((size_t)spec->envc + HOOK_VARIABLES + 1, sizeof *h->envp);
    if (!h->envp) {
        free(h);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < spec->envc; i++)
        h->envp[i] = spec->envp[i];
    h->live = l;
    h->hook = HOOK_NONE;
    h->place = (struct command_place){
        .tracker = &s->tracker,
        .spec = spec,
        .nofile = s->have_nofile ? &s->nofile : NULL,
        .part = "~hook",
    };
    command_init(&h->command, &h->place, on_done, h);
    h->command.envp = h->envp;
    h->command.gone = on_gone;
    *ret = h;
    return 0;
}

void hooks_destroy(struct hooks *h)
{
    if (!h)
        return;
    h->command.gone = NULL;
    command_finish(&h->command);
    free(h->envp);
    free(h);
}
