#include "control/listing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control/view.h"
#include "os/clock.h"

/* What one portion may take: what a unit waits for may be one of its ten thousand dependencies. */
enum { PORTION_MS = 2 };

void listing_begin(struct listing *l, enum listing_shape shape, bool more, bool lines,
                   const char *version, struct selection *units)
{
    *l = (struct listing){
        .active = true,
        .shape = shape,
        .more = more,
        .lines = lines,
        .version = version,
        .units = *units,
    };
    *units = (struct selection){NULL, 0};
}

int listing_add_dependencies(struct listing *l, const struct supervisor *s)
{
    return closure_create(&l->closure, s, &l->units);
}

void listing_finish(struct listing *l)
{
    closure_destroy(l->closure);
    selection_finish(&l->units);
    memset(l, 0, sizeof *l);
}

/* ---- what the units depend on ---- */

static void find_portion(struct listing *l, struct strbuf *out)
{
    struct selection units;
    int r = closure_step(l->closure, &units);

    if (r == -EAGAIN)
        return;
    closure_destroy(l->closure);
    l->closure = NULL;
    selection_finish(&l->units);
    l->units = units;
    out->failed = out->failed || r < 0;
}

/* ---- writing ---- */

static void write_head(struct listing *l, struct supervisor *s)
{
    struct health_tally tally = {0};
    uint32_t n = supervisor_n_units(s);
    enum health_status status;

    for (uint32_t i = 0; i < n; i++)
        health_tally_add(&tally, supervisor_unit(s, i));
    status = health_status_of(&tally, supervisor_shutting_down(s), supervisor_started(s));
    json_string(&l->out, "status", health_status_name(status));
    json_bool(&l->out, "ready", health_ready(&tally));
    json_string(&l->out, "version", l->version);
    json_int(&l->out, "pid", getpid());
    json_int(&l->out, "uptime_ms", supervisor_uptime_ms(s));
    view_counts(&l->out, "counts", &tally, supervisor_orphans(s));
}

/* Returns whether all of it is written: there may be many dependencies. */
static bool write_graph_unit(struct listing *l, const struct view *v, const struct unit *u,
                             size_t until_bytes)
{
    if (!l->in_unit) {
        view_graph_begin(&l->out, v, u);
        l->in_unit = true;
        l->next_dependency = 0;
    }
    while (l->next_dependency < u->spec->n_dependencies && l->out.b->len_bytes < until_bytes &&
           !l->out.b->failed)
        view_dependency(&l->out, v->s, u->index, l->next_dependency++, false);
    if (l->next_dependency < u->spec->n_dependencies)
        return false;
    view_graph_end(&l->out);
    l->in_unit = false;
    return true;
}

static bool write_unit(struct listing *l, const struct view *v, const struct unit *u,
                       size_t until_bytes)
{
    switch (l->shape) {
    case LISTING_HEALTH:
        view_health(&l->out, NULL, v, u);
        break;
    case LISTING_UNITS:
        view_unit(&l->out, NULL, v, u);
        break;
    case LISTING_GRAPH:
        return write_graph_unit(l, v, u, until_bytes);
    }
    return true;
}

static void write_units(struct listing *l, struct supervisor *s, size_t until_bytes)
{
    struct view v = view_now(s);
    bool was_full = l->more && l->in_unit; /* the page ends with the unit that it could not hold */

    while (l->next < l->units.n && l->out.b->len_bytes < until_bytes && !l->out.b->failed) {
        l->next += write_unit(l, &v, supervisor_unit(s, l->units.indexes[l->next]), until_bytes);
        if (was_full || clock_now().mono_ms > v.now.mono_ms + PORTION_MS)
            break;
    }
}

void listing_step(struct listing *l, struct supervisor *s, struct strbuf *out, size_t bytes)
{
    size_t until_bytes = out->len_bytes + bytes;
    bool over;

    if (l->closure) {
        find_portion(l, out);
        return;
    }
    if (!l->begun) {
        message_begin(&l->out, out);
        if (l->shape == LISTING_HEALTH)
            write_head(l, s);
        json_begin_array(&l->out, "units");
        l->begun = true;
    }
    write_units(l, s, until_bytes);
    over = l->next == l->units.n;
    if (over || (l->more && !l->in_unit)) {
        json_end_array(&l->out);
        message_end(&l->out, !over, l->lines);
        l->begun = false;
    }
    if (over)
        listing_finish(l);
}
