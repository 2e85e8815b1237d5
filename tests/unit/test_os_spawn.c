#include "os_support.h"

#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "os/child.h"
#include "os/slots.h"

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})
#define S(text) ((char *)(uintptr_t)(text))
#define SELF S("/proc/self/exe")

/* ---- this program as a child: argv[1] says what it does ---- */

static void print_descriptors(void)
{
    for (int fd = 0; fd < 5000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
}

/* A bit for each of 0-2, and one for any other. */
static int which_descriptors(void)
{
    int bits = 0;

    for (int fd = 0; fd < 5000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            bits |= 1 << (fd < 3 ? fd : 3);
    return bits;
}

static int be_child(const char *what)
{
    if (strcmp(what, "which-fds") == 0)
        return which_descriptors();
    if (strcmp(what, "fds") == 0)
        print_descriptors();
    else if (strcmp(what, "out-err") == 0)
        dprintf(1, "out"), dprintf(2, "err");
    else if (strcmp(what, "stdin") == 0)
        printf("%zd", read(0, &(char){0}, 1));
    else if (strcmp(what, "ids") == 0)
        printf("%d %d %d", getpid() == getsid(0), getpid() == getpgrp(), (int)umask(0));
    return 0;
}

/* ---- failures, each with its stage and errno ---- */

static void assert_failed(struct life life, enum start_stage stage, int errnum, int code)
{
    assert_int_equal(life.result, 0);
    assert_int_equal(life.news, EXEC_FAILED);
    assert_int_equal(life.stage, stage);
    assert_int_equal(life.errnum, errnum);
    assert_int_equal(life.status.exit_code, code);
    assert_int_equal(life.status.signal, 0);
}

static void test_exec_failures(void **state)
{
    char path[256], line[512];
    struct spawn_request request;
    int fd;

    (void)state;
    assert_failed(live(plain_request(ARGV(S("/no/such/program")))), STAGE_EXEC, ENOENT, 127);
    assert_failed(live(plain_request(ARGV(S("no-such-program")))), STAGE_EXEC, ENOENT, 127);
    assert_failed(live(plain_request(ARGV(S("")))), STAGE_EXEC, ENOENT, 127);
    assert_failed(live(plain_request(ARGV(S("/etc/passwd")))), STAGE_EXEC, EACCES, 126);
    assert_failed(live(plain_request(ARGV(S("/etc/passwd/x")))), STAGE_EXEC, ENOTDIR, 1);

    /* A text without "#!" is no program, and no shell runs it. */
    fd = open(in_tmp(path, "script"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd, "exit 0\n", 7), 7);
    close(fd);
    assert_failed(live(plain_request(ARGV(path))), STAGE_EXEC, ENOEXEC, 1);

    /* In a search EACCES says more than ENOENT. */
    fd = open(in_tmp(path, "locked"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    close(fd);
    snprintf(line, sizeof line, "PATH=%s:/no/such/place", tmp_dir);
    request = plain_request(ARGV(S("locked")));
    request.envp = ARGV(line);
    assert_failed(live(request), STAGE_EXEC, EACCES, 126);
}

static void test_other_failures(void **state)
{
    struct rlimit limit = {4096, 1024}; /* soft above hard */
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    struct spawned spawned;
    enum start_stage stage;

    (void)state;
    request.directory = "/no/such/directory";
    assert_failed(live(request), STAGE_CHDIR, ENOENT, 1);
    request.directory = "/etc/passwd";
    assert_failed(live(request), STAGE_CHDIR, ENOTDIR, 1);

    request = plain_request(ARGV(S("/bin/true")));
    request.stderr_fd = 900;
    assert_failed(live(request), STAGE_STDIO, EBADF, 1);
    request.stderr_fd = -1;
    request.stdin_path = "/no/such/file";
    assert_failed(live(request), STAGE_STDIO, ENOENT, 1);
    request.stdin_path = NULL;
    request.nofile = &limit;
    assert_failed(live(request), STAGE_SETUP, EINVAL, 1);

    request = plain_request(ARGV(NULL));
    assert_int_equal(spawn_process(&request, &spawned, &stage), -EINVAL);
    assert_int_equal(stage, STAGE_PREPARE);
    assert_int_equal(spawned.pid, 0);
    assert_int_equal(spawned.exec_fd, -1);
}

static void change_user_unprivileged(void)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    struct life life;

    if (geteuid() == 0) {
        CHECK(setgroups(0, NULL) == 0);
        CHECK(setresgid(65534, 65534, 65534) == 0);
        CHECK(setresuid(65534, 65534, 65534) == 0);
    }
    request.change_user = true;
    request.uid = 1;
    request.gid = 1;
    life = live(request);
    CHECK(life.result == 0 && life.news == EXEC_FAILED);
    CHECK(life.stage == STAGE_GROUPS && life.errnum == EPERM);
}

static void test_user_refused(void **state)
{
    (void)state;
    run_apart(change_user_unprivileged);
}

static void no_descriptors_left(void)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    struct rlimit limit;
    struct spawned spawned;
    enum start_stage stage;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 64;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (dup(0) >= 0)
        ;
    CHECK(spawn_process(&request, &spawned, &stage) == -EMFILE);
    CHECK(stage == STAGE_PREPARE && spawned.exec_fd == -1);

    /* With just enough for the exec pipe the child makes its own room. */
    close(62);
    close(63);
    CHECK(spawn_process(&request, &spawned, &stage) == 0);
    CHECK(spawned.exec_fd >= 0);
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_DONE);
}

static void test_table_full(void **state)
{
    (void)state;
    run_apart(no_descriptors_left);
}

/* ---- what the child finds ---- */

static void leak_descriptors(void)
{
    struct rlimit limit, before;
    struct spawn_request request;
    struct life life;

    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit = before;
    limit.rlim_cur = limit.rlim_max < 2000 ? limit.rlim_max : 2000;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int i = 0; i < 1500; i++)
        CHECK(dup(2) >= 0 || limit.rlim_cur < 1600);
    request = plain_request(ARGV(SELF, S("child"), S("fds")));
    request.nofile = &before;
    life = live(request);
    CHECK(life.news == EXEC_DONE);
    CHECK(strcmp(life.output, "0 1 2 ") == 0);

    request = plain_request(ARGV(S("/bin/sh"), S("-c"), S("ulimit -n")));
    before.rlim_cur = 77;
    request.nofile = &before;
    life = live(request);
    CHECK(strcmp(life.output, "77\n") == 0);
}

