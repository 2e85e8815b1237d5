/* list: the units in configuration order, one line each. */
#include "reevectl/fields.h"
#include "reevectl/units.h"
#include "reevectl/verbs.h"

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
    if (s->out.tty) {
        struct unit_counts counts = units_count(units);

        strbuf_add(&b, "\n");
        units_add_counts(&b, &counts);
        strbuf_add(&b, "\n");
    }
    cJSON_Delete(reply);
    return output(&b, EXIT_OK);
}
