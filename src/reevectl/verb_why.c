/* why: what somebody wants to know of units at three in the morning, in a few lines. */
#include "reevectl/fields.h"
#include "reevectl/inquiry.h"
#include "reevectl/probes.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"
#include "reevectl/walk.h"
#include "reevectl/words.h"

enum { INDENT = 4 };

static void add_line(const struct session *s, struct strbuf *b, enum style style,
                     const struct strbuf *text)
{
    if (text->len_bytes == 0)
        return;
    text_add_spaces(b, INDENT);
    terminal_add_paragraph(&s->out, b, style, text, INDENT, INDENT);
}

/* "web: running since ..." and what else there is, indented. */
static void add_cause(const struct session *s, struct strbuf *b, const cJSON *unit, struct cause *c)
{
    struct strbuf name = STRBUF_INIT;

    text_add_harmless(&name, field_word(unit, "name"));
    terminal_add(&s->out, b, probes_unit_style(unit), strbuf_text(&name));
    strbuf_add(b, ": ");
    if (c->reason.len_bytes)
        strbuf_addf(&c->state, ": %s", strbuf_text(&c->reason));
    terminal_add_paragraph(&s->out, b, STYLE_PLAIN, &c->state, text_columns(strbuf_text(&name)) + 2,
                           INDENT);
    b->failed |= name.failed || c->reason.failed;
    strbuf_finish(&name);
    add_line(s, b, STYLE_PLAIN, &c->last_run);
    add_line(s, b, STYLE_DIM, &c->advice);
}

static int visit(struct session *s, const cJSON *reply)
{
    const cJSON *unit = field(reply, "unit");
    struct strbuf b = STRBUF_INIT;
    struct cause c = {0};

    if (s->options->json)
        return call_print_json(reply, EXIT_OK);
    if (s->n_blocks++)
        strbuf_add(&b, "\n");
    inquire(s, unit, &c);
    add_cause(s, &b, unit, &c);
    cause_finish(&c);
    return output(&b, EXIT_OK);
}

int verb_why(struct session *s, char **args, size_t n_args)
{
    return walk_units(s, args, n_args, visit);
}
