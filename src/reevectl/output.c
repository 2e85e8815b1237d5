#include "reevectl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reevectl/text.h"

static int write_error; /* of the first write to standard output that failed */

int output_flush(void)
{
    if (fflush(stdout) != 0 && !write_error)
        write_error = errno;
    return -write_error;
}

static void complain_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void complain_args(const char *format, va_list args)
{
    struct strbuf raw = STRBUF_INIT, line = STRBUF_INIT;

    /* What came before on standard output shall be seen before. */
    (void)output_flush();
    strbuf_vaddf(&raw, format, args);
    text_add_harmless(&line, strbuf_text(&raw));
    if (raw.failed || line.failed)
        fputs("reevectl: out of memory\n", stderr);
    else
        fprintf(stderr, "reevectl: %s\n", strbuf_text(&line));
    strbuf_finish(&raw);
    strbuf_finish(&line);
}

void complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_args(format, args);
    va_end(args);
}

int usage(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain_args(format, args);
    va_end(args);
    return EXIT_USAGE;
}

int out_of_memory(void)
{
    complain("out of memory");
    return EXIT_FAILED;
}

int output(struct strbuf *text, int code)
{
    if (text->failed)
        code = out_of_memory();
    else if (fputs(strbuf_text(text), stdout) == EOF && !write_error)
        write_error = errno;
    strbuf_finish(text);
    return code;
}

void output_init(void)
{
    /* A closed reader shows as EPIPE, which output_finish() turns into the exit code. */
    signal(SIGPIPE, SIG_IGN);
    /* The wrong direction: using a descriptor that was closed is still an error. */
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == -1)
            return;
}

int output_finish(int code)
{
    if (fclose(stdout) != 0 && !write_error)
        write_error = errno;
    if (!write_error)
        return code;
    /* Whoever closed the pipe knows. */
    if (write_error != EPIPE)
        complain("cannot write standard output: %s", strerror(write_error));
    return EXIT_FAILED;
}
