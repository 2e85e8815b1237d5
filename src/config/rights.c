#include "config/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static bool in_group(const struct rights *who, gid_t gid)
{
    if (who->gid == gid)
        return true;
    for (uint32_t i = 0; i < who->n_groups; i++) {
        if (who->groups[i] == gid)
            return true;
    }
    return false;
}

bool rights_allow(const struct rights *who, const struct stat *st, unsigned want)
{
    unsigned mode = (unsigned)st->st_mode;

    if (who->uid == 0) /* executes what anybody may, searches and writes everything */
        return !(want & RIGHT_EXECUTE) || S_ISDIR(st->st_mode) || (mode & 0111);
    if (st->st_uid == who->uid)
        mode >>= 6;
    else if (in_group(who, st->st_gid))
        mode >>= 3;
    return (mode & want) == want;
}

/* With an access control list the mode is not all there is to know. */
static bool has_acl(const char *path)
{
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

static int judge(const struct rights *who, const char *path, unsigned want, struct strbuf *culprit)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (rights_allow(who, &st, want) || has_acl(path))
        return 0;
    strbuf_add(culprit, path);
    return culprit->failed ? -ENOMEM : -EACCES;
}

/* `path` is canonical; it is cut at each slash in turn, and whole again at the end. */
static int judge_way(const struct rights *who, char *path, struct strbuf *culprit)
{
    int rc = judge(who, "/", RIGHT_EXECUTE, culprit);

    for (char *slash = strchr(path + 1, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = judge(who, path, RIGHT_EXECUTE, culprit);
        *slash = '/';
    }
    return rc;
}

int rights_reach(const struct rights *who, const char *path, unsigned want, struct strbuf *culprit)
{
    char *real = realpath(path, NULL);
    int rc;

    if (!real)
        return -errno;
    rc = judge_way(who, real, culprit);
    if (rc == 0)
        rc = judge(who, real, want, culprit);
    free(real);
    return rc;
}
