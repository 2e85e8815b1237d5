#include "control/results.h"

#include <stdlib.h>

#include "control/view.h"
#include "os/clock.h"
#include "run/supervisor.h"

void results_init(struct results *rs, bool more, bool lines, bool with_progress)
{
    *rs = (struct results){.more = more, .lines = lines, .with_progress = with_progress};
    list_init(&rs->decided);
    list_init(&rs->moved);
}

static pid_t pid_of(const struct unit *u)
{
    return u->main_alive ? u->current.pid : 0;
}

static void take_state(struct result *r, const struct unit *u)
{
    r->state = unit_state_of(u->phase);
    r->pid = pid_of(u);
    r->run = u->run;
    r->hook = u->hook;
    r->held_until_wall_ms = u->phase == PHASE_HELD ? u->held_until_wall_ms : 0;
}

void result_init(struct result *r, const struct unit *u, struct along along)
{
    *r = (struct result){.unit = u->index, .along = along};
    list_init(&r->link);
    take_state(r, u);
}

void result_finish(struct result *r)
{
    list_remove(&r->link);
    free(r->message);
    r->message = NULL;
}

void results_moved(struct results *rs, struct result *r, const struct unit *u)
{
    struct result now;
    bool as_told;

    if (!rs->more || r->decided)
        return;
    take_state(&now, u);
    as_told = now.state == r->state && now.pid == r->pid && now.hook == r->hook &&
              now.held_until_wall_ms == r->held_until_wall_ms;
    if (as_told)
        list_remove(&r->link);
    else if (list_empty(&r->link))
        list_append(&rs->moved, &r->link);
}

void results_decide(struct results *rs, struct result *r, const struct unit *u, bool ok,
                    struct strbuf *message)
{
    if (message && message->len_bytes)
        r->message = strbuf_steal(message);
    r->decided = true;
    r->ok = ok;
    take_state(r, u);
    list_remove(&r->link);
    if (rs->more)
        list_append(&rs->decided, &r->link);
}

void results_tell(struct results *rs, struct result *r)
{
    list_append(&rs->decided, &r->link);
}

bool results_waiting(const struct results *rs)
{
    return !list_empty(&rs->decided) || !list_empty(&rs->moved);
}

/* ---- writing ---- */

static const char *name_of(const struct supervisor *s, uint32_t unit)
{
    return supervisor_unit(s, unit)->spec->name;
}

static struct result *take_first(struct list *from)
{
    struct result *r = container_of(from->next, struct result, link);

    list_remove(&r->link);
    return r;
}

static const char *const because_names[ALONG_BECAUSE_COUNT] = {
    [ALONG_REQUIRES_IT] = "requires_it",
    [ALONG_NOT_NEEDED] = "not_needed",
};

static void write_decided(struct results *rs, const struct supervisor *s, size_t until_bytes)
{
    struct json_out *o = &rs->out;

    while (!list_empty(&rs->decided) && o->b->len_bytes < until_bytes && !o->b->failed) {
        const struct result *r = take_first(&rs->decided);

        json_begin_object(o, NULL);
        json_string(o, "unit", name_of(s, r->unit));
        json_string(o, "along_with", r->along.with ? name_of(s, r->along.with - 1) : NULL);
        json_string(o, "because", r->along.with ? because_names[r->along.because] : NULL);
        json_bool(o, "ok", r->ok);
        json_string(o, "state", unit_state_name(r->state));
        json_int_or_null(o, "pid", r->pid, 0);
        json_int(o, "run", (int64_t)r->run);
        json_string(o, "message", r->message ? r->message : "");
        json_end_object(o);
    }
}

static void write_moved(struct results *rs, const struct supervisor *s, size_t until_bytes)
{
    struct json_out *o = &rs->out;
    struct moment now = clock_now();

    while (!list_empty(&rs->moved) && o->b->len_bytes < until_bytes && !o->b->failed) {
        struct result *r = take_first(&rs->moved);
        const struct unit *u = supervisor_unit(s, r->unit);

        take_state(r, u);
        json_begin_object(o, NULL);
        json_string(o, "unit", u->spec->name);
        json_string(o, "state", unit_state_name(r->state));
        view_waiting_now(o, s, r->unit);
        view_held_and_hook(o, u, now);
        json_int_or_null(o, "pid", r->pid, 0);
        json_end_object(o);
    }
}

bool results_write(struct results *rs, const struct supervisor *s, bool last, struct strbuf *out,
                   size_t until_bytes)
{
    if (!rs->begun) {
        message_begin(&rs->out, out);
        json_begin_array(&rs->out, "results");
        rs->begun = true;
    }
    write_decided(rs, s, until_bytes);
    last = last && list_empty(&rs->decided);
    if (!last && !rs->more)
        return false;
    json_end_array(&rs->out);
    if (rs->with_progress) {
        json_begin_array(&rs->out, "progress");
        if (!last)
            write_moved(rs, s, until_bytes);
        json_end_array(&rs->out);
    }
    message_end(&rs->out, !last, rs->lines);
    rs->begun = false;
    return last;
}
