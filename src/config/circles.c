#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/graph.h"
#include "config/order.h"

enum {
    PASSES_MAX = 10, /* circles that share units are looked for so often */
    SHOWN_FIRST = 8, /* edges of a long circle */
    SHOWN_LAST = 2,
    BATCH = 64, /* units in a word of bits */
};

/* ---- units that wait for each other ---- */

struct circles {
    struct loader *l;
    const struct links *links;
    bool *told; /* by key of a section: it is in a circle that was told */
    uint32_t n_told;
};

/* The same for all instances of a section. */
static size_t origin(const struct circles *c, uint32_t edge)
{
    const struct link *link = &c->links->items[edge];

    return (size_t)c->l->texts[link->owner].section * ORDER_KEYS + link->key;
}

/* "web requires db (tag:backend)" */
static void add_edge(const struct circles *c, uint32_t edge, struct strbuf *to)
{
    static const char *const verbs[ORDER_KEYS] = {"requires", "wants", "is after", "is after", ""};
    const struct link *link = &c->links->items[edge];
    const struct unit_spec *from = &c->l->set->units[link->from];
    const struct unit_spec *at = &c->l->set->units[link->to];

    strbuf_addf(to, "%s %s %s", from->name, verbs[link->key], at->name);
    if (link->key == ORDER_BEFORE)
        strbuf_addf(to, " (%s has before = %s%s)", at->base_name, link->tag ? "tag:" : "",
                    link->tag ? link->tag : from->base_name);
    else if (link->tag)
        strbuf_addf(to, " (tag:%s)", link->tag);
}

static void tell_circle(void *context, const uint32_t *edges, uint32_t n)
{
    struct circles *c = context;
    const struct link *first = &c->links->items[edges[0]];
    struct strbuf path = STRBUF_INIT;

    for (uint32_t i = 0; i < n; i++) {
        if (c->told[origin(c, edges[i])])
            return;
    }
    for (uint32_t i = 0; i < n; i++)
        c->told[origin(c, edges[i])] = true;
    for (uint32_t i = 0; i < n; i++) {
        strbuf_add(&path, i ? ", " : "");
        if (i == SHOWN_FIRST && n > SHOWN_FIRST + SHOWN_LAST + 1) {
            i = n - SHOWN_LAST;
            strbuf_addf(&path, "and so on through %u more units, until ",
                        n - SHOWN_FIRST - SHOWN_LAST);
        }
        add_edge(c, edges[i], &path);
    }
    c->n_told++;
    if (path.failed)
        report_out_of_memory(&c->l->report);
    else
        report_add(&c->l->report, order_place(c->l, first->owner, first->key),
                   "units wait for each other in a circle: %s; take one of these out",
                   strbuf_text(&path));
    strbuf_finish(&path);
}

/* The links as a graph, all edges there; to be freed whatever comes of it. */
static int graph_of_links(const struct links *links, uint32_t n_units, struct graph *ret)
{
    uint32_t *to = calloc((size_t)links->n + 1, sizeof *to);
    bool *gone = calloc((size_t)links->n + 1, sizeof *gone);

    *ret = (struct graph){n_units, links->first, to, gone};
    if (!to || !gone)
        return -ENOMEM;
    for (uint32_t i = 0; i < links->n; i++)
        to[i] = links->items[i].to;
    return 0;
}

static void graph_free(struct graph *g)
{
    free(g->to);
    free(g->gone);
}

/* Until no circle is left, or enough was told: each time without the keys that were told of. */
static int find_circles(struct circles *c)
{
    struct graph g;
    int rc = graph_of_links(c->links, c->l->set->n_units, &g);
    uint32_t before;

    c->told = calloc(c->l->doc.n_sections * ORDER_KEYS + 1, sizeof *c->told);
    if (!c->told)
        rc = -ENOMEM;
    for (unsigned pass = 0; rc >= 0 && pass < PASSES_MAX; pass++) {
        before = c->n_told;
        rc = graph_circles(&g, tell_circle, c);
        if (c->n_told == before)
            break;
        for (uint32_t e = 0; e < c->links->n; e++)
            g.gone[e] = c->told[origin(c, e)];
    }
    graph_free(&g);
    free(c->told);
    return rc < 0 ? rc : 0;
}

bool check_circles(struct loader *l, const struct links *links)
{
    struct circles c = {.l = l, .links = links};

    if (links->n && find_circles(&c) < 0)
        report_out_of_memory(&l->report);
    return c.n_told == 0;
}

/* ---- units that start each other when they fail ---- */

/* on_failed = start as a graph. The edges of a unit stand in the order of its list. */
static int graph_of_failures(const struct spec_set *set, struct graph *ret)
{
    uint32_t n = 0;

    *ret = (struct graph){.n_nodes = set->n_units};
    ret->first = calloc((size_t)set->n_units + 1, sizeof *ret->first);
    if (!ret->first)
        return -ENOMEM;
    for (uint32_t i = 0; i < set->n_units; i++) {
        n += set->units[i].n_on_failed_start;
        ret->first[i + 1] = n;
    }
    ret->to = calloc((size_t)n + 1, sizeof *ret->to);
    ret->gone = calloc((size_t)n + 1, sizeof *ret->gone);
    if (!ret->to || !ret->gone)
        return -ENOMEM;
    for (uint32_t i = 0; i < set->n_units; i++) {
        const struct unit_spec *u = &set->units[i];

        if (u->n_on_failed_start)
            memcpy(ret->to + ret->first[i], u->on_failed_start,
                   u->n_on_failed_start * sizeof *ret->to);
    }
    return 0;
}

