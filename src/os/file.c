#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "os/sys.h"

static int open_to_read(int dir_fd, const char *path)
{
    return sys_openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
}

ssize_t file_read(int dir_fd, const char *path, char *buf, size_t size_bytes)
{
    size_t len = 0;
    int fd = open_to_read(dir_fd, path);

    if (fd < 0)
        return fd;
    while (len < size_bytes - 1) {
        ssize_t n = sys_read(fd, buf + len, size_bytes - 1 - len);

        if (n < 0) {
            sys_close(&fd);
            return n;
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    sys_close(&fd);
    buf[len] = '\0';
    return (ssize_t)len;
}

int file_read_all(int dir_fd, const char *path, struct strbuf *ret)
{
    char buf[4096];
    ssize_t n;
    int fd = open_to_read(dir_fd, path);

    if (fd < 0)
        return fd;
    while ((n = sys_read(fd, buf, sizeof buf)) > 0)
        strbuf_add_bytes(ret, buf, (size_t)n);
    sys_close(&fd);
    if (n < 0)
        return (int)n;
    return ret->failed ? -ENOMEM : 0;
}

int file_each_number(int dir_fd, const char *path, void (*fn)(pid_t number, void *arg), void *arg)
{
    char buf[4096];
    bool in_number = false;
    pid_t number = 0;
    ssize_t n;
    int fd = open_to_read(dir_fd, path);

    if (fd < 0)
        return fd;
    while ((n = sys_read(fd, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (buf[i] >= '0' && buf[i] <= '9') {
                if (number > (INT_MAX - 9) / 10)
                    number = 0;
                number = number * 10 + (buf[i] - '0');
                in_number = true;
            } else if (in_number) {
                fn(number, arg);
                number = 0;
                in_number = false;
            }
        }
    }
    sys_close(&fd);
    if (in_number)
        fn(number, arg);
    return (int)n;
}

int file_write(int dir_fd, const char *path, const char *text)
{
    int fd = sys_openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    ssize_t n;

    if (fd < 0)
        return fd;
    n = sys_write(fd, text, strlen(text));
    sys_close(&fd);
    return n < 0 ? (int)n : 0;
}
