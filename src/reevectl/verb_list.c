/* list: the units in configuration order, one line each. */
#include "reevectl/fields.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"

/* For people, how many units are in which state; of one unit that was just said. */
static void add_footer(const struct session *s, struct strbuf *b, const cJSON *units)
{
    struct unit_counts counts = units_count(units);
    struct strbuf text = STRBUF_INIT;

    if (!s->out.tty || counts.total == 1)
        return;
    units_add_counts(&text, &counts);
    strbuf_add(b, "\n");
    terminal_add_paragraph(&s->out, b, STYLE_PLAIN, &text, 0, 2);
    strbuf_finish(&text);
}

int verb_list(struct session *s, char **args, size_t n_args)
{
    struct strbuf b = STRBUF_INIT;
    const cJSON *units;
    cJSON *reply;
    int code = call(s, "List", call_units(args, n_args), &reply);

    if (code)
        return code;
    if (s->options->json) {
        code = call_print_json(reply, EXIT_OK);
        cJSON_Delete(reply);
        return code;
    }
    units = field(reply, "units");
    units_write_list(s, units, &b);
    add_footer(s, &b, units);
    cJSON_Delete(reply);
    return output(&b, EXIT_OK);
}