static void test_leaked_descriptors(void **state)
{
    (void)state;
    run_apart(leak_descriptors);
}

/* Standard descriptors closed in the parent, or exchanged, or given to the exec pipe. */
static void odd_descriptors(void)
{
    char out[16] = "", err[16] = "";
    int to_out[2], to_err[2];
    struct spawn_request request = plain_request(ARGV(SELF, S("child"), S("out-err")));
    struct spawned spawned;
    enum start_stage stage;
    struct reaped reaped;

    CHECK(pipe2(to_out, O_CLOEXEC) == 0 && pipe2(to_err, O_CLOEXEC) == 0);
    CHECK(dup2(to_out[1], 2) == 2 && dup2(to_err[1], 1) == 1);
    close(0);
    close(to_out[1]);
    close(to_err[1]);
    request.stdout_fd = 2;
    request.stderr_fd = 1;
    CHECK(spawn_process(&request, &spawned, &stage) == 0); /* the pipe's end is 0 here */
    CHECK(spawned.exec_fd == 0);
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_DONE);
    CHECK(wait_reaped(spawned.pid, &reaped) == 1);
    CHECK(read(to_out[0], out, sizeof out - 1) == 3 && strcmp(out, "out") == 0);
    CHECK(read(to_err[0], err, sizeof err - 1) == 3 && strcmp(err, "err") == 0);

    /* All three closed: both ends of the exec pipe are among 0-2. A closed one is no output, though
     * the pipe has its number for a moment. */
    close(0);
    close(1);
    close(2);
    for (int fd = 0; fd < 3; fd++) {
        request.stdout_fd = fd;
        request.stderr_fd = -1;
        CHECK(spawn_process(&request, &spawned, &stage) == (fd < 2 ? -EBADF : 0));
        CHECK(stage == (fd < 2 ? STAGE_STDIO : STAGE_NONE));
        CHECK(fcntl(0, F_GETFD) < 0 || fd == 2);
    }
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_FAILED);
    CHECK(stage == STAGE_STDIO && errno == EBADF);
    close(spawned.exec_fd);
    close(3); /* where the child moves things to */
    request.stdout_fd = 3;
    CHECK(spawn_process(&request, &spawned, &stage) == 0);
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_FAILED);
    CHECK(stage == STAGE_STDIO && errno == EBADF);
    close(spawned.exec_fd);
    request = plain_request(ARGV(SELF, S("child"), S("which-fds")));
    request.stdout_fd = -1;
    CHECK(spawn_process(&request, &spawned, &stage) == 0);
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_DONE);
    CHECK(wait_reaped(spawned.pid, &reaped) == 1 && reaped.status.exit_code == 7);
    request = plain_request(ARGV(S("/no/such")));
    close(spawned.exec_fd);
    CHECK(spawn_process(&request, &spawned, &stage) == 0);
    CHECK(wait_exec(spawned.exec_fd, &stage, &errno) == EXEC_FAILED && stage == STAGE_EXEC);
}

