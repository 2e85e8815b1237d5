#include <signal.h>
#include <string.h>

#include "config/loader.h"
#include "os/signals.h"

/* How many lines the text has. */
static size_t count_lines(const char *text)
{
    size_t n = 1;

    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* A prefix of systemd's: "-/bin/x" runs /bin/x, and does not mind when that fails. */
static bool has_prefix(const char *text)
{
    size_t n = strspn(text, "-@:+!|");

    return n > 0 && text[n] == '/';
}

/* A last backslash, which would join lines in a shell. */
static bool ends_with_backslash(const char *text)
{
    size_t len = strlen(text), n = 0;

    while (n < len && text[len - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* One command; false after a complaint. */
static bool load_command(struct loader *l, struct place where, const char *text,
                         const struct env *env, struct hook_command *to)
{
    if (has_prefix(text)) {
        report_add(&l->report, where,
                   "'%c' before a path means nothing here; remove it, and where a failure does not "
                   "matter write sh -c 'COMMAND || true'",
                   *text);
        return false;
    }
    if (ends_with_backslash(text)) {
        report_add(&l->report, where,
                   "a backslash at the end joins no lines, each is a command of its own; write the "
                   "whole command in one line");
        return false;
    }
    to->text = text;
    to->argv = draft_command(l, where, text, env, &to->argc);
    return to->argv != NULL;
}

/* Each line of `text` to its command in `to`; all that is wrong is complained about. False when
 * anything was. */
static bool load_commands(struct loader *l, const struct draft *d, const char *key,
                          const char *text, const struct env *env, struct hook_command *to)
{
    bool good = true;

    for (size_t i = 0; text; i++) {
        const char *end = strchrnul(text, '\n');
        struct place where = draft_line_place(d, key, i);
        const char *command = arena_copy(&l->arena, text, (size_t)(end - text));

        if (!command) {
            report_out_of_memory(&l->report);
            return false;
        }
        good &= load_command(l, where, command, env, &to[i]);
        text = *end ? end + 1 : NULL;
    }
    return good;
}

static void load_hook(struct loader *l, struct unit_draft *d, enum hook hook, const struct env *env)
{
    const char *key = hook_name(hook), *text = draft_text(&d->base, key);
    struct hook_command *commands;
    size_t n;

    if (!text || !*text) /* an empty one was complained about */
        return;
    n = count_lines(text);
    if (n > HOOK_COMMANDS_MAX) {
        report_add(&l->report, draft_line_place(&d->base, key, HOOK_COMMANDS_MAX),
                   "there are more than %d commands; put them into a script, and write that",
                   HOOK_COMMANDS_MAX);
        return;
    }
    commands = arena_alloc(&l->arena, n, sizeof *commands);
    if (!commands) {
        report_out_of_memory(&l->report);
        return;
    }
    if (!load_commands(l, &d->base, key, text, env, commands))
        return;
    d->spec.hooks[hook] = (struct hook_list){commands, (uint32_t)n};
}

/* ---- what goes with what ---- */

static void check_reload(struct loader *l, const struct unit_draft *d)
{
    const struct given *by_signal = draft_given(&d->base, "reload_signal");
    const struct given *by_command = draft_given(&d->base, "reload_command");
    bool signal_first = by_signal && by_command && by_signal->line < by_command->line;
    int sig = d->spec.reload_signal;

    if (sig == SIGKILL || sig == SIGSTOP)
        report_add(&l->report, draft_place(&d->base, "reload_signal"),
                   "%s cannot be caught, so that nothing is reloaded; write for example HUP",
                   signal_name(sig));
    if (!by_signal || !by_command)
        return;
    report_add(&l->report, draft_place(&d->base, signal_first ? "reload_command" : "reload_signal"),
               "a reload is either a signal or a command, and '%s' is given in line %u; keep one "
               "of them",
               signal_first ? "reload_signal" : "reload_command",
               signal_first ? by_signal->line : by_command->line);
}

/* A unit's own way to reload stands for both that it could have from others. */
static void choose_reload(struct unit_draft *d)
{
    struct draft *b = &d->base;
    struct given *by_signal = draft_change(b, "reload_signal");
    struct given *by_command = draft_change(b, "reload_command");

    if (!by_signal || !by_command || by_signal->level == by_command->level)
        return;
    if (by_signal->level < by_command->level) {
        by_signal->text = NULL;
        d->spec.reload_signal = 0;
    } else {
        by_command->text = NULL;
    }
}

/* The time of the commands, without any that it is for. */
static void warn_idle_timeout(struct loader *l, const struct draft *d)
{
    if (!draft_has_own(d, "hook_timeout"))
        return;
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        if (hook != HOOK_STOP && draft_text(d, hook_name(hook)))
            return;
    }
    report_warn(&l->report, draft_place(d, "hook_timeout"),
                "it means nothing without a command that it is for%s; write pre_start, post_start, "
                "pre_stop, post_stop or reload_command, or remove it",
                draft_text(d, "stop_command") ? " (that of 'stop_command' is 'stop_timeout')" : "");
}

void load_hooks(struct loader *l, struct unit_draft *d, const struct env *env)
{
    choose_reload(d);
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        load_hook(l, d, hook, env);
    check_reload(l, d);
    warn_idle_timeout(l, &d->base);
}
