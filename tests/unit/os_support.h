/* What the tests of os/ share: a child run to its end. */
#ifndef REEVE_TESTS_OS_SUPPORT_H
#define REEVE_TESTS_OS_SUPPORT_H

#include "apart.h"

#include "os/reap.h"
#include "os/spawn.h"

/* How a spawned process went. */
struct life {
    int result; /* of spawn_process */
    enum start_stage stage;
    int errnum;
    enum exec_news news;
    pid_t pid;
    bool in_cgroup;
    struct exit_status status;
    char output[8192];
};

UNUSED static char *plain_env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};

UNUSED static struct spawn_request plain_request(char *const *argv)
{
    return (struct spawn_request){.argv = argv,
                                  .envp = plain_env,
                                  .directory = "/",
                                  .umask = 022,
                                  .stdout_fd = -1,
                                  .stderr_fd = -1,
                                  .cgroup_fd = -1};
}

/* Waits until the exec pipe tells. */
UNUSED static enum exec_news wait_exec(int exec_fd, enum start_stage *ret_stage, int *ret_errno)
{
    struct pollfd p = {.fd = exec_fd, .events = POLLIN};
    bool about_to_exec = false;
    enum exec_news news = EXEC_PENDING;

    while (news == EXEC_PENDING && poll(&p, 1, 30000) == 1)
        news = spawn_exec_news(exec_fd, &about_to_exec, ret_stage, ret_errno);
    return news;
}

/* Waits for the end of a child and reaps it. */
UNUSED static int wait_reaped(pid_t pid, struct reaped *ret)
{
    siginfo_t info;

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
        return -errno;
    return reap_pid(pid, ret);
}

/* Spawns and waits for the end; what it writes to stdout (unless the request has a place for it)
 * comes back in `output`. */
UNUSED static struct life live(struct spawn_request request)
{
    struct life life = {.stage = STAGE_NONE};
    struct spawned spawned;
    struct reaped reaped;
    FILE *out = tmpfile();

    if (!out)
        return (struct life){.result = -EIO};
    if (request.stdout_fd == -1)
        request.stdout_fd = fileno(out);
    life.result = spawn_process(&request, &spawned, &life.stage);
    if (life.result == 0) {
        ssize_t n;

        life.pid = spawned.pid;
        life.in_cgroup = spawned.in_cgroup;
        life.news = wait_exec(spawned.exec_fd, &life.stage, &life.errnum);
        close(spawned.exec_fd);
        life.result = wait_reaped(spawned.pid, &reaped) == 1 ? 0 : -ECHILD;
        life.status = reaped.status;
        n = pread(fileno(out), life.output, sizeof life.output - 1, 0);
        life.output[n > 0 ? n : 0] = '\0';
    }
    fclose(out);
    return life;
}

/* `sh -c script`. */
UNUSED static struct life live_shell(const char *script)
{
    char *argv[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t)script, NULL};

    return live(plain_request(argv));
}

#endif
