#include "config/users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "config/errors.h"

enum { NSS_BYTES_FIRST = 4096, NSS_BYTES_MOST = 16 * 1024 * 1024, GROUPS_MOST = 65536 };

/* ---- asking NSS ---- */

struct nss_answer {
    struct passwd passwd;
    struct group group;
    char *buffer; /* owned */
};

enum nss_question { BY_USER_NAME, BY_UID, BY_GROUP_NAME, BY_GID };

static int ask_once(enum nss_question q, const char *name, unsigned id, struct nss_answer *a,
                    size_t bytes, bool *ret_found)
{
    struct passwd *p = NULL;
    struct group *g = NULL;
    int rc = EINVAL;

    switch (q) {
    case BY_USER_NAME:
        rc = getpwnam_r(name, &a->passwd, a->buffer, bytes, &p);
        break;
    case BY_UID:
        rc = getpwuid_r(id, &a->passwd, a->buffer, bytes, &p);
        break;
    case BY_GROUP_NAME:
        rc = getgrnam_r(name, &a->group, a->buffer, bytes, &g);
        break;
    case BY_GID:
        rc = getgrgid_r(id, &a->group, a->buffer, bytes, &g);
        break;
    }
    *ret_found = p || g;
    return rc;
}

/* 1 found, 0 not found, negative errno when it could not be looked up. The caller frees a->buffer.
 */
static int ask(enum nss_question q, const char *name, unsigned id, struct nss_answer *a)
{
    int rc = ERANGE;
    bool found = false;

    *a = (struct nss_answer){0};
    for (size_t bytes = NSS_BYTES_FIRST; rc == ERANGE && bytes <= NSS_BYTES_MOST; bytes *= 4) {
        char *buffer = realloc(a->buffer, bytes);

        if (!buffer)
            return -ENOMEM;
        a->buffer = buffer;
        do
            rc = ask_once(q, name, id, a, bytes, &found);
        while (rc == EINTR);
    }
    if (found)
        return 1;
    /* What "there is none" looks like differs by NSS module. */
    if (rc == 0 || rc == ENOENT || rc == ESRCH || rc == EBADF || rc == EPERM)
        return 0;
    return -rc;
}

static bool parse_id(const char *text, unsigned *ret_id)
{
    uint64_t n = 0;

    if (!*text || strlen(text) > 10)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (unsigned)(*text - '0');
    }
    /* The largest number means "leave unchanged" to setuid and friends. */
    if (n >= UINT32_MAX)
        return false;
    *ret_id = (unsigned)n;
    return true;
}

/* By name, then by number. As ask(). *ret_numeric: it is a number, found or not. */
static int look_up(enum nss_question by_name, enum nss_question by_id, const char *text,
                   struct nss_answer *a, bool *ret_numeric, unsigned *ret_id)
{
    int rc = ask(by_name, text, 0, a);

    *ret_numeric = false;
    if (rc != 0 || !parse_id(text, ret_id))
        return rc;
    *ret_numeric = true;
    free(a->buffer);
    return ask(by_id, NULL, *ret_id, a);
}

/* ---- did you mean ---- */

enum { NAMES_MOST = 1000, NAME_BYTES = 64 };

struct names {
    char texts[NAMES_MOST][NAME_BYTES];
    const char *list[NAMES_MOST];
    size_t n;
};

/* The first field of each line of a file like /etc/passwd. Not through NSS: listing everybody a
 * name service knows can take for ever, and a slip is mostly one in a local name. */
static void read_names(struct names *to, const char *path)
{
    FILE *f = fopen(path, "re");
    char line[4096];

    while (f && to->n < NAMES_MOST && fgets(line, sizeof line, f)) {
        size_t len = strcspn(line, ":");

        if (len == 0 || len >= NAME_BYTES || line[len] != ':')
            continue;
        memcpy(to->texts[to->n], line, len);
        to->texts[to->n][len] = '\0';
        to->list[to->n] = to->texts[to->n];
        to->n++;
    }
    if (f)
        fclose(f);
}

