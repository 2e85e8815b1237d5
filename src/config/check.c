#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "config/loader.h"
#include "os/spawn.h"

/* Whether the directory is there; complains otherwise. */
static bool check_directory(struct loader *l, const struct unit_draft *d)
{
    struct place where = draft_place(&d->base, "directory");
    char path[SHOWN_BYTES];
    struct stat st;

    shown(path, d->spec.directory);
    if (stat(d->spec.directory, &st) < 0)
        report_add(&l->report, where, "'%s': %s; create it or name another", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        report_add(&l->report, where, "'%s' is not a directory; name one", path);
    else
        return true;
    return false;
}

/* 0 when `dir`/`name` (below `base` when relative) is a program, or errno. */
static int look_at(const char *base, const char *dir, size_t dir_bytes, const char *name)
{
    struct strbuf path = STRBUF_INIT;
    struct stat st;
    int rc = 0;

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
    strbuf_finish(&path);
    return rc;
}

/* As execvp would search, but without executing. */
static int search(const char *base, const char *path, const char *name)
{
    int best = ENOENT;

    for (;;) {
        size_t len = strcspn(path, ":");
        int rc = look_at(base, path, len, name);

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

static void check_program(struct loader *l, const struct unit_draft *d)
{
    const struct unit_spec *u = &d->spec;
    const char *name = u->argv[0], *in_path = "";
    char text[SHOWN_BYTES];
    int rc;

    if (*name == '/') {
        rc = look_at("", "/", 1, name);
    } else if (strchr(name, '/')) {
        rc = look_at(u->directory, "", 0, name);
    } else {
        rc = search(u->directory, path_of(u), name);
        in_path = " in PATH";
    }
    shown(text, name);
    if (rc == ENOMEM)
        report_out_of_memory(&l->report);
    else if (rc == EACCES)
        report_add(&l->report, draft_place(&d->base, "command"),
                   "the program '%s'%s cannot be executed; it must be a file with an x permission",
                   text, in_path);
    else if (rc)
        report_add(&l->report, draft_place(&d->base, "command"),
                   "the program '%s' was not found%s: %s; install it or write its full path", text,
                   in_path, strerror(rc));
}

void check_unit_places(struct loader *l, const struct unit_draft *d)
{
    bool relative = d->spec.argv && d->spec.argv[0][0] != '/';
    bool there = check_directory(l, d);

    /* One missing directory is one error. */
    if (d->spec.argv && d->spec.envp && (there || !relative))
        check_program(l, d);
}
