#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/utf8.h"

/* No line is longer, its newline included: what a pipe takes as a whole or not at all. */
enum { LINE_BYTES = PIPE_BUF };

#define ELLIPSIS "\xE2\x80\xA6"

/* How to write without ever waiting. */
enum way {
    WAY_POLL,   /* write once poll says it will not wait: files, and where nothing better works */
    WAY_OWN,    /* a description of our own, non-blocking: pipes and terminals */
    WAY_PIPE,   /* a pipe that may not be opened again: a non-blocking write on the shared one */
    WAY_SOCKET, /* send with MSG_DONTWAIT */
    WAY_NONE    /* standard error is closed */
};

static struct {
    char program[32];
    enum log_level most_verbose;
    enum way way;
    int fd;
    bool torn;                /* the last line was cut by a partial write */
    unsigned long dropped;    /* since the start */
    unsigned long unreported; /* of these, not yet told about */
} self = {"reeved", LOG_LEVEL_INFO, WAY_POLL, STDERR_FILENO, false, 0, 0};

void log_init(const char *program, enum log_level most_verbose)
{
    struct stat st;
    int own;

    if (self.way == WAY_OWN)
        close(self.fd);
    snprintf(self.program, sizeof self.program, "%s", program);
    self.most_verbose = most_verbose;
    self.way = WAY_POLL;
    self.fd = STDERR_FILENO;
    self.torn = false;
    if (fstat(STDERR_FILENO, &st) < 0) {
        self.way = WAY_NONE; /* whatever gets the number later is not ours to write to */
        return;
    }
    if (S_ISSOCK(st.st_mode))
        self.way = WAY_SOCKET;
    if (!S_ISFIFO(st.st_mode) && !(S_ISCHR(st.st_mode) && isatty(STDERR_FILENO)))
        return;
    own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0) {
        self.way = WAY_OWN;
        self.fd = own;
    } else if (S_ISFIFO(st.st_mode)) {
        self.way = WAY_PIPE; /* often another user's, in a container */
    }
}

/* ---- the text ---- */

static bool is_control(const unsigned char *p, size_t len)
{
    return (len == 1 && (p[0] < 0x20 || p[0] == 0x7F) && p[0] != '\t') ||
           (len == 2 && p[0] == 0xC2 && p[1] < 0xA0);
}

/* Copies the text with '?' for what could disturb a terminal or is not UTF-8, as far as whole
 * characters fit. Returns the bytes written; *ret_all is whether that was everything. */
static size_t copy_clean(char *to, size_t room, const char *from, size_t n, bool *ret_all)
{
    size_t used = 0;

    for (size_t at = 0; at < n;) {
        const unsigned char *p = (const unsigned char *)from + at;
        size_t len = utf8_length(p, n - at);
        bool replace = len == 0 || is_control(p, len);
        size_t take = replace ? 1 : len;

        if (used + take > room) {
            *ret_all = false;
            return used;
        }
        if (replace)
            to[used] = '?';
        else
            memcpy(to + used, p, take);
        used += take;
        at += len ? len : 1;
    }
    *ret_all = true;
    return used;
}

/* Makes "program: level: message\n" in line, which holds LINE_BYTES. Returns its length. */
static size_t compose(char *line, enum log_level level, const char *message, size_t message_len)
{
    const char *word = level == LOG_LEVEL_ERROR     ? "error: "
                       : level == LOG_LEVEL_WARNING ? "warning: "
                                                    : "";
    int head = snprintf(line, LINE_BYTES, "%s: %s", self.program, word);
    size_t used = (size_t)head;
    bool all;
    size_t n = copy_clean(line + used, LINE_BYTES - 1 - used, message, message_len, &all);

    if (!all) {
        n = copy_clean(line + used, LINE_BYTES - 1 - strlen(ELLIPSIS) - used, message, message_len,
                       &all);
        memcpy(line + used + n, ELLIPSIS, strlen(ELLIPSIS));
        n += strlen(ELLIPSIS);
    }
    used += n;
    line[used++] = '\n';
    return used;
}

/* ---- the writing ---- */

/* One write that does not wait. What nobody reads any more (POLLERR) is not written to, so that no
 * SIGPIPE comes of it. */
static ssize_t write_at_once(const char *text, size_t len)
{
    struct pollfd ready = {.fd = self.fd, .events = POLLOUT};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = len};
    ssize_t n;

    if (self.way == WAY_NONE)
        return -1;
    if (self.way == WAY_SOCKET)
        return send(self.fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT)
        return -1;
    if (self.way == WAY_PIPE) {
        n = pwritev2(self.fd, &iov, 1, -1, RWF_NOWAIT);
        if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return n;
    }
    return write(self.fd, text, len);
}

static bool put(const char *text, size_t len)
{
    ssize_t n;

    if (self.torn && write_at_once("\n", 1) != 1)
        return false;
    self.torn = false;
    do
        n = write_at_once(text, len);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    self.torn = (size_t)n < len;
    return !self.torn;
}

static bool report_dropped(void)
{
    char message[64], line[LINE_BYTES];
    int n;

    if (self.unreported == 0)
        return true;
    n = snprintf(message, sizeof message, "%lu log line%s dropped", self.unreported,
                 self.unreported == 1 ? " was" : "s were");
    if (!put(line, compose(line, LOG_LEVEL_WARNING, message, (size_t)n)))
        return false;
    self.unreported = 0;
    return true;
}

void log_line(enum log_level level, const char *format, ...)
{
    char message[LINE_BYTES + 8], line[LINE_BYTES];
    int saved_errno = errno;
    va_list args;
    size_t len;
    int n;

    if (level > self.most_verbose)
        return;
    va_start(args, format);
    n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (n < 0) /* out of memory, or an unprintable wide character: the format says most of it */
        n = snprintf(message, sizeof message, "%s", format);
    len = n < (int)sizeof message ? (size_t)n : sizeof message - 1;
    if (!report_dropped() || !put(line, compose(line, level, message, len))) {
        self.dropped++;
        self.unreported++;
    }
    errno = saved_errno;
}

unsigned long log_dropped(void)
{
    return self.dropped;
}
