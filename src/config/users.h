/* Users and groups through NSS: may block and read files, so only ever in a short-lived process. */
#ifndef REEVE_CONFIG_USERS_H
#define REEVE_CONFIG_USERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "base/strtab.h"
#include "config/arena.h"

struct identity {
    bool change; /* false: reeved already is that user; the ids need not be set */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* the supplementary list to set; in the arena */
    uint32_t n_groups;
    /* For the environment; NULL when only a group was given. */
    const char *home;
    const char *name;
    const char *shell;
};

struct users {
    uid_t own_uid; /* whom reeved runs as */
    struct arena *arena;
    struct strtab known; /* what was asked for -> answer; each user is looked up once */
};

void users_init(struct users *u, uid_t own_uid, struct arena *arena);
void users_finish(struct users *u);
/* What is wrong with a user and what with a group: both can be. Empty: nothing. */
struct users_why {
    struct strbuf user;
    struct strbuf group;
};

/*
 * `user` and `group` as written, either may be NULL but not both; names or numbers. 0; -ENOMEM; or
 * -EINVAL with the problems in `why`.
 */
int users_resolve(struct users *u, const char *user, const char *group, const struct identity **ret,
                  struct users_why *why);
/*
 * A group that reeved is to hand something to: one of its own unless it is root. 0 with its number
 * and its name (in the arena; the number as text when it has none); -ENOMEM; or -EINVAL with the
 * problem in `why`.
 */
int users_group(struct users *u, const char *text, gid_t *ret_gid, const char **ret_name,
                struct strbuf *why);

#endif
