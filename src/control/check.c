#include "control/check.h"

#include <string.h>
#include <unistd.h>

#include "config/transfer.h"
#include "control/client.h"
#include "os/descriptors.h"
#include "os/memfd.h"
#include "os/signals.h"
#include "os/sys.h"
#include "varlink/message.h"

enum { CHECK_TIMEOUT_MS = 60000 };
/* Of errors and of warnings told; the rest is counted. */
enum { LINES_MAX_BYTES = 1 << 20 };

struct findings {
    uint32_t n_units;
    struct config_errors errors;
    const char *sentence; /* instead of errors: why there was no check; NULL: there was */
};

/* ---- telling ---- */

/* As many lines as there is room for, and how many more there are. */
static void write_lines(struct json_out *o, char *const *lines, size_t n)
{
    size_t until_bytes = o->b->len_bytes + LINES_MAX_BYTES;
    struct strbuf rest = STRBUF_INIT;
    size_t i = 0;

    while (i < n && o->b->len_bytes < until_bytes)
        json_string(o, NULL, lines[i++]);
    if (i < n) {
        strbuf_addf(&rest, "and %zu more", n - i);
        json_string(o, NULL, strbuf_text(&rest));
    }
    strbuf_finish(&rest);
}

static void answer(const struct check *k, struct client *cl, const struct findings *f)
{
    size_t before = cl->out.len_bytes;
    struct json_out o;

    message_begin(&o, &cl->out);
    json_string(&o, "file", k->file);
    json_int(&o, "units", f->n_units);
    json_begin_array(&o, "errors");
    if (f->sentence)
        json_string(&o, NULL, f->sentence);
    write_lines(&o, f->errors.lines, f->errors.n_lines);
    json_end_array(&o);
    json_begin_array(&o, "warnings");
    write_lines(&o, f->errors.warnings, f->errors.n_warnings);
    json_end_array(&o);
    message_end(&o, false, cl->check_lines);
    client_replied(cl, before, cl->check_lines);
    client_flush(cl);
}

static void answer_all(struct check *k, const struct findings *f)
{
    while (!list_empty(&k->asking)) {
        struct client *cl = container_of(k->asking.next, struct client, check_link);

        list_remove(&cl->check_link);
        answer(k, cl, f);
    }
}

/* ---- checking ---- */

/* In the child. */
static int load(void *arg)
{
    const struct check *k = arg;
    struct config_options options = {
        .environ = environ,
        .uid = geteuid(),
        .check_places = true,
    };

    /* Clients must not find their connections held open by the child. */
    descriptors_close_but(&k->memfd, 1);
    return -config_transfer_write_findings(k->file, &options, k->memfd);
}

static void say_not_checked(struct strbuf *out, const char *file, const struct exit_status *status)
{
    if (!status)
        strbuf_addf(out, "%s: reading it took longer than %d s; a name service may hang", file,
                    CHECK_TIMEOUT_MS / 1000);
    else if (status->signal)
        strbuf_addf(out, "%s: the child that reads it died of SIG%s", file,
                    signal_name(status->signal));
    else
        strbuf_addf(out, "%s: cannot be checked: %s", file, strerror(status->exit_code));
}

/* Never nothing for want of memory: that would say that all is well. */
static const char *sentence_of(const struct strbuf *text)
{
    if (text->failed)
        return "It cannot be checked: out of memory";
    return text->len_bytes ? text->data : NULL;
}

static void take_findings(struct check *k, const struct exit_status *status, struct findings *f,
                          struct strbuf *sentence)
{
    int r;

    if (!status || status->exit_code != 0) {
        say_not_checked(sentence, k->file, status);
        return;
    }
    r = config_transfer_read_findings(k->memfd, &f->n_units, &f->errors);
    if (r < 0)
        strbuf_addf(sentence, "%s: cannot be checked: %s", k->file, strerror(-r));
}

static void begin(struct check *k);

/* Who asked meanwhile is next. */
static void gather(struct check *k)
{
    while (!list_empty(&k->later)) {
        struct list *it = k->later.next;

        list_remove(it);
        list_append(&k->asking, it);
    }
}

static void begin_next(struct check *k)
{
    gather(k);
    if (!list_empty(&k->asking))
        begin(k);
}

static void done(struct errand *e, const struct exit_status *status)
{
    struct check *k = e->owner;
    struct strbuf sentence = STRBUF_INIT;
    struct findings f = {0};

    take_findings(k, status, &f, &sentence);
    f.sentence = sentence_of(&sentence);
    k->running = false;
    sys_close(&k->memfd);
    answer_all(k, &f);
    config_errors_finish(&f.errors);
    strbuf_finish(&sentence);
    begin_next(k);
}

static void begin(struct check *k)
{
    struct exit_status status = {0};
    int r;

    k->memfd = memfd_make("reeve-check");
    r = k->memfd < 0
            ? k->memfd
            : errand_start(&k->errand, k->procs, k->loop, load, k, CHECK_TIMEOUT_MS, done, k);
    k->running = r == 0;
    if (r == 0)
        return;
    status.exit_code = -r;
    k->errand.owner = k;
    done(&k->errand, &status);
}

void check_ask(struct check *k, struct client *cl, bool lines)
{
    cl->check_lines = lines;
    if (k->running) {
        list_append(&k->later, &cl->check_link);
        return;
    }
    list_append(&k->asking, &cl->check_link);
    begin(k);
}

void check_init(struct check *k, struct loop *loop, struct procs *procs, const char *file)
{
    *k = (struct check){.loop = loop, .procs = procs, .file = file, .memfd = -1};
    list_init(&k->asking);
    list_init(&k->later);
}

void check_finish(struct check *k)
{
    struct strbuf sentence = STRBUF_INIT;
    struct findings f = {0};

    if (k->running)
        errand_end(&k->errand);
    k->running = false;
    sys_close(&k->memfd);
    strbuf_addf(&sentence, "%s: reeved ended before it was checked", k->file);
    f.sentence = sentence_of(&sentence);
    gather(k);
    answer_all(k, &f);
    strbuf_finish(&sentence);
}
