/*
 * The control service: io.reeve.Manager on its socket. Nothing a client does can end, block or slow
 * reeved; when memory runs out a client is dropped, nothing else.
 */
#ifndef REEVE_CONTROL_SERVER_H
#define REEVE_CONTROL_SERVER_H

struct control;
struct loop;
struct procs;
struct supervisor;

/* All of it must stay. */
struct control_options {
    const char *version;
    const char *config_file; /* what Check reads */
    struct procs *procs;     /* where its child is */
};

/* Listens where the supervisor's daemon_spec says. 0 with *ret; 0 with *ret
 * NULL when no socket is configured; or negative errno (-EADDRINUSE: somebody else listens there)
 * after one line in the log. */
int control_start(struct control **ret, struct loop *loop, struct supervisor *s,
                  const struct control_options *options);
/* One line in the log: somebody else listens there. */
void control_tell_in_use(const char *path);
/* Whoever waits is answered with what can be said, as far as its socket takes it at once; then all
 * connections are closed and the socket is removed. NULL is allowed. */
void control_destroy(struct control *c);

#endif
