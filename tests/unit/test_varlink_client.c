/* The client against peers that do not do their part in time. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "varlink/client.h"

enum { MOMENT_MS = 100, BACKLOG = 0, CLIENTS_MAX = 8 };

struct place {
    char directory[32];
    char path[64];
    int fd;
};

static void listen_there(struct place *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(p->directory, sizeof p->directory, "/tmp/reeve-test-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof p->path, "%s/socket", p->directory);
    memcpy(address.sun_path, p->path, strlen(p->path));
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    assert_int_equal(bind(p->fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(p->fd, BACKLOG), 0);
}

static void leave(struct place *p)
{
    close(p->fd);
    unlink(p->path);
    rmdir(p->directory);
}

static void test_nobody_accepts(void **state)
{
    struct varlink_client *clients[CLIENTS_MAX];
    struct place p;
    int n = 0, error = 0;

    (void)state;
    listen_there(&p);
    while (error == 0 && n < CLIENTS_MAX)
        error = varlink_client_connect(&clients[n++], p.path, MOMENT_MS);
    assert_int_equal(error, -ETIMEDOUT);
    while (n > 0)
        varlink_client_destroy(clients[--n]);
    leave(&p);
}

static void test_nobody_reads(void **state)
{
    enum { TEXT_BYTES = 8 << 20 };
    char *text = malloc(TEXT_BYTES);
    struct varlink_client *client;
    cJSON *parameters = cJSON_CreateObject();
    struct place p;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', TEXT_BYTES - 1);
    text[TEXT_BYTES - 1] = '\0';
    listen_there(&p);
    assert_int_equal(varlink_client_connect(&client, p.path, MOMENT_MS), 0);
    assert_non_null(cJSON_AddStringToObject(parameters, "text", text));
    assert_int_equal(varlink_client_send(client, "a.b.C", parameters, false), -ETIMEDOUT);
    varlink_client_destroy(client);
    free(text);
    leave(&p);
}

/* Sends the beginning of a reply, and goes on with it until nobody is there any more. */
static void talk_for_ever(int listener)
{
    static char text[1 << 16];
    int fd = accept(listener, NULL, NULL);

    signal(SIGPIPE, SIG_DFL);
    memset(text, 'x', sizeof text);
    if (write(fd, "{\"parameters\":{\"a\":\"", 20) < 0)
        _exit(1);
    while (write(fd, text, sizeof text) > 0)
        ;
    _exit(0);
}

static void test_reply_without_end(void **state)
{
    struct varlink_client *client;
    struct varlink_reply reply;
    struct place p;
    pid_t pid;

    (void)state;
    listen_there(&p);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        talk_for_ever(p.fd);
    assert_int_equal(varlink_client_connect(&client, p.path, MOMENT_MS), 0);
    assert_int_equal(varlink_client_receive(client, &reply, MOMENT_MS), -ETIMEDOUT);
    assert_int_equal(varlink_client_receive(client, &reply, 0), -ETIMEDOUT);
    varlink_client_destroy(client);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    leave(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_accepts),
        cmocka_unit_test(test_nobody_reads),
        cmocka_unit_test(test_reply_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
