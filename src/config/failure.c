/* What follows when a unit has failed, and when reeved ends: on_failed, exit_when, exit_code_from.
 */
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "config/lookup.h"
#include "config/order.h"

static const char start[] = "start:";

/* One unit that is to start. What is wrong with that goes to `why`. */
static void judge_start(struct loader *l, uint32_t self, uint32_t other,
                        const struct units_meant *m, struct strbuf *why)
{
    const struct unit_spec *o = &l->set->units[other];
    const char *name = m->whole ? o->base_name : o->name;

    if (other == self)
        strbuf_addf(why, "'%s' is this unit itself; name another (%s starts again)", name,
                    l->set->units[self].kind == UNIT_JOB ? "'retries' says how often it"
                                                         : "'restart' says if it");
    else if (!o->enabled)
        strbuf_addf(why, "'%s' never starts, since it has enabled = no; enable it, or name another",
                    name);
    else if (o->autostart && o->kind == UNIT_SERVICE)
        report_warn(&l->report, order_place(l, self, ORDER_ON_FAILED),
                    "'%s' is up anyway, since it starts with reeved; give it autostart = no", name);
}

static int keep_starts(struct loader *l, uint32_t self, const struct units_meant *m,
                       struct strbuf *why)
{
    struct unit_spec *u = &l->set->units[self];
    uint32_t *list = arena_alloc(&l->arena, m->n, sizeof *list);
    bool inherited = l->texts[self].keys[ORDER_ON_FAILED].inherited;

    if (!list)
        return -ENOMEM;
    u->on_failed = ON_FAILED_START;
    u->on_failed_start = list;
    for (uint32_t i = 0; i < m->n && !why->len_bytes; i++) {
        uint32_t other = lookup_unit(m, i);

        /* By a tag, or a key that it has in common with others, a unit does not mean itself, nor
         * its other instances. */
        if ((m->tag || inherited) && l->set->units[other].base_name == u->base_name)
            continue;
        judge_start(l, self, other, m, why);
        if (other != self)
            list[u->n_on_failed_start++] = other;
    }
    if (!u->n_on_failed_start)
        u->on_failed = ON_FAILED_IGNORE;
    if (!u->n_on_failed_start && !why->len_bytes && !inherited)
        strbuf_addf(why, "no other unit has the tag '%s'; write it into the 'tags' of some",
                    m->tag);
    return 0;
}

/* `text` is without white space at its ends. */
static int resolve_on_failed(struct loader *l, struct lookup *units, uint32_t self,
                             const char *text, struct strbuf *why)
{
    struct unit_spec *u = &l->set->units[self];
    const char *word = text + strlen(start);
    struct units_meant m;
    char shown_text[SHOWN_BYTES];
    int rc;

    if (strcmp(text, "ignore") == 0) {
        u->on_failed = ON_FAILED_IGNORE;
        return 0;
    }
    if (strcmp(text, "shutdown") == 0) {
        u->on_failed = ON_FAILED_SHUTDOWN;
        return 0;
    }
    if (strtab_find(&l->names, text, strlen(text))) {
        strbuf_addf(why, "'%s' is not a value of this key; did you mean start:%s?", text, text);
        return -EINVAL;
    }
    if (strncmp(text, start, strlen(start)) != 0) {
        strbuf_addf(why,
                    "'%s' is not a value of this key; write ignore, shutdown or start:NAME (a "
                    "unit)",
                    shown(shown_text, text));
        return -EINVAL;
    }
    if (!*word || strpbrk(word, " \t,")) {
        strbuf_addf(why,
                    "'%s' does not name one unit; write start:NAME, or for several units give "
                    "them a tag and write start:tag:TAG",
                    shown(shown_text, text));
        return -EINVAL;
    }
    rc = lookup_word(units, word, strlen(word), &m, why);
    if (rc == 0 && m.condition != CONDITION_COUNT) {
        strbuf_addf(why, "'%s' has a condition, which means nothing here; write start:NAME",
                    shown(shown_text, text));
        return -EINVAL;
    }
    return rc < 0 ? rc : keep_starts(l, self, &m, why);
}

/* Ends well or is tried again, each time: also when it does not even start. */
static bool never_fails(const struct unit_spec *u)
{
    return u->kind == UNIT_SERVICE && u->restart != RESTART_NEVER && !u->restart_limit;
}

