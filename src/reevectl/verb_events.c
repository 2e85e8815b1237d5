/* events: what happened, and what happens. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "core/notice.h"
#include "reevectl/event_lines.h"
#include "reevectl/fields.h"
#include "reevectl/render.h"
#include "reevectl/verbs.h"

enum { LAST_WHEN_FOLLOWING = 10 };

struct reading {
    struct session *s;
    struct event_lines lines;
    bool ended; /* the last event of this life of reeved was told */
};

/* The types that --type names, as an array; NULL: told, with the exit code. */
static cJSON *parse_types(const char *text, int *ret_code)
{
    const char *names[NOTICE_COUNT];
    cJSON *types = cJSON_CreateArray();

    *ret_code = types ? 0 : out_of_memory();
    for (enum notice_type type = 0; type < NOTICE_COUNT; type++)
        names[type] = notice_type_name(type);
    while (*ret_code == 0 && text) {
        size_t length = strcspn(text, ",");
        char word[32];
        size_t i = 0;

        snprintf(word, sizeof(word), "%.*s", (int)(length < 31 ? length : 31), text);
        while (i < NOTICE_COUNT && strcmp(word, names[i]) != 0)
            i++;
        if (i == NOTICE_COUNT) {
            const char *nearest = nearest_name(word, names, NOTICE_COUNT);

            *ret_code = nearest
                            ? usage("no event is of type '%s'; did you mean '%s'?", word, nearest)
                            : usage("no event is of type '%s'; reevectl(1) lists them", word);
        } else if (!cJSON_AddItemToArray(types, cJSON_CreateString(word))) {
            *ret_code = out_of_memory();
        }
        text = text[length] ? text + length + 1 : NULL;
    }
    if (*ret_code == 0)
        return types;
    cJSON_Delete(types);
    return NULL;
}

static bool add_number(cJSON *object, const char *key, int64_t number)
{
    return number < 0 || cJSON_AddNumberToObject(object, key, (double)number);
}

/* Takes ownership of `types`, which may be NULL. */
static cJSON *parameters_of(const struct options *o, char **args, size_t n_args, cJSON *types)
{
    cJSON *parameters = call_units(args, n_args);
    int64_t last = o->lines;

    if (last < 0 && o->follow && o->since < 0)
        last = LAST_WHEN_FOLLOWING;
    if (parameters && add_number(parameters, "last", last) &&
        add_number(parameters, "since", o->since) &&
        (!types || cJSON_AddItemToObject(parameters, "types", types)))
        return parameters;
    cJSON_Delete(types);
    cJSON_Delete(parameters);
    return NULL;
}

static void tell_lost(struct reading *r, struct strbuf *b, int64_t lost)
{
    char text[64];

    if (lost <= 0)
        return;
    snprintf(text, sizeof(text), "%lld event%s lost", (long long)lost,
             lost == 1 ? " was" : "s were");
    if (r->s->options->json)
        complain("%s", text);
    else
        event_lines_add_remark(&r->lines, b, text);
}

static int take(void *context, struct varlink_reply *reply)
{
    struct reading *r = context;
    const cJSON *events = field(reply->parameters, "events");
    struct strbuf b = STRBUF_INIT;
    const cJSON *event;
    int code;

    if (!cJSON_IsArray(events)) {
        complain("the answer to Events holds no events; is this another reeved?");
        return EXIT_FAILED;
    }
    tell_lost(r, &b, field_number(reply->parameters, "lost", 0));
    event_lines_fit(&r->lines, events);
    cJSON_ArrayForEach(event, events)
    {
        if (r->s->options->json)
            render_json_line(&b, event);
        else
            event_lines_add(&r->lines, &b, event);
        r->ended = strcmp(field_word(event, "type"), notice_type_name(NOTICE_SESSION_STOPPED)) == 0;
    }
    code = output(&b, 0);
    if (code == 0 && output_flush() != 0)
        return EXIT_FAILED;
    return code ? code : r->ended && reply->continues ? STREAM_ENOUGH : 0;
}

static int read_events(struct session *s, cJSON *parameters)
{
    const struct options *o = s->options;
    struct reading r = {.s = s};
    struct patience patience = {
        .timeout_ms = o->follow ? -1 : ANSWER_TIMEOUT_MS,
        .interruptible = o->follow,
        .for_output = o->follow,
    };
    struct strbuf b = STRBUF_INIT;
    char refusal[64];
    int code;

    if (o->since >= 0) {
        snprintf(refusal, sizeof(refusal), "there is no event %lld yet", (long long)o->since);
        patience.refused = "since";
        patience.refusal = refusal;
    }
    event_lines_init(&r.lines, &s->out, s->now_wall_ms);
    code = call_stream(s, "Events", parameters, o->follow, &patience, take, &r);
    /* The last event of all says it by itself. */
    if (code || r.ended || !o->follow || o->json)
        return code;
    event_lines_add_remark(&r.lines, &b, "reeved ended");
    return output(&b, EXIT_OK);
}

int verb_events(struct session *s, char **args, size_t n_args)
{
    const struct options *o = s->options;
    cJSON *types = NULL;
    int code = 0;

    if (o->types)
        types = parse_types(o->types, &code);
    return code ? code : read_events(s, parameters_of(o, args, n_args, types));
}
