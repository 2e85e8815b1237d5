#include "reevectl/walk.h"

#include <string.h>

#include "reevectl/fields.h"

struct walk {
    struct session *s;
    walk_visit *visit;
    cJSON *seen; /* names; NULL where none can come twice */
    int code;    /* the worst so far */
    bool failed; /* the connection may be gone: to go on would only repeat the complaint */
};

static void note(struct walk *w, int code)
{
    static const int rank[] = {
        [EXIT_OK] = 0, [EXIT_INACTIVE] = 1, [EXIT_FAILED] = 2, [EXIT_USAGE] = 3, [EXIT_NO_UNIT] = 4,
    };

    w->failed |= code == EXIT_FAILED;
    if (rank[code] > rank[w->code])
        w->code = code;
}

/* Whether the unit comes for the first time. */
static bool is_new(struct walk *w, const char *name)
{
    const cJSON *item;
    cJSON *copy;

    if (!w->seen)
        return true;
    cJSON_ArrayForEach(item, w->seen)
    {
        if (strcmp(item->valuestring, name) == 0)
            return false;
    }
    copy = cJSON_CreateString(name);
    if (copy && cJSON_AddItemToArray(w->seen, copy))
        return true;
    cJSON_Delete(copy);
    note(w, out_of_memory());
    return false;
}

static void show(struct walk *w, const char *name)
{
    cJSON *reply;
    int code = call(w->s, "Show", call_unit(name), &reply);

    if (code) {
        note(w, code);
        return;
    }
    note(w, w->visit(w->s, reply));
    cJSON_Delete(reply);
}

/* The units of one argument, a name or glob. */
static void walk_argument(struct walk *w, char *argument)
{
    const cJSON *units, *unit;
    cJSON *reply;
    int code = call(w->s, "List", call_units(&argument, 1), &reply);

    if (code) {
        note(w, code);
        return;
    }
    units = field(reply, "units");
    if (cJSON_GetArraySize(units) == 0)
        note(w, call_tell_no_match(argument));
    cJSON_ArrayForEach(unit, units)
    {
        const char *name = field_word(unit, "name");

        if (is_new(w, name))
            show(w, name);
        if (w->failed)
            break;
    }
    cJSON_Delete(reply);
}

int walk_units(struct session *s, char **args, size_t n_args, walk_visit *visit)
{
    struct walk w = {.s = s, .visit = visit};

    if (n_args > 1) {
        w.seen = cJSON_CreateArray();
        if (!w.seen)
            return out_of_memory();
    }
    for (size_t i = 0; i < n_args && !w.failed; i++)
        walk_argument(&w, args[i]);
    cJSON_Delete(w.seen);
    return w.code;
}