struct failures {
    struct loader *l;
    const struct graph *g;
};

static void tell_failures(void *context, const uint32_t *edges, uint32_t n)
{
    struct failures *f = context;
    const struct unit_spec *units = f->l->set->units;
    uint32_t first = f->g->to[edges[n - 1]], from = first;
    struct strbuf path = STRBUF_INIT;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = f->g->to[edges[i]];

        if (i == SHOWN_FIRST && n > SHOWN_FIRST + SHOWN_LAST + 1) {
            i = n - SHOWN_LAST;
            strbuf_addf(&path, ", and so on through %u more units", n - SHOWN_FIRST - SHOWN_LAST);
            from = f->g->to[edges[i - 1]];
            to = f->g->to[edges[i]];
        }
        strbuf_addf(&path, "%s%s starts %s", i ? ", " : "", units[from].base_name,
                    units[to].base_name);
        from = to;
    }
    if (path.failed)
        report_out_of_memory(&f->l->report);
    else
        report_add(&f->l->report, order_place(f->l, first, ORDER_ON_FAILED),
                   "units start each other when they fail: %s; take one of these out",
                   strbuf_text(&path));
    strbuf_finish(&path);
}

/* ---- units that are to start, but cannot ---- */

/* Sets bit I of reach[unit] when the unit requires, directly or not, number I of the batch. */
static void reach_batch(const struct graph *g, const uint32_t *sorted, const uint32_t *batch,
                        uint32_t n, uint64_t *reach)
{
    memset(reach, 0, g->n_nodes * sizeof *reach);
    for (uint32_t i = 0; i < n; i++)
        reach[batch[i]] = (uint64_t)1 << i;
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        uint32_t unit = sorted[i];

        for (uint32_t e = g->first[unit]; e < g->first[unit + 1]; e++) {
            if (!g->gone[e])
                reach[unit] |= reach[g->to[e]];
        }
    }
}

static void judge_batch(struct loader *l, const uint32_t *batch, uint32_t n, const uint64_t *reach)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct unit_spec *u = &l->set->units[batch[i]];

        for (uint32_t k = 0; k < u->n_on_failed_start; k++) {
            const struct unit_spec *other = &l->set->units[u->on_failed_start[k]];

            if (!(reach[u->on_failed_start[k]] >> i & 1))
                continue;
            report_add(&l->report, order_place(l, batch[i], ORDER_ON_FAILED),
                       "'%s' requires '%s', directly or not, so it cannot start once that has "
                       "failed; name another unit, or change its 'requires' to 'wants'",
                       other->base_name, u->base_name);
            break;
        }
    }
}

/* In batches, each with one look at all links: the time stays bounded whatever the graph is like.
 */
static int find_impossible(struct loader *l, const struct graph *requires)
{
    uint32_t n_units = l->set->n_units, batch[BATCH], n = 0;
    uint32_t *sorted = calloc((size_t)n_units + 1, sizeof *sorted);
    uint64_t *reach = calloc((size_t)n_units + 1, sizeof *reach);
    int rc = sorted && reach ? graph_sort(requires, sorted) : -ENOMEM;

    for (uint32_t i = 0; rc == 0 && i < n_units; i++) {
        if (l->set->units[i].n_on_failed_start)
            batch[n++] = i;
        if (n == BATCH || (n > 0 && i == n_units - 1)) {
            reach_batch(requires, sorted, batch, n, reach);
            judge_batch(l, batch, n, reach);
            n = 0;
        }
    }
    free(sorted);
    free(reach);
    return rc;
}

static void keep_requires(struct graph *g, const struct links *links)
{
    for (uint32_t i = 0; i < links->n; i++)
        g->gone[i] = links->items[i].key != ORDER_REQUIRES;
}

/* The links must be without circles. */
static int check_starts(struct loader *l, const struct links *links)
{
    struct graph g;
    int rc = graph_of_links(links, l->set->n_units, &g);

    if (rc == 0) {
        keep_requires(&g, links);
        rc = find_impossible(l, &g);
    }
    graph_free(&g);
    return rc;
}

static bool any_starts(const struct spec_set *set)
{
    for (uint32_t i = 0; i < set->n_units; i++) {
        if (set->units[i].n_on_failed_start)
            return true;
    }
    return false;
}

void check_failures(struct loader *l, const struct links *links, bool sound)
{
    struct graph starts = {0};
    struct failures f = {l, &starts};
    int rc;

    if (!any_starts(l->set))
        return;
    rc = graph_of_failures(l->set, &starts);
    if (rc == 0)
        rc = graph_circles(&starts, tell_failures, &f);
    if (rc >= 0 && sound)
        rc = check_starts(l, links);
    if (rc < 0)
        report_out_of_memory(&l->report);
    free(starts.first);
    graph_free(&starts);
}
