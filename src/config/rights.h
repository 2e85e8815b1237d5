/*
 * What a user may do with files, judged from their modes and from whoever the user is, without
 * becoming that user. What modes do not tell (access control lists, file systems that ask a
 * server) is taken as allowed: a check that cannot know does not complain.
 */
#ifndef REEVE_CONFIG_RIGHTS_H
#define REEVE_CONFIG_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/strbuf.h"

enum { RIGHT_EXECUTE = 1, RIGHT_WRITE = 2, RIGHT_READ = 4 };

struct rights {
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    uint32_t n_groups;
};

/* Whether this one file's owner, group and mode allow all rights in `want`. */
bool rights_allow(const struct rights *who, const struct stat *st, unsigned want);

/* Whether the user may search every directory on the way to `path` (absolute, symbolic links
 * followed) and has `want` on what is there. 0; -EACCES with what refuses it in `culprit`; other
 * negative errno when it is not there, or could not be looked at. */
int rights_reach(const struct rights *who, const char *path, unsigned want, struct strbuf *culprit);

#endif
