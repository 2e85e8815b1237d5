#include "control/listing.h"

#include <string.h>
#include <unistd.h>

#include "control/view.h"
#include "os/clock.h"

void listing_begin(struct listing *l, bool health, bool more, bool lines, const char *version,
                   struct selection *units)
{
    *l = (struct listing){
        .active = true,
        .health = health,
        .more = more,
        .lines = lines,
        .version = version,
        .units = *units,
    };
    *units = (struct selection){NULL, 0};
}

void listing_finish(struct listing *l)
{
    selection_finish(&l->units);
    memset(l, 0, sizeof *l);
}

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

static void write_units(struct listing *l, struct supervisor *s, size_t until_bytes)
{
    struct view_time t = {clock_now(), supervisor_uptime_ms(s)};

    while (l->next < l->units.n && l->out.b->len_bytes < until_bytes && !l->out.b->failed) {
        const struct unit *u = supervisor_unit(s, l->units.indexes[l->next++]);

        if (l->health)
            view_health(&l->out, NULL, u, &t);
        else
            view_unit(&l->out, NULL, u, &t);
    }
}

void listing_step(struct listing *l, struct supervisor *s, struct strbuf *out, size_t bytes)
{
    size_t until_bytes = out->len_bytes + bytes;
    bool over;

    if (!l->begun) {
        message_begin(&l->out, out);
        if (l->health)
            write_head(l, s);
        json_begin_array(&l->out, "units");
        l->begun = true;
    }
    write_units(l, s, until_bytes);
    over = l->next == l->units.n;
    if (over || l->more) {
        json_end_array(&l->out);
        message_end(&l->out, !over, l->lines);
        l->begun = false;
    }
    if (over)
        listing_finish(l);
}
