#include "reevectl/operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "reevectl/fields.h"
#include "reevectl/progress.h"
#include "reevectl/text.h"
#include "reevectl/words.h"

enum { GRACE_MS = 5000 };

/* An operation that is going on. */
struct course {
    struct session *s;
    const struct operation *operation;
    char *const *names; /* what the user wrote */
    size_t n_names;
    bool *answered;        /* of these names, as far as they name one unit; NULL: no memory */
    struct strbuf waiting; /* "waiting for web, w*": those that were not */
    struct progress progress;
    struct strbuf failed; /* " web worker": names of units for which it went wrong */
    cJSON *kept;          /* results to be told at the end, or NULL */
    size_t n_results;
    int code;
};

int64_t operation_patience_ms(const struct options *o)
{
    return o->timeout_ms ? o->timeout_ms + GRACE_MS : -1;
}

void operation_add_state(const struct session *s, struct strbuf *b, const cJSON *result)
{
    const char *state = field_word(result, "state");

    text_add_harmless(b, field_word(result, "unit"));
    strbuf_add(b, ": ");
    terminal_add_harmless(&s->out, b, words_state_style(state), state);
}

bool operation_is_not_needed(const cJSON *result)
{
    return strcmp(field_word(result, "because"), "not_needed") == 0;
}

/* What comes between the unit and the one that it went along with. */
static const char *along_words(const cJSON *result)
{
    if (!field_text(result, "along_with"))
        return "";
    return operation_is_not_needed(result) ? ", not needed without " : ", along with ";
}

void operation_add_end(struct strbuf *b, const cJSON *result)
{
    strbuf_add(b, along_words(result));
    text_add_harmless(b, field_word(result, "along_with"));
    strbuf_add(b, "\n");
}

void operation_add_done(struct session *s, struct strbuf *b, const cJSON *result)
{
    int64_t pid = field_number(result, "pid", -1);

    operation_add_state(s, b, result);
    if (pid > 0)
        strbuf_addf(b, " (pid %lld)", (long long)pid);
    operation_add_end(b, result);
}

static void tell_result(struct course *c, const cJSON *result)
{
    const char *message = field_word(result, "message");
    const char *unit = field_word(result, "unit");
    const char *other = field_text(result, "along_with");
    struct strbuf b = STRBUF_INIT;

    if (field_true(result, "ok")) {
        if (c->operation->add_done)
            c->operation->add_done(c->s, &b, result);
        else
            operation_add_done(c->s, &b, result);
        c->code = output(&b, c->code);
        return;
    }
    complain("%s%s%s: %s", unit, along_words(result), other ? other : "",
             *message ? message : field_word(result, "state"));
    strbuf_addf(&c->failed, " %s", unit);
    c->code = EXIT_FAILED;
}

/* The command that says more, for a person to copy. */
static void hint(struct course *c)
{
    const struct session *s = c->s;
    struct strbuf command = STRBUF_INIT, b = STRBUF_INIT;

    if (c->operation->hints && s->err.tty && c->failed.len_bytes) {
        strbuf_add(&command, "  reevectl");
        if (s->options->socket_named)
            strbuf_addf(&command, " --socket %s", s->options->socket);
        strbuf_addf(&command, " why%s", strbuf_text(&c->failed));
        terminal_add_harmless(&s->err, &b, STYLE_DIM, strbuf_text(&command));
        strbuf_add(&b, "\n");
        if (!c->failed.failed && !command.failed && !b.failed)
            fputs(strbuf_text(&b), stderr);
    }
    strbuf_finish(&command);
    strbuf_finish(&b);
}

/* What is waited for while nothing moves: what has no answer yet. */
static void write_waiting(struct course *c)
{
    const char *separator = "waiting for ";

    strbuf_finish(&c->waiting);
    for (size_t i = 0; i < c->n_names; i++) {
        if (c->answered && c->answered[i])
            continue;
        strbuf_addf(&c->waiting, "%s%s", separator, c->names[i]);
        separator = ", ";
    }
    progress_wait_for(&c->progress, c->waiting.len_bytes ? strbuf_text(&c->waiting) : NULL);
}

