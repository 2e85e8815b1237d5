#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "config/loader.h"
#include "config/rights.h"
#include "os/spawn.h"

/* How to see the places of one unit: as its user, if it has one. */
struct eyes {
    struct rights who;
    bool other;           /* not those of reeved */
    const char *user;     /* " as user 'x'", or "" */
    struct strbuf refuse; /* what is in the way, once something was */
};

static void eyes_init(struct eyes *e, struct strbuf *name, const struct unit_draft *d)
{
    const struct unit_spec *u = &d->spec;
    char text[SHOWN_BYTES];

    *e = (struct eyes){.who = {u->uid, u->gid, u->groups, u->n_groups},
                       .other = u->change_user,
                       .refuse = STRBUF_INIT};
    if (d->user && u->change_user)
        strbuf_addf(name, " as user '%s'", shown(text, d->user));
    e->user = strbuf_text(name);
}

/* 0 when the unit may have `want` of what is there, or errno. */
static int look(struct eyes *e, const char *path, unsigned want)
{
    if (!e->other)
        return faccessat(AT_FDCWD, path, (int)want, AT_EACCESS) < 0 ? errno : 0;
    strbuf_finish(&e->refuse);
    return -rights_reach(&e->who, path, want, &e->refuse);
}

/* "; '/srv' must have an x permission for it" */
static const char *remedy(const struct eyes *e, struct strbuf *b, const char *otherwise)
{
    char text[SHOWN_BYTES];

    if (e->refuse.len_bytes)
        strbuf_addf(b, "'%s' must have an x permission for that user",
                    shown(text, strbuf_text(&e->refuse)));
    else
        strbuf_add(b, otherwise);
    return strbuf_text(b);
}

/* Whether the directory is there; complains otherwise. */
static bool check_directory(struct loader *l, const struct unit_draft *d, struct eyes *e)
{
    struct place where = draft_place(&d->base, "directory");
    struct strbuf advice = STRBUF_INIT;
    char path[SHOWN_BYTES];
    struct stat st;
    bool good = false;

    shown(path, d->spec.directory);
    if (stat(d->spec.directory, &st) < 0)
        report_add(&l->report, where, "'%s': %s; %s it or name another", path, strerror(errno),
                   errno == EACCES ? "give access to" : "create");
    else if (!S_ISDIR(st.st_mode))
        report_add(&l->report, where, "'%s' is not a directory; name one", path);
    else if (look(e, d->spec.directory, RIGHT_EXECUTE) == EACCES)
        report_add(&l->report, where, "'%s' may not be entered%s; %s", path, e->user,
                   remedy(e, &advice, "it must have an x permission"));
    else
        good = true;
    strbuf_finish(&advice);
    return good;
}

/* 0 when `dir`/`name` (below `base` when relative) is a program, or errno. */
static int look_at(struct eyes *e, const char *base, const char *dir, size_t dir_bytes,
                   const char *name)
{
    struct strbuf path = STRBUF_INIT;
    struct stat st;
    int rc;

    if (dir_bytes == 0 || *dir != '/') {
        strbuf_add(&path, base);
        strbuf_add(&path, "/");
    }
    strbuf_add_bytes(&path, dir, dir_bytes);
    strbuf_add(&path, "/");
    strbuf_add(&path, name);
    if (path.failed)
        rc = ENOMEM;
    else if (stat(strbuf_text(&path), &st) < 0)
        rc = errno;
    else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        rc = EACCES;
    else
        rc = look(e, strbuf_text(&path), RIGHT_EXECUTE);
    strbuf_finish(&path);
    return rc;
}

/* As execvp would search, but without executing. */
static int search(struct eyes *e, const char *base, const char *path, const char *name)
{
    int best = ENOENT;

    for (;;) {
        size_t len = strcspn(path, ":");
        int rc = look_at(e, base, path, len, name);

        if (rc == 0 || rc == ENOMEM)
            return rc;
        if (rc == EACCES)
            best = EACCES;
        if (!path[len])
            return best;
        path += len + 1;
    }
}