static void test_odd_descriptors(void **state)
{
    (void)state;
    run_apart(odd_descriptors);
}

static void test_shared_description_stays_blocking(void **state)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    request.stdout_fd = request.stderr_fd = fds[1];
    assert_int_equal(live(request).status.exit_code, 0);
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
    close(fds[0]);
    close(fds[1]);
}

static void test_stdin_and_session(void **state)
{
    struct spawn_request request = plain_request(ARGV(SELF, S("child"), S("stdin")));

    (void)state;
    assert_string_equal(live(request).output, "0");
    request = plain_request(ARGV(SELF, S("child"), S("ids")));
    request.umask = 027;
    assert_string_equal(live(request).output, "1 1 23"); /* 027 */
}

static void dirty_signals(void)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/cat"), S("/proc/self/status")));
    struct sigaction handler;
    sigset_t all, now;
    struct life life;

    for (int sig = 1; sig <= 64; sig++)
        signal(sig, SIG_IGN);
    memset(&handler, 0, sizeof handler);
    handler.sa_handler = _exit;
    CHECK(sigaction(SIGUSR1, &handler, NULL) == 0);
    signal(SIGCHLD, SIG_DFL);
    sigfillset(&all);
    CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    life = live(request);
    CHECK(life.news == EXEC_DONE);
    CHECK(strstr(life.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
                              "SigCgt:\t0000000000000000\n"));
    /* The parent's own mask is as it was. */
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGRTMIN) == 1);
}

static void test_signals_are_default(void **state)
{
    (void)state;
    run_apart(dirty_signals);
}

static void test_path_search(void **state)
{
    struct spawn_request request = plain_request(ARGV(S("true")));
    char path[256], line[512];

    (void)state;
    assert_int_equal(live(request).news, EXEC_DONE);
    request.envp = ARGV(S("HOME=/")); /* no PATH: the default one */
    assert_int_equal(live(request).news, EXEC_DONE);
    request.envp = ARGV(S("PATH=/no/such/place"));
    assert_int_equal(live(request).news, EXEC_FAILED);

    /* An empty part is the directory of the unit, even at the end. */
    assert_int_equal(symlink("/bin/true", in_tmp(path, "a-link")), 0);
    request = plain_request(ARGV(S("a-link")));
    request.envp = ARGV(S("PATH=/no/such/place:"));
    request.directory = tmp_dir;
    assert_int_equal(live(request).news, EXEC_DONE);
    snprintf(line, sizeof line, "PATH=/etc/passwd:%s", tmp_dir);
    request.envp = ARGV(line);
    request.directory = "/";
    assert_int_equal(live(request).news, EXEC_DONE);
}

static void test_user_change(void **state)
{
    static const char script[] = "grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|CapAmb):' "
                                 "/proc/self/status | tr -d '\\n\\t '";
    struct spawn_request request = plain_request(ARGV(S("/bin/sh"), S("-c"), S(script)));
    const gid_t groups[] = {65533, 4242};
    struct life life;

    (void)state;
    if (geteuid() != 0)
        skip();
    request.change_user = true;
    request.uid = 65534;
    request.gid = 65533;
    request.groups = groups;
    request.n_groups = 2;
    life = live(request);
    assert_string_equal(life.output, "Uid:65534655346553465534Gid:65533655336553365533"
                                     "Groups:424265533CapPrm:0000000000000000"
                                     "CapEff:0000000000000000CapAmb:0000000000000000");
    request.n_groups = 0;
    request.groups = NULL;
    life = live(request);
    assert_non_null(strstr(life.output, "Groups:CapPrm"));

    /* The directory is entered with the rights of the user. */
    assert_int_equal(chmod(tmp_dir, 0700), 0);
    request.directory = tmp_dir;
    assert_failed(live(request), STAGE_CHDIR, EACCES, 1);
    /* Back is impossible. */
    request.argv = ARGV(S("/bin/sh"), S("-c"), S("exec 2>&1; setpriv --reuid 0 true; echo $?"));
    request.directory = "/";
    assert_null(strstr(live(request).output, "\n0\n"));
}