/* Adds "did you mean", or what else can be done. */
static void suggest(const char *path, const char *text, struct strbuf *why)
{
    struct names *names = calloc(1, sizeof *names);
    const char *near = NULL;

    if (names) {
        read_names(names, path);
        near = nearest_name(text, names->list, names->n);
    }
    if (near && strcmp(near, text) != 0) /* the same: in the file, but NSS does not know it */
        strbuf_addf(why, "did you mean '%s'?", near);
    else
        strbuf_add(why, "create it or name another");
    free(names);
}

static int complain_lookup(const char *kind, const char *text, int rc, struct strbuf *why)
{
    char word[SHOWN_BYTES];

    if (rc == -ENOMEM)
        return rc;
    shown(word, text);
    if (rc < 0) {
        strbuf_addf(why, "the %s '%s' could not be looked up: %s; try again when that works", kind,
                    word, strerror(-rc));
    } else {
        strbuf_addf(why, "there is no %s '%s' on this system; ", kind, word);
        suggest(strcmp(kind, "user") == 0 ? "/etc/passwd" : "/etc/group", text, why);
    }
    return -EINVAL;
}

/* ---- groups ---- */

/* `ret_name`, if given, is the name in the arena. */
static int resolve_group(struct users *u, const char *text, gid_t *ret_gid, const char **ret_name,
                         struct strbuf *why)
{
    struct nss_answer a;
    const char *name = text;
    bool numeric;
    unsigned id = 0;
    int rc = look_up(BY_GROUP_NAME, BY_GID, text, &a, &numeric, &id);

    if (rc == 1) {
        *ret_gid = a.group.gr_gid;
        name = a.group.gr_name;
    } else if (rc == 0 && numeric) {
        *ret_gid = id; /* a group is only a number: it needs no entry */
    } else {
        rc = complain_lookup("group", text, rc, why);
    }
    if (rc >= 0 && ret_name) {
        *ret_name = arena_copy(u->arena, name, strlen(name));
        if (!*ret_name)
            rc = -ENOMEM;
    }
    free(a.buffer);
    return rc < 0 ? rc : 0;
}

/* Whether the process, that is reeved or its child, has the group. */
static bool own_group(gid_t gid)
{
    gid_t groups[1024];
    int n = getgroups(sizeof groups / sizeof groups[0], groups);

    if (gid == getegid())
        return true;
    for (int i = 0; i < n; i++) {
        if (groups[i] == gid)
            return true;
    }
    return n < 0; /* too many to know */
}

int users_group(struct users *u, const char *text, gid_t *ret_gid, const char **ret_name,
                struct strbuf *why)
{
    int rc = resolve_group(u, text, ret_gid, ret_name, why);
    char word[SHOWN_BYTES];

    if (rc < 0 || u->own_uid == 0 || own_group(*ret_gid))
        return rc;
    strbuf_addf(why,
                "reeved runs as user number %u, who is not in the group '%s'; name a group of "
                "that user, or run it as root",
                (unsigned)u->own_uid, shown(word, text));
    return -EINVAL;
}

static int groups_of(struct identity *id, const char *name, struct arena *arena)
{
    for (int cap = 64; cap <= GROUPS_MOST; cap *= 4) {
        gid_t *groups = arena_alloc(arena, (size_t)cap, sizeof *groups);
        int n = cap;

        if (!groups)
            return -ENOMEM;
        if (getgrouplist(name, id->gid, groups, &n) >= 0) {
            id->groups = groups;
            id->n_groups = (uint32_t)n;
            return 0;
        }
    }
    return -E2BIG;
}

static int only_group(struct identity *id, struct arena *arena)
{
    id->groups = arena_alloc(arena, 1, sizeof *id->groups);
    if (!id->groups)
        return -ENOMEM;
    id->groups[0] = id->gid;
    id->n_groups = 1;
    return 0;
}

/* ---- users ---- */

static const char *keep(struct users *u, const char *text)
{
    return arena_copy(u->arena, text, strlen(text));
}

/* A number without an entry: nothing but the number is known of the user. */
static int bare_number(struct users *u, struct identity *id, const char *text, unsigned uid,
                       bool has_group, struct strbuf *why)
{
    if (!has_group) {
        strbuf_addf(
            why, "no user has the number %u here, so its group is unknown; give 'group' too", uid);
        return -EINVAL;
    }
    id->uid = uid;
    id->home = "/";
    id->shell = "/bin/sh";
    id->name = keep(u, text);
    return id->name ? only_group(id, u->arena) : -ENOMEM;
}