static const char *path_of(const struct unit_spec *u)
{
    for (uint32_t i = 0; i < u->envc; i++) {
        if (strncmp(u->envp[i], "PATH=", 5) == 0)
            return u->envp[i] + 5;
    }
    return SPAWN_DEFAULT_PATH;
}

/* The program `name` that stands there. */
static void check_program(struct loader *l, const struct unit_spec *u, struct eyes *e,
                          struct place where, const char *name)
{
    const char *in_path = "";
    struct strbuf advice = STRBUF_INIT;
    char text[SHOWN_BYTES];
    int rc;

    strbuf_finish(&e->refuse); /* what refuses the directory is told already */
    if (*name == '/') {
        rc = look_at(e, "", "/", 1, name);
    } else if (strchr(name, '/')) {
        rc = look_at(e, u->directory, "", 0, name);
    } else {
        rc = search(e, u->directory, path_of(u), name);
        in_path = " in PATH";
    }
    shown(text, name);
    if (rc == ENOMEM)
        report_out_of_memory(&l->report);
    else if (rc == EACCES)
        report_add(&l->report, where, "the program '%s'%s cannot be executed%s; %s", text, in_path,
                   e->user, remedy(e, &advice, "it must be a file with an x permission"));
    else if (rc)
        report_add(&l->report, where, "the program '%s' was not found%s: %s; install it or %s",
                   text, in_path, strerror(rc),
                   *in_path ? "write its full path" : "correct the path");
    strbuf_finish(&advice);
}

/* The programs of all keys. `there`: the unit's directory is; one that is missing is one error. */
static void check_programs(struct loader *l, const struct unit_draft *d, struct eyes *e, bool there)
{
    const struct unit_spec *u = &d->spec;
    const struct {
        const char *key;
        char *const *argv;
    } programs[] = {
        {"command", u->argv}, {"ready", u->ready_probe.argv}, {"health", u->health.argv}};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        char *const *argv = programs[i].argv;

        if (argv && (there || argv[0][0] == '/'))
            check_program(l, u, e, draft_place(&d->base, programs[i].key), argv[0]);
    }
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        for (uint32_t i = 0; i < u->hooks[hook].n; i++) {
            const char *name = u->hooks[hook].commands[i].argv[0];
            struct place where = draft_line_place(&d->base, hook_name(hook), i);

            if (there || *name == '/')
                check_program(l, u, e, where, name);
        }
    }
}

static void check_input(struct loader *l, const struct unit_draft *d, struct eyes *e)
{
    struct place where = draft_place(&d->base, "stdin");
    const char *path = d->spec.stdin_path;
    struct strbuf advice = STRBUF_INIT;
    char text[SHOWN_BYTES];
    struct stat st;

    if (!path)
        return;
    shown(text, path);
    strbuf_finish(&e->refuse);
    if (stat(path, &st) < 0)
        report_add(&l->report, where, "'%s': %s; %s it or name another", text, strerror(errno),
                   errno == EACCES ? "give access to" : "create");
    else if (S_ISDIR(st.st_mode))
        report_add(&l->report, where, "'%s' is a directory; name a file", text);
    else if (look(e, path, RIGHT_READ) == EACCES)
        report_add(&l->report, where, "'%s' may not be read%s; %s", text, e->user,
                   remedy(e, &advice, "it must have an r permission"));
    strbuf_finish(&advice);
}

void check_unit_places(struct loader *l, const struct unit_draft *d)
{
    struct strbuf name = STRBUF_INIT;
    struct eyes e;
    bool there;

    eyes_init(&e, &name, d);
    there = check_directory(l, d, &e);
    if (d->spec.envp)
        check_programs(l, d, &e, there);
    check_input(l, d, &e);
    strbuf_finish(&e.refuse);
    strbuf_finish(&name);
}
