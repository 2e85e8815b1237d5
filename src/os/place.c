#include "os/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/sys.h"

void place_finish(struct place *p)
{
    sys_close(&p->dir_fd);
}

static void begin(struct place *p)
{
    memset(p, 0, sizeof *p);
    p->address.sun_family = AF_UNIX;
    p->len_bytes = sizeof p->address;
    p->dir_fd = -1;
}

/* The address of `name` in the directory dir_fd, by way of /proc. */
static int lean_on_directory(struct place *p, const char *name)
{
    char link[sizeof "/proc/self/fd/" + 12];
    int n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", p->dir_fd);
    if (access(link, F_OK) < 0)
        return -ENAMETOOLONG;
    n = snprintf(p->address.sun_path, sizeof p->address.sun_path, "%s/%s", link, name);
    return n < (int)sizeof p->address.sun_path ? 0 : -ENAMETOOLONG;
}

int place_init(struct place *p, const char *path)
{
    size_t len = strlen(path);
    const char *slash = strrchr(path, '/');
    char dir[4096];
    int r;

    begin(p);
    if (len == 0)
        return -EINVAL;
    if (len < sizeof p->address.sun_path) {
        memcpy(p->address.sun_path, path, len + 1);
        return 0;
    }
    if (!slash || slash == path || (size_t)(slash - path) >= sizeof dir)
        return -ENAMETOOLONG;
    memcpy(dir, path, (size_t)(slash - path));
    dir[slash - path] = '\0';
    p->dir_fd = sys_open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (p->dir_fd < 0) {
        r = p->dir_fd;
        p->dir_fd = -1;
        return r;
    }
    r = lean_on_directory(p, slash + 1);
    if (r < 0)
        place_finish(p);
    return r;
}

int place_init_abstract(struct place *p, const char *name)
{
    size_t len = strlen(name);

    begin(p);
    if (len == 0)
        return -EINVAL;
    if (len >= sizeof p->address.sun_path)
        return -ENAMETOOLONG;
    memcpy(p->address.sun_path + 1, name, len); /* after a NUL; the length ends it */
    p->len_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
    return 0;
}