static void load_on_failed(struct loader *l, struct lookup *units, uint32_t self)
{
    const char *text = l->texts[self].keys[ORDER_ON_FAILED].text;
    const struct unit_spec *u = &l->set->units[self];
    struct strbuf why = STRBUF_INIT;

    if (!text)
        return;
    if (resolve_on_failed(l, units, self, text, &why) == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else if (why.len_bytes)
        report_add(&l->report, order_place(l, self, ORDER_ON_FAILED), "%s", strbuf_text(&why));
    else if (u->on_failed != ON_FAILED_IGNORE && never_fails(u) &&
             !l->texts[self].keys[ORDER_ON_FAILED].inherited)
        report_warn(&l->report, order_place(l, self, ORDER_ON_FAILED),
                    "this never follows, since '%s' is tried again whenever it fails, also to "
                    "start; give it a 'restart_limit', or restart = never",
                    u->base_name);
    strbuf_finish(&why);
}

/* ---- [reeve] ---- */

/* 0, -EINVAL with the problem in `why`, or -ENOMEM. */
static int resolve_exit_code_from(struct loader *l, struct lookup *units, struct strbuf *why)
{
    const char *text = l->exit_code_from;
    struct units_meant m = {0};
    char shown_text[SHOWN_BYTES];
    int rc = 0;

    shown(shown_text, text);
    if (strpbrk(text, " \t,") || strncmp(text, "tag:", 4) == 0)
        strbuf_addf(why, "'%s' is not one unit; write the name of one", shown_text);
    else
        rc = lookup_word(units, text, strlen(text), &m, why);
    if (rc < 0 || !m.n)
        return rc;
    if (m.condition != CONDITION_COUNT)
        strbuf_addf(why, "'%s' has a condition, which means nothing here; write the name alone",
                    shown_text);
    else if (m.n > 1)
        strbuf_addf(why, "'%s' has %u instances; name one of them, for example %s@1", shown_text,
                    m.n, shown_text);
    l->set->daemon.has_exit_code_from = true;
    l->set->daemon.exit_code_from = m.first;
    return 0;
}

static void load_exit_code_from(struct loader *l, struct lookup *units)
{
    struct place where = l->exit_code_from_place;
    struct strbuf why = STRBUF_INIT;
    const struct unit_spec *u;
    int rc;

    if (!l->exit_code_from)
        return;
    rc = resolve_exit_code_from(l, units, &why);
    u = &l->set->units[l->set->daemon.exit_code_from];
    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else if (why.len_bytes)
        report_add(&l->report, where, "%s", strbuf_text(&why));
    else if (rc == 0 && !u->enabled)
        report_warn(&l->report, where,
                    "'%s' never starts, since it has enabled = no; enable it, or name another",
                    u->name);
    strbuf_finish(&why);
}

/* A service that is always restarted and always wanted keeps reeved from being done. */
static void warn_of_no_end(struct loader *l)
{
    struct place where = l->exit_when_place;

    for (uint32_t i = 0; i < l->set->n_units; i++) {
        const struct unit_spec *u = &l->set->units[i];

        if (u->kind != UNIT_SERVICE || !u->enabled || !u->autostart ||
            u->restart != RESTART_ALWAYS || u->restart_limit)
            continue;
        report_warn(&l->report, where,
                    "this never comes, since '%s' starts with reeved and is always restarted; "
                    "give it autostart = no, so that it is up only for units that require it",
                    u->base_name);
        return;
    }
}

/* As long as no unit is wanted, reeved is not done. */
static void warn_of_no_beginning(struct loader *l)
{
    struct place where = l->exit_when_place;

    for (uint32_t i = 0; i < l->set->n_units; i++) {
        if (l->set->units[i].enabled && l->set->units[i].autostart)
            return;
    }
    report_warn(&l->report, where,
                "nothing starts with reeved, which waits until something is started by hand; give "
                "what is to be done autostart = yes");
}

void load_failures(struct loader *l, struct lookup *units)
{
    for (uint32_t i = 0; i < l->set->n_units; i++)
        load_on_failed(l, units, i);
    load_exit_code_from(l, units);
    if (l->set->daemon.exit_when == EXIT_ALL_DONE) {
        warn_of_no_end(l);
        warn_of_no_beginning(l);
    }
}
