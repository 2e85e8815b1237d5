#include "os/cgroup_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "os/file.h"

/* A stretch of a text that is not NUL-terminated. */
struct span {
    const char *text;
    size_t len;
};

static bool span_is(struct span s, const char *text)
{
    return strlen(text) == s.len && memcmp(s.text, text, s.len) == 0;
}

/* Takes the next line, or returns false at the end. */
static bool next_line(const char **at, struct span *ret)
{
    const char *end;

    if (**at == '\0')
        return false;
    end = strchrnul(*at, '\n');
    *ret = (struct span){*at, (size_t)(end - *at)};
    *at = *end ? end + 1 : end;
    return true;
}

/* Takes the next word of a line. */
static bool next_word(struct span *line, struct span *ret)
{
    const char *end;

    while (line->len && *line->text == ' ') {
        line->text++;
        line->len--;
    }
    if (line->len == 0)
        return false;
    end = memchr(line->text, ' ', line->len);
    *ret = (struct span){line->text, end ? (size_t)(end - line->text) : line->len};
    line->text += ret->len;
    line->len -= ret->len;
    return true;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* Undoes the kernel's \040 style of writing blanks and backslashes. */
static void add_unescaped(struct strbuf *b, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *p = s.text + i;
        char c = *p;

        if (c == '\\' && s.len - i > 3 && is_octal(p[1]) && is_octal(p[2]) && is_octal(p[3])) {
            c = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            i += 3;
        }
        strbuf_add_bytes(b, &c, 1);
    }
}

/* The path of the "0::" line; a cgroup outside of our namespace begins with "/.." and is none. */
static bool own_path(const char *cgroup_text, struct span *ret)
{
    struct span line;

    while (next_line(&cgroup_text, &line)) {
        if (line.len < 4 || memcmp(line.text, "0::/", 4) != 0)
            continue;
        *ret = (struct span){line.text + 3, line.len - 3};
        return !(ret->len >= 3 && memcmp(ret->text, "/..", 3) == 0 &&
                 (ret->len == 3 || ret->text[3] == '/'));
    }
    return false;
}

/* The root and mount point of a cgroup2 line of mountinfo:
 * id parent major:minor root mount-point options [optional]... - type source options */
static bool cgroup2_mount(struct span line, struct span *ret_root, struct span *ret_point)
{
    struct span word;

    for (int i = 0; i < 6; i++) {
        if (!next_word(&line, &word))
            return false;
        if (i == 3)
            *ret_root = word;
        if (i == 4)
            *ret_point = word;
    }
    while (next_word(&line, &word))
        if (span_is(word, "-"))
            return next_word(&line, &word) && span_is(word, "cgroup2");
    return false;
}

/* Appends to `b` where `own` is seen through a mount of `root` at `point`; false when it is not. */
static bool place_under(struct strbuf *b, struct span own, struct span root, struct span point)
{
    struct strbuf plain_root = STRBUF_INIT;
    const char *prefix;
    size_t len;
    bool inside;

    add_unescaped(&plain_root, root);
    prefix = strbuf_text(&plain_root);
    len = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);
    inside = !plain_root.failed && own.len >= len && memcmp(own.text, prefix, len) == 0 &&
             (own.len == len || own.text[len] == '/');
    b->failed = b->failed || plain_root.failed;
    strbuf_finish(&plain_root);
    if (!inside)
        return false;
    add_unescaped(b, point);
    if (own.len - len > 1) /* more than "/" */
        strbuf_add_bytes(b, own.text + len, own.len - len);
    return true;
}

int cgroup_find_in(const char *cgroup_text, const char *mountinfo_text, char **ret_path)
{
    struct strbuf path = STRBUF_INIT;
    struct span own, line, root, point;
    bool found = false;

    *ret_path = NULL;
    if (!own_path(cgroup_text, &own))
        return -ENOENT;
    while (!found && !path.failed && next_line(&mountinfo_text, &line))
        found = cgroup2_mount(line, &root, &point) && place_under(&path, own, root, point);
    if (!found && !path.failed) {
        strbuf_finish(&path);
        return -ENOENT;
    }
    *ret_path = strbuf_steal(&path);
    return *ret_path ? 0 : -ENOMEM;
}

int cgroup_find_own(char **ret_path)
{
    struct strbuf cgroup = STRBUF_INIT;
    struct strbuf mounts = STRBUF_INIT;
    int r;

    *ret_path = NULL;
    r = file_read_all(AT_FDCWD, "/proc/self/cgroup", &cgroup);
    if (r == 0)
        r = file_read_all(AT_FDCWD, "/proc/self/mountinfo", &mounts);
    if (r == 0)
        r = cgroup_find_in(strbuf_text(&cgroup), strbuf_text(&mounts), ret_path);
    strbuf_finish(&cgroup);
    strbuf_finish(&mounts);
    return r;
}
