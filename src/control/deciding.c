#include "control/deciding.h"

#include <stdlib.h>

#include "control/explain.h"
#include "control/state.h"
#include "os/clock.h"

/* Units looked at before the next one has its turn. */
enum { LOOKED_PER_PORTION = 1024 };

const struct unit *item_unit(const struct pending *p, const struct item *it)
{
    return supervisor_unit(p->control->supervisor, it->result.unit);
}

void item_decide(struct pending *p, struct item *it, bool ok, struct strbuf *message)
{
    results_decide(&p->results, &it->result, item_unit(p, it), ok, message);
    p->n_decided++;
}

void item_decide_text(struct pending *p, struct item *it, const char *text)
{
    struct strbuf message = STRBUF_INIT;

    strbuf_add(&message, text);
    item_decide(p, it, false, &message);
    strbuf_finish(&message);
}

/* What is taken along is asked for by all the others. */
static bool has_reached_unit(const struct pending *p, const struct item *it)
{
    uint64_t asked = it->result.along.with ? p->asked : it->asked;

    if (it->result.along.with && !pending_is_put(p))
        return false;
    return supervisor_done(p->control->supervisor) >= asked;
}

static int compare_unit(const void *key, const void *element)
{
    const uint32_t *unit = key;
    const struct item *it = element;

    return *unit < it->result.unit ? -1 : *unit > it->result.unit;
}

struct item *pending_item(const struct pending *p, uint32_t unit)
{
    return bsearch(&unit, p->items, p->n_asked, sizeof *p->items, compare_unit);
}

/* It was to come back with another one, and that did not. */
static bool is_left_behind(const struct pending *p, const struct item *it)
{
    const struct item *with;

    if (p->request.asking != ASK_RESTART || !it->result.along.with)
        return false;
    with = pending_item(p, it->result.along.with - 1);
    return with && with->result.decided && !with->result.ok;
}

void item_look(struct pending *p, struct item *it)
{
    const struct supervisor *s = p->control->supervisor;
    const struct unit *u = item_unit(p, it);
    struct strbuf message = STRBUF_INIT;
    const struct exit_record *r;
    enum verdict verdict;

    if (it->result.decided || !has_reached_unit(p, it))
        return;
    if (p->request.waiting == WAIT_NOT) {
        item_decide(p, it, true, NULL);
        return;
    }
    verdict = verdict_look(&it->mark, u, &r);
    if (verdict == VERDICT_OPEN && !is_left_behind(p, it))
        return;
    if (verdict == VERDICT_OPEN)
        explain_left_behind(&message, s, u, supervisor_unit(s, it->result.along.with - 1),
                            clock_now());
    else
        explain_verdict(&message, s, u, verdict, r, clock_now());
    item_decide(p, it, verdict == VERDICT_OK, &message);
    strbuf_finish(&message);
}

void item_look_around(struct pending *p, struct item *it)
{
    bool was_decided = it->result.decided;

    item_look(p, it);
    if (was_decided || !it->result.decided || it->result.ok || it->result.along.with)
        return;
    for (uint32_t i = 0; p->request.asking == ASK_RESTART && i < p->n_asked; i++)
        if (p->items[i].result.along.with == it->result.unit + 1)
            item_look(p, &p->items[i]);
}

static void give_up(struct pending *p, struct item *it)
{
    struct strbuf message = STRBUF_INIT;

    explain_timeout(&message, p->control->supervisor, item_unit(p, it), it->mark.operation,
                    p->request.timeout_ms, clock_now());
    item_decide(p, it, false, &message);
    strbuf_finish(&message);
}

void pending_look_portion(struct pending *p, int64_t end_ms)
{
    for (int n = 0; n < LOOKED_PER_PORTION && p->n_looked < p->n_items; n++) {
        struct item *it = &p->items[p->n_looked++];

        item_look_around(p, it);
        if (p->expired && !it->result.decided)
            give_up(p, it);
        if (clock_now().mono_ms >= end_ms)
            break;
    }
}
