#include "core/mistake.h"

#include <string.h>

enum { SIGNAL_INT = 2, SIGNAL_QUIT = 3 };
/* Who does some work and then ends has taken longer. */
enum { BACKGROUND_MS = 5000 };
/* The slowest of those that fail for want of a port, seen from exec. */
enum { PORT_MS = 30000 };

const char *mistake_name(enum mistake_kind kind)
{
    static const char *const names[MISTAKE_COUNT] = {
        [MISTAKE_NONE] = "none",
        [MISTAKE_DAEMONIZED] = "daemonized",
        [MISTAKE_SWALLOWED] = "signal_swallowed",
        [MISTAKE_PORT_TAKEN] = "port_taken",
    };

    return names[kind];
}

static bool one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* ---- the command daemonized itself ---- */

static bool ended_by_itself(const struct exit_record *r)
{
    return r->has_status && r->error_stage == STAGE_NONE && r->requested_by == BY_NOBODY &&
           !r->stop_signal_wall_ms && r->reason != REASON_FORCED_KILL;
}

bool mistake_daemonized(const struct unit_spec *spec, const struct exit_record *r, int64_t lived_ms)
{
    return spec->kind == UNIT_SERVICE && ended_by_itself(r) && r->exit_code == 0 &&
           (r->ready_after_ms < 0 || lived_ms <= BACKGROUND_MS);
}

bool mistake_is_program(const struct unit_spec *spec, const char *name)
{
    return spec->argc && *name &&
           strncmp(last_part(spec->argv[0]), name, MISTAKE_PROGRAM_BYTES - 1) == 0;
}

/* ---- a wrapper swallowed the stop signal ---- */

/* "npm run start" is what npm calls itself. */
static bool begins_a_title(const char *name, const char *const *list)
{
    for (; *list; list++) {
        size_t len = strlen(*list);

        if (strncmp(name, *list, len) == 0 && (name[len] == '\0' || name[len] == ' '))
            return true;
    }
    return false;
}

static bool ends_with(const char *word, const char *end)
{
    size_t len = strlen(word), end_len = strlen(end);

    return len > end_len && strcmp(word + len - end_len, end) == 0;
}

enum wrapper mistake_wrapper(const char *file, const char *name)
{
    static const char *const shells[] = {"sh",    "dash", "bash",  "ash",   "ksh",
                                         "ksh93", "mksh", "pdksh", "zsh",   "fish",
                                         "hush",  "yash", "posh",  "rbash", NULL};
    static const char *const others[] = {"npm", "npx",  "yarn",    "pnpm", "make",
                                         "su",  "sudo", "runuser", "doas", NULL};

    /* A script has its own name; the file is that of the shell. */
    if (one_of(file, shells) || one_of(name, shells) || strcmp(name, "busybox") == 0 ||
        ends_with(name, ".sh"))
        return WRAPPER_SHELL;
    return begins_a_title(name, others) ? WRAPPER_OTHER : WRAPPER_NONE;
}

static bool has_signal(uint64_t set, int sig)
{
    return sig >= 1 && sig <= 64 && (set >> (sig - 1) & 1);
}

/* Who got it from us, whatever its parent did. */
static bool was_told(enum kill_mode mode, const struct mistake_child *child)
{
    return mode == KILL_TREE || (mode == KILL_GROUP && child->in_group);
}

/*
 * The child is the one that would have to end, and nobody has told it. So:
 *
 * - A child that got the signal from us, too (kill_mode = group and it is in the group; kill_mode =
 *   tree) and is still there is deaf or slow itself; no wrapper could have done better. That holds
 *   for a shell with a trap as well: when its child is gone, the shell goes on with its script, and
 *   what it has started since is the next point.
 * - A child that was born after the signal is what the wrapper does about the signal (a trap that
 *   cleans up), or what comes next in its script. It is not the program that was to be told.
 * - A child that ignores or blocks the signal would not have heeded it; one to which it is pending
 *   was told.
 * - A child to which the signal would have been fatal was not told: it lives.
 * - A child that catches it may have been told by its parent, and take its time. A shell cannot
 *   have done so while it waits for a program in the foreground: its trap runs when that has
 *   ended. One that was begun with & has SIGINT and SIGQUIT ignored, by POSIX; there the shell was
 *   free to act. Of other wrappers nothing is known.
 * - A shell that neither catches nor ignores the signal dies of it. If it lives, something else is
 *   the matter.
 */
bool mistake_swallowed(const struct unit_spec *spec, enum wrapper wrapper, bool handles,
                       const struct mistake_child *child)
{
    int sig = spec->stop_signal;

    if (wrapper == WRAPPER_NONE || !handles || !child->older || was_told(spec->kill_mode, child) ||
        has_signal(child->pending | child->blocked | child->ignored, sig))
        return false;
    if (!has_signal(child->caught, sig))
        return true;
    return wrapper == WRAPPER_SHELL && !has_signal(child->ignored, SIGNAL_INT) &&
           !has_signal(child->ignored, SIGNAL_QUIT);
}

/* ---- another process holds the port ---- */

bool mistake_may_lack_port(const struct unit_spec *spec, const struct exit_record *r,
                           int64_t lived_ms)
{
    return spec->kind == UNIT_SERVICE && ended_by_itself(r) && r->exit_code != 0 &&
           !outcome_success(r, &spec->success_exit) &&
           (r->ready_after_ms < 0 || lived_ms <= PORT_MS);
}
