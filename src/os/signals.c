#include "os/signals.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { LAST_SIGNAL = 64 };

static const char *const names[LAST_SIGNAL + 1] = {
    [SIGHUP] = "HUP",   [SIGINT] = "INT",   [SIGQUIT] = "QUIT",     [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS",       [SIGFPE] = "FPE",
    [SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV",     [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",     [SIGSTKFLT] = "STKFLT",
    [SIGCHLD] = "CHLD", [SIGCONT] = "CONT", [SIGSTOP] = "STOP",     [SIGTSTP] = "TSTP",
    [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU", [SIGURG] = "URG",       [SIGXCPU] = "XCPU",
    [SIGXFSZ] = "XFSZ", [SIGPROF] = "PROF", [SIGVTALRM] = "VTALRM", [SIGWINCH] = "WINCH",
    [SIGIO] = "IO",     [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
};

static const struct {
    const char *name;
    int sig;
} aliases[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};

/* Signals that stay as they are: two cannot be blocked, a fault of our own must end us, and CONT
 * is harmless. libc keeps the two below SIGRTMIN for itself. */
static bool left_alone(int sig)
{
    switch (sig) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCONT:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSYS:
    case SIGTRAP:
    case SIGABRT:
        return true;
    default:
        return sig > SIGSYS && sig < SIGRTMIN;
    }
}

static void stop_ignoring(int sig)
{
    struct sigaction action;

    if (sigaction(sig, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(sig, &action, NULL);
}

int signals_init(void)
{
    sigset_t blocked, read_here;
    int fd;

    sigemptyset(&blocked);
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if (!left_alone(sig))
            sigaddset(&blocked, sig);
    read_here = blocked;
    sigdelset(&read_here, SIGPIPE);

    /* Exactly this mask, whatever the parent had blocked; and before the dispositions change, so
     * that nothing slips through between. */
    if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0)
        return -errno;
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        stop_ignoring(sig);
    fd = signalfd(-1, &read_here, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int signals_next(int fd)
{
    struct signalfd_siginfo info;
    ssize_t n;

    do
        n = read(fd, &info, sizeof info);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : -errno;
    return n == (ssize_t)sizeof info ? (int)info.ssi_signo : -EIO;
}

/* Decimal digits only; -EINVAL for anything else and for numbers beyond the signals. */
static int parse_number(const char *text)
{
    int n = 0;

    if (*text == '\0')
        return -EINVAL;
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text))
            return -EINVAL;
        n = n * 10 + (*text - '0');
        if (n > LAST_SIGNAL)
            return -EINVAL;
    }
    return n;
}

static int parse_realtime(const char *text)
{
    bool from_max = strncasecmp(text, "RTMAX", 5) == 0;
    int sig = from_max ? SIGRTMAX : SIGRTMIN;
    int offset;

    text += 5;
    if (*text == '\0')
        return sig;
    if (*text != (from_max ? '-' : '+'))
        return -EINVAL;
    offset = parse_number(text + 1);
    if (offset < 0)
        return -EINVAL;
    sig += from_max ? -offset : offset;
    return sig >= SIGRTMIN && sig <= SIGRTMAX ? sig : -EINVAL;
}

int signal_parse(const char *text)
{
    if (isdigit((unsigned char)*text)) {
        int sig = parse_number(text);

        return sig == 0 ? -EINVAL : sig;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    if (strncasecmp(text, "RTMIN", 5) == 0 || strncasecmp(text, "RTMAX", 5) == 0)
        return parse_realtime(text);
    for (int sig = 1; sig <= LAST_SIGNAL; sig++)
        if (names[sig] && strcasecmp(text, names[sig]) == 0)
            return sig;
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcasecmp(text, aliases[i].name) == 0)
            return aliases[i].sig;
    return -EINVAL;
}

const char *signal_name(int sig)
{
    static char realtime[LAST_SIGNAL + 1][20];

    if (sig < 1 || sig > LAST_SIGNAL)
        return "unknown";
    if (names[sig])
        return names[sig];
    if (sig >= SIGRTMIN)
        snprintf(realtime[sig], sizeof realtime[sig], "RTMIN+%d", sig - SIGRTMIN);
    else
        snprintf(realtime[sig], sizeof realtime[sig], "%d", sig);
    return realtime[sig];
}
