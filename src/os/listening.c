#include "os/listening.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/sys.h"

enum { STATE_LISTEN = 0x0A };

/* The kernel prints each 32 bits as a number in the machine's order; in memory they are as on the
 * network. */
static bool parse_address(const char *hex, bool ipv6, uint8_t ret[16])
{
    unsigned words = ipv6 ? 4 : 1;

    if (strlen(hex) != words * 8)
        return false;
    for (unsigned i = 0; i < words; i++) {
        uint32_t word;

        if (sscanf(hex + i * 8, "%8" SCNx32, &word) != 1)
            return false;
        memcpy(ret + i * 4, &word, 4);
    }
    return true;
}

bool listening_parse(const char *line, bool ipv6, struct listening *ret)
{
    char address[33];
    unsigned port, state;
    uint64_t inode;

    if (sscanf(
            line,
            " %*u: %32[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
            address, &port, &state, &inode) != 4)
        return false;
    if (state != STATE_LISTEN || !port)
        return false;
    *ret = (struct listening){.address = {.ipv6 = ipv6, .port = (uint16_t)port}, .inode = inode};
    return parse_address(address, ipv6, ret->address.bytes);
}

static int each_of(const char *path, bool ipv6, void (*visit)(const struct listening *l, void *arg),
                   void *arg)
{
    FILE *lines = fopen(path, "re");
    struct listening l;
    char line[512];

    if (!lines)
        return -errno;
    while (fgets(line, sizeof line, lines))
        if (listening_parse(line, ipv6, &l))
            visit(&l, arg);
    fclose(lines);
    return 0;
}

int listening_each(void (*visit)(const struct listening *l, void *arg), void *arg)
{
    int r = each_of("/proc/net/tcp", false, visit, arg);

    /* There may be no IPv6. */
    return each_of("/proc/net/tcp6", true, visit, arg) == 0 ? 0 : r;
}

int listening_each_socket_of(pid_t pid, void (*visit)(uint64_t inode, void *arg), void *arg)
{
    const struct dirent *entry;
    char text[64];
    DIR *dir;
    int fd;

    snprintf(text, sizeof text, "/proc/%d/fd", (int)pid);
    fd = sys_open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    dir = fdopendir(fd);
    if (!dir) {
        sys_close(&fd);
        return -ENOMEM;
    }
    while ((entry = readdir(dir))) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, text, sizeof text - 1);
        uint64_t inode;

        text[n > 0 ? n : 0] = '\0';
        if (sscanf(text, "socket:[%" SCNu64 "]", &inode) == 1)
            visit(inode, arg);
    }
    closedir(dir);
    return 0;
}