/* What the pipe tells is still there after the reaping. */
static void test_news_after_reaping(void **state)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    struct spawned spawned;
    enum start_stage stage;
    struct reaped reaped;
    bool about_to_exec = false;
    int errnum;

    (void)state;
    assert_int_equal(spawn_process(&request, &spawned, &stage), 0);
    assert_true(fcntl(spawned.exec_fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(wait_reaped(spawned.pid, &reaped), 1);
    assert_int_equal(spawn_exec_news(spawned.exec_fd, &about_to_exec, &stage, &errnum), EXEC_DONE);
    close(spawned.exec_fd);
}

/* The pipe's end alone is a death before the exec; after the child's word it is the exec. */
static void test_news_pending(void **state)
{
    struct exec_message about = {STAGE_NONE, 0};
    bool about_to_exec = false;
    enum start_stage stage;
    int fds[2], errnum;

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(spawn_exec_news(fds[0], &about_to_exec, &stage, &errnum), EXEC_PENDING);
    close(fds[1]);
    assert_int_equal(spawn_exec_news(fds[0], &about_to_exec, &stage, &errnum), EXEC_DIED);
    close(fds[0]);

    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(write(fds[1], &about, sizeof about), sizeof about);
    assert_int_equal(spawn_exec_news(fds[0], &about_to_exec, &stage, &errnum), EXEC_PENDING);
    assert_true(about_to_exec);
    close(fds[1]);
    assert_int_equal(spawn_exec_news(fds[0], &about_to_exec, &stage, &errnum), EXEC_DONE);
    close(fds[0]);
}

/* Whoever dies on the way has not executed. */
static void test_died_before_exec(void **state)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct life life;

    (void)state;
    assert_true(page != MAP_FAILED);
    request.slot = page; /* marking it is a fault */
    life = live(request);
    assert_int_equal(life.result, 0);
    assert_int_equal(life.news, EXEC_DIED);
    assert_int_equal(life.status.signal, SIGSEGV);
    munmap(page, 4096);
}

static void test_slot_is_marked(void **state)
{
    struct rlimit tiny = {3, 3};
    struct spawn_request request = plain_request(ARGV(S("/bin/true")));
    struct slots slots;
    struct life life;
    char path[256];

    (void)state;
    assert_int_equal(slots_open(&slots, in_tmp(path, "slots"), 2, NULL), 0);
    request.slot = slots_get(&slots, 1);
    request.run = 42;
    request.nofile = &tiny; /* no descriptor is left for the command, the mark had one */
    life = live(request);
    assert_int_equal(slots_get(&slots, 1)->pid, life.pid);
    assert_int_equal(slots_get(&slots, 1)->run, 42);
    assert_true(slots_get(&slots, 1)->start_ticks > 0);
    assert_int_equal(slots_get(&slots, 0)->pid, 0);
    slots_clear(slots_get(&slots, 1));
    slots_close(&slots, path);
    assert_int_equal(access(path, F_OK), -1);
}

static void low_nofile_in_parent(void)
{
    struct spawn_request request = plain_request(ARGV(S("/bin/sh"), S("-c"), S("ulimit -Sn")));
    struct rlimit limit, wanted;
    struct life life;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    wanted = limit;
    wanted.rlim_cur = limit.rlim_max < 512 ? limit.rlim_max : 512;
    limit.rlim_cur = 100;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    request.nofile = &wanted;
    life = live(request);
    CHECK(atoi(life.output) == (int)wanted.rlim_cur);
}

static void test_nofile_restored(void **state)
{
    (void)state;
    run_apart(low_nofile_in_parent);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_failures),
        cmocka_unit_test(test_other_failures),
        cmocka_unit_test(test_user_refused),
        cmocka_unit_test(test_table_full),
        cmocka_unit_test(test_leaked_descriptors),
        cmocka_unit_test(test_odd_descriptors),
        cmocka_unit_test(test_shared_description_stays_blocking),
        cmocka_unit_test(test_stdin_and_session),
        cmocka_unit_test(test_signals_are_default),
        cmocka_unit_test(test_path_search),
        cmocka_unit_test(test_user_change),
        cmocka_unit_test(test_news_after_reaping),
        cmocka_unit_test(test_news_pending),
        cmocka_unit_test(test_died_before_exec),
        cmocka_unit_test(test_slot_is_marked),
        cmocka_unit_test(test_nofile_restored),
    };

    if (argc == 3 && strcmp(argv[1], "child") == 0)
        return be_child(argv[2]);
    return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}