/* id->gid is already set when there is a group. */
static int resolve_user(struct users *u, struct identity *id, const char *text, bool has_group,
                        struct strbuf *why)
{
    struct nss_answer a;
    bool numeric;
    unsigned uid = 0;
    int rc = look_up(BY_USER_NAME, BY_UID, text, &a, &numeric, &uid);

    if (rc == 1) {
        id->uid = a.passwd.pw_uid;
        if (!has_group)
            id->gid = a.passwd.pw_gid;
        id->name = keep(u, a.passwd.pw_name);
        id->home = keep(u, *a.passwd.pw_dir ? a.passwd.pw_dir : "/");
        id->shell = keep(u, *a.passwd.pw_shell ? a.passwd.pw_shell : "/bin/sh");
        rc =
            id->name && id->home && id->shell ? groups_of(id, a.passwd.pw_name, u->arena) : -ENOMEM;
        if (rc == -E2BIG)
            rc = complain_lookup("user", text, rc, why);
    } else if (rc == 0 && numeric) {
        rc = bare_number(u, id, text, uid, has_group, why);
    } else {
        rc = complain_lookup("user", text, rc, why);
    }
    free(a.buffer);
    return rc;
}

/* Without root, nobody else can be become. */
static int check_permitted(const struct users *u, struct identity *id, const char *user,
                           const char *group, struct users_why *why)
{
    char word[SHOWN_BYTES];

    if (u->own_uid == 0)
        return 0;
    id->change = false;
    if (user && id->uid != u->own_uid)
        strbuf_addf(&why->user,
                    "reeved runs as user number %u and cannot become '%s'; run it as root, or "
                    "remove the key",
                    (unsigned)u->own_uid, shown(word, user));
    if (group && id->gid != getgid())
        strbuf_addf(&why->group,
                    "reeved runs as user number %u and cannot take the group '%s'; run it as "
                    "root, or remove the key",
                    (unsigned)u->own_uid, shown(word, group));
    return why->user.len_bytes || why->group.len_bytes ? -EINVAL : 0;
}

static int resolve(struct users *u, struct identity *id, const char *user, const char *group,
                   struct users_why *why)
{
    int rc = 0, rc_group = 0;

    *id = (struct identity){.change = true, .uid = u->own_uid};
    if (group)
        rc_group = resolve_group(u, group, &id->gid, NULL, &why->group);
    if (rc_group == -ENOMEM)
        return rc_group;
    /* A group that is refused does not keep the user from being judged. */
    if (user)
        rc = resolve_user(u, id, user, group != NULL, &why->user);
    else if (rc_group == 0)
        rc = only_group(id, u->arena);
    if (rc == 0)
        rc = rc_group;
    return rc < 0 ? rc : check_permitted(u, id, user, group, why);
}

void users_init(struct users *u, uid_t own_uid, struct arena *arena)
{
    *u = (struct users){.own_uid = own_uid, .arena = arena};
    strtab_init(&u->known);
}

void users_finish(struct users *u)
{
    strtab_finish(&u->known);
}

int users_resolve(struct users *u, const char *user, const char *group, const struct identity **ret,
                  struct users_why *why)
{
    size_t user_bytes = user ? strlen(user) : 0, group_bytes = group ? strlen(group) : 0;
    char *question = arena_alloc(u->arena, user_bytes + group_bytes + 2, 1);
    struct identity *id = arena_alloc(u->arena, 1, sizeof *id);
    struct strtab_entry *e;
    bool added;
    int rc;

    if (!question || !id)
        return -ENOMEM;
    if (user)
        memcpy(question, user, user_bytes);
    if (group)
        memcpy(question + user_bytes + 1, group, group_bytes);
    e = strtab_find(&u->known, question, user_bytes + group_bytes + 2);
    if (!e) {
        rc = resolve(u, id, user, group, why);
        if (rc < 0)
            return rc;
        e = strtab_put(&u->known, question, user_bytes + group_bytes + 2, &added);
        if (!e)
            return -ENOMEM;
        e->value = (uint64_t)(uintptr_t)id;
    }
    *ret = (const struct identity *)(uintptr_t)e->value;
    return 0;
}
