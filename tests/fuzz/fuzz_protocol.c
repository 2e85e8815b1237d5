/*
 * Whatever bytes a client sends: framing, parsing and dispatch survive it, the cut of the bytes
 * does not matter, and everything said in answer is JSON. The first byte says how to cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "varlink/json.h"
#include "varlink/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_BYTES = 512 };

static void take_all(struct service_call *c)
{
    static const char *const known[] = {"units", "unit", "wait", "limit", NULL};
    struct params p;
    struct json_out o;
    const cJSON *names, *name;

    params_init(&p, c->message->parameters, known);
    names = params_texts(&p, "units");
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    message_begin(&o, c->out);
    json_begin_array(&o, "units");
    cJSON_ArrayForEach(name, names)
    {
        json_string(&o, NULL, name->valuestring);
    }
    json_end_array(&o);
    json_string(&o, "unit", params_text(&p, "unit"));
    json_bool(&o, "wait", params_bool(&p, "wait", true));
    json_int(&o, "limit", params_int(&p, "limit", -1, INT64_MIN, INT64_MAX));
    message_end(&o, c->message->more, c->lines);
}

static const struct service_method methods[] = {{"F", take_all}, {NULL, NULL}};
static const struct service_interface interfaces[] = {{"a.b", "interface a.b\n", methods},
                                                      {NULL, NULL, NULL}};
static const struct service service = {"v", "p", "1", "", interfaces};

/* Every answer is JSON with its terminator. */
static void check_answer(const struct strbuf *out, size_t from, bool lines)
{
    if (out->failed || out->len_bytes == from)
        return; /* oneway */
    if (out->data[out->len_bytes - 1] != (lines ? '\n' : '\0'))
        abort();
    if (json_check(out->data + from, out->len_bytes - from - 1, SIZE_MAX))
        abort();
}

static void talk(const uint8_t *data, size_t size, size_t piece, struct strbuf *out)
{
    struct frame_reader r;
    struct frame frame;
    enum frame_kind kind;

    frame_reader_init(&r, LIMIT_BYTES);
    for (size_t at = 0; at < size; at += piece) {
        if (frame_put(&r, data + at, size - at < piece ? size - at : piece) < 0)
            abort();
        while ((kind = frame_next(&r, &frame)) != FRAME_NONE) {
            size_t from = out->len_bytes;

            if (kind == FRAME_TOO_LARGE)
                message_error(out, frame.lines, "a.b.TooLarge", NULL);
            else if (frame.len_bytes > LIMIT_BYTES || service_take(&service, &frame, out, NULL) < 0)
                abort();
            check_answer(out, from, frame.lines);
        }
        if (r.cap_bytes > 4 * (LIMIT_BYTES + piece) + 4096)
            abort();
    }
    frame_reader_finish(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf whole = STRBUF_INIT, cut = STRBUF_INIT;

    if (size < 2)
        return 0;
    talk(data + 1, size - 1, size, &whole);
    talk(data + 1, size - 1, data[0] % 16 + 1u, &cut);
    if (whole.len_bytes != cut.len_bytes ||
        (whole.len_bytes && memcmp(whole.data, cut.data, whole.len_bytes) != 0))
        abort();
    strbuf_finish(&whole);
    strbuf_finish(&cut);
    return 0;
}