static void note_answer(struct course *c, const char *unit)
{
    progress_drop(&c->progress, unit);
    for (size_t i = 0; c->answered && i < c->n_names; i++)
        c->answered[i] |= strcmp(c->names[i], unit) == 0;
    write_waiting(c);
}

static void take_result(struct course *c, cJSON *result)
{
    c->n_results++;
    note_answer(c, field_word(result, "unit"));
    if (!c->kept) {
        tell_result(c, result);
        return;
    }
    if (!cJSON_AddItemToArray(c->kept, cJSON_Duplicate(result, true)))
        c->code = out_of_memory();
}

static void take_progress(struct course *c, const cJSON *units)
{
    int64_t now_ms = clock_now().mono_ms;
    const cJSON *unit;

    cJSON_ArrayForEach(unit, units)
    {
        progress_put(&c->progress, field_word(unit, "unit"), field_word(unit, "state"), unit, -1,
                     now_ms);
    }
}

static int any_failed(const cJSON *results)
{
    const cJSON *result;

    cJSON_ArrayForEach(result, results)
    {
        if (!field_true(result, "ok"))
            return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int take(void *context, struct varlink_reply *reply)
{
    struct course *c = context;
    const cJSON *results = field(reply->parameters, "results");
    cJSON *result;

    if (!cJSON_IsArray(results)) {
        progress_clear(&c->progress);
        complain("the answer to %s holds no results; is this another reeved?",
                 c->operation->method);
        return EXIT_FAILED;
    }
    if (c->s->options->json) {
        progress_clear(&c->progress);
        c->code = call_print_json(reply->parameters, any_failed(results));
        return 0;
    }
    take_progress(c, field(reply->parameters, "progress"));
    if (results->child)
        progress_clear(&c->progress);
    cJSON_ArrayForEach(result, results)
    {
        take_result(c, result);
    }
    /* Before the block comes back below it. */
    (void)output_flush();
    return 0;
}

/* Results come one by one where somebody watches them come; else all at once, in a stable order. */
static bool is_watched(const struct session *s, const struct operation *operation)
{
    return operation->waits && s->err.moves && s->out.tty && !s->options->json;
}

static void tell_kept(struct course *c)
{
    const cJSON *result;

    cJSON_ArrayForEach(result, c->kept)
    {
        tell_result(c, result);
    }
}

static int run(struct course *c, cJSON *parameters)
{
    const struct operation *o = c->operation;
    const struct patience patience = {
        .timeout_ms = o->timeout_ms,
        .progress = o->waits ? &c->progress : NULL,
        .interruptible = o->waits,
        .interrupted = o->interrupted,
    };
    int code;

    if (o->at_end && !c->s->options->json) {
        c->kept = cJSON_CreateArray();
        if (!c->kept) {
            cJSON_Delete(parameters);
            return out_of_memory();
        }
    }
    code = call_stream(c->s, o->method, parameters, is_watched(c->s, o), &patience, take, c);
    progress_clear(&c->progress);
    tell_kept(c);
    hint(c);
    if (code == 0 && c->n_results == 0 && o->none && !c->s->options->json) {
        struct strbuf b = STRBUF_INIT;

        strbuf_addf(&b, "%s\n", o->none);
        return output(&b, EXIT_OK);
    }
    return code ? code : c->code;
}

int operation_run(struct session *s, const struct operation *operation, cJSON *parameters,
                  char *const *names, size_t n_names)
{
    struct course c = {
        .s = s,
        .operation = operation,
        .names = names,
        .n_names = n_names,
        .answered = calloc(n_names, sizeof(*c.answered)),
        .waiting = STRBUF_INIT,
        .failed = STRBUF_INIT,
    };
    int code;

    progress_init(&c.progress, &s->err, NULL, clock_now().mono_ms);
    write_waiting(&c);
    code = run(&c, parameters);
    progress_finish(&c.progress);
    cJSON_Delete(c.kept);
    strbuf_finish(&c.failed);
    strbuf_finish(&c.waiting);
    free(c.answered);
    return code;
}
