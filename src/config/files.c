#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 3 }; /* to find a file at rest */

/* ---- reading ---- */

/* Whether it is there, as far as that can be known without opening it; 0 or negative errno. */
static int look(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return errno == ENOENT && lstat(path, &st) == 0 ? -ENOLINK : -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    return S_ISREG(st.st_mode) ? 0 : -ENOTSUP;
}

static int read_all(int fd, struct strbuf *to)
{
    for (;;) {
        char piece[16384];
        ssize_t n = read(fd, piece, sizeof piece);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        strbuf_add_bytes(to, piece, (size_t)n);
        if (to->failed)
            return -ENOMEM;
        if (to->len_bytes > FILE_MAX_BYTES)
            return -EFBIG;
    }
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Once. -EBUSY when it changed meanwhile. */
static int read_open(int fd, bool regular, struct strbuf *to, struct file_id *ret_id)
{
    struct stat before, after;
    int rc;

    if (fstat(fd, &before) < 0)
        return -errno;
    if (regular && !S_ISREG(before.st_mode))
        return -ENOTSUP;
    rc = read_all(fd, to);
    if (rc < 0 || !S_ISREG(before.st_mode))
        return rc;
    *ret_id = (struct file_id){before.st_dev, before.st_ino};
    return fstat(fd, &after) == 0 && is_same(&before, &after) ? 0 : -EBUSY;
}

int files_read(const char *path, bool regular, struct strbuf *to, struct file_id *ret_id)
{
    int rc = regular ? look(path) : 0;

    *ret_id = (struct file_id){0};
    for (unsigned i = 0; rc == 0 && i < TRIES; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));

        if (fd < 0)
            return -errno;
        rc = read_open(fd, regular, to, ret_id);
        close(fd);
        if (rc != -EBUSY)
            return rc;
        strbuf_finish(to);
        rc = 0;
    }
    return rc < 0 ? rc : -EBUSY;
}

void files_explain(struct strbuf *to, int rc)
{
    switch (rc) {
    case -ENOENT:
        strbuf_add(to, "there is no such file; create it or name another");
        break;
    case -EISDIR:
        strbuf_add(to, "this is a directory; name a file");
        break;
    case -ENOTSUP:
        strbuf_add(to, "this is no regular file; name one");
        break;
    case -ENOLINK:
        strbuf_add(to,
                   "this is a link to a file that is not there; create that or remove the link");
        break;
    case -EBUSY:
        strbuf_add(to, "it is written while it is read; try again when that is done");
        break;
    case -EFBIG:
        strbuf_addf(to, "the file is too large; at most %d MiB are read",
                    FILE_MAX_BYTES / (1024 * 1024));
        break;
    case -EACCES:
        strbuf_addf(to, "it cannot be read: %s; change its permissions or name another",
                    strerror(EACCES));
        break;
    default:
        strbuf_addf(to,
                    "it cannot be read: %s; try again when that is mended, or name "
                    "another",
                    strerror(-rc));
        break;
    }
}

/* ---- finding ---- */

static size_t dir_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

char *files_beside(const char *beside, const char *path, struct arena *arena)
{
    size_t n = *path == '/' ? 0 : dir_len(beside), len = strlen(path);
    char *whole = arena_alloc(arena, n + len + 1, 1);

    if (!whole)
        return NULL;
    memcpy(whole, beside, n);
    memcpy(whole + n, path, len + 1);
    return whole;
}

/* What glob found in the way; it hands nothing through. */
static struct strbuf *in_the_way;
static int in_the_way_errno;

static int on_error(const char *path, int errnum)
{
    if (errnum == ENOENT || errnum == ENOTDIR)
        return 0; /* then there are no files in it */
    strbuf_finish(in_the_way);
    strbuf_add(in_the_way, path);
    in_the_way_errno = errnum;
    return 1;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Copies what was found, sorted. */
static int take_paths(const glob_t *g, struct arena *arena, char ***ret_paths, size_t *ret_n)
{
    char **paths = arena_alloc(arena, g->gl_pathc + 1, sizeof *paths);

    if (!paths)
        return -ENOMEM;
    for (size_t i = 0; i < g->gl_pathc; i++) {
        paths[i] = arena_copy(arena, g->gl_pathv[i], strlen(g->gl_pathv[i]));
        if (!paths[i])
            return -ENOMEM;
    }
    if (g->gl_pathc)
        qsort(paths, g->gl_pathc, sizeof *paths, by_bytes);
    *ret_paths = paths;
    *ret_n = g->gl_pathc;
    return 0;
}

/* The pattern beside that file, whose directory means nothing but itself. */
static char *whole_pattern(const char *beside, const char *pattern)
{
    size_t n = *pattern == '/' ? 0 : dir_len(beside);
    struct strbuf b = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        if (strchr("*?[\\", beside[i]))
            strbuf_add(&b, "\\");
        strbuf_add_bytes(&b, &beside[i], 1);
    }
    strbuf_add(&b, pattern);
    return strbuf_steal(&b);
}

int files_match(const char *beside, const char *pattern, struct arena *arena, char ***ret_paths,
                size_t *ret_n, bool *ret_plain, struct strbuf *refuse)
{
    char *whole;
    glob_t g = {0};
    int rc;

    *ret_n = 0;
    *ret_plain = !strpbrk(pattern, "*?[");
    if (*ret_plain) {
        *ret_paths = arena_alloc(arena, 1, sizeof **ret_paths);
        if (!*ret_paths || !((*ret_paths)[0] = files_beside(beside, pattern, arena)))
            return -ENOMEM;
        *ret_n = 1;
        return 0;
    }
    whole = whole_pattern(beside, pattern);
    if (!whole)
        return -ENOMEM;
    in_the_way = refuse;
    rc = glob(whole, GLOB_NOSORT, on_error, &g);
    free(whole);
    if (rc == GLOB_ABORTED)
        rc = refuse->failed ? -ENOMEM : -in_the_way_errno;
    else if (rc == GLOB_NOSPACE)
        rc = -ENOMEM;
    else
        rc = take_paths(&g, arena, ret_paths, ret_n);
    globfree(&g);
    return rc;
}
