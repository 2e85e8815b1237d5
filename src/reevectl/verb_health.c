/* health: is everything up that should be? For people and for probes of containers. */
#include <string.h>

#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"
#include "reevectl/words.h"

static int exit_code_of(const char *status)
{
    bool well = strcmp(status, "healthy") == 0 || strcmp(status, "starting") == 0;

    return well ? EXIT_OK : EXIT_FAILED;
}

static void write_health(const struct session *s, const cJSON *reply, struct strbuf *out)
{
    const char *status = field_word(reply, "status");
    struct unit_counts counts = units_told_counts(reply);
    struct strbuf text = STRBUF_INIT;

    terminal_add_harmless(&s->out, out, words_status_style(status), status);
    strbuf_add(&text, " - ");
    units_add_counts(&text, &counts);
    terminal_add_paragraph(&s->out, out, STYLE_PLAIN, &text, text_columns(status), 2);
    strbuf_add(out, "\n");
    units_write_health(s, field(reply, "units"), out);
    strbuf_finish(&text);
}

int verb_health(struct session *s, char **args, size_t n_args)
{
    struct strbuf b = STRBUF_INIT;
    cJSON *reply;
    int code = call(s, "Health", call_units(args, n_args), &reply);

    if (code)
        return code;
    code = exit_code_of(field_word(reply, "status"));
    if (s->options->json) {
        code = call_print_json(reply, code);
    } else {
        write_health(s, reply, &b);
        code = output(&b, code);
    }
    cJSON_Delete(reply);
    return code;
}
