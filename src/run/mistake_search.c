#include "run/mistake_search.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/listening.h"
#include "os/procinfo.h"
#include "os/proctree.h"
#include "run/membership.h"
#include "run/state.h"

enum { ANCESTORS_MAX = 64, SOCKETS_MAX = 64, VALUE_BYTES = 128 };
/* Who forks twice has the second child a moment after the end of the first parent. */
enum { LATE_TICKS = 10 };
enum { SETTLED_MS = 2000 };
#define NO_UNIT MEMBERSHIP_NONE

/* ---- whose a process is ---- */

static bool descends_from(pid_t pid, pid_t ancestor)
{
    struct proc_stat p;

    for (int n = 0; n < ANCESTORS_MAX && pid > 1; n++) {
        if (proc_stat_read(pid, &p) < 0)
            return false;
        if (p.ppid == ancestor)
            return true;
        pid = p.ppid;
    }
    return false;
}

/* The unit that its environment names; another reeved may have one of the same name, so it has to
 * be one of ours otherwise. */
static uint32_t named_unit(const struct supervisor *s, pid_t pid)
{
    char name[VALUE_BYTES];
    const struct unit *u;

    if (proc_environ_get(pid, "REEVE_UNIT", name, sizeof name) < 0)
        return NO_UNIT;
    u = supervisor_find(s, name);
    return u ? u->index : NO_UNIT;
}

struct owner {
    uint32_t unit;
    bool orphan; /* in no tree, but ours */
};

static struct owner owner_of(struct supervisor *s, const struct mistake_case *c, pid_t pid)
{
    struct owner o = {.unit = membership_find(s, pid, -1)};

    if (o.unit == NO_UNIT && descends_from(pid, c->reeved)) {
        o.orphan = true;
        o.unit = named_unit(s, pid);
    }
    return o;
}

/* ---- what got away ---- */

struct left_search {
    struct supervisor *s;
    const struct mistake_case *c;
    pid_t named, alike; /* the environment says so; the program is the same. 0: none */
    bool many_alike;
};

static bool is_of_a_tree(struct left_search *f, pid_t pid)
{
    return procs_find(f->s->procs, pid) || membership_find(f->s, pid, -1) != NO_UNIT;
}

static bool visit_child(const struct proc_stat *p, void *arg)
{
    struct left_search *f = arg;
    const struct mistake_case *c = f->c;
    char name[PROC_NAME_BYTES], value[VALUE_BYTES];

    if (p->pid == getpid() || p->ended || p->start_ticks < c->spawned_ticks ||
        p->start_ticks > c->ended_ticks + LATE_TICKS || is_of_a_tree(f, p->pid))
        return false;
    if (proc_environ_get(p->pid, "REEVE_UNIT", value, sizeof value) == 0) {
        if (strcmp(value, f->s->set->units[c->unit].name) == 0)
            f->named = p->pid;
        return false;
    }
    /* Many daemons write their title over the environment. */
    proc_name_read(p->pid, name);
    if (mistake_is_program(&f->s->set->units[c->unit], name)) {
        f->many_alike = f->alike != 0;
        f->alike = p->pid;
    }
    return false;
}

static bool search_left(struct supervisor *s, const struct mistake_case *c, struct mistake *ret)
{
    struct left_search f = {.s = s, .c = c};
    struct tree_walk walk;

    tree_walk_init(&walk);
    tree_walk_add_children(&walk, c->reeved);
    while (tree_walk_step(&walk, 1000, NULL, visit_child, &f)) {}
    tree_walk_finish(&walk);
    ret->pid = f.named ? f.named : f.many_alike ? 0 : f.alike;
    if (!ret->pid)
        return false;
    ret->kind = MISTAKE_DAEMONIZED;
    proc_name_read(ret->pid, ret->program);
    return true;
}

/* ---- who listens ---- */

/* One socket that listens on a port that the unit is meant to have. */
struct candidate {
    struct listening listening;
    bool probed;
    bool own;  /* the unit itself has it, or reeved, for the unit */
    pid_t pid; /* the oldest process that has it; 0: none seen */
    uint64_t start_ticks;
    struct owner owner;
};

struct port_search {
    struct supervisor *s;
    const struct mistake_case *c;
    const struct unit_spec *spec;
    struct wanted_port ports[MISTAKE_PORTS_MAX];
    uint32_t n_ports;
    struct candidate found[SOCKETS_MAX];
    uint32_t n_found;
    const struct proc_stat *looking_at;
    bool *below; /* by index: the unit depends on it, directly or not */
};

static void take_listening(const struct listening *l, void *arg)
{
    struct port_search *f = arg;

    for (uint32_t i = 0; i < f->n_ports && f->n_found < SOCKETS_MAX; i++) {
        const struct wanted_port *port = &f->ports[i];

        if (port->port != l->address.port ||
            (port->probed && !mistake_probe_reaches(f->spec, &l->address)) ||
            (!port->probed && f->c->what == SEARCH_ANSWERED))
            continue;
        f->found[f->n_found++] = (struct candidate){.listening = *l, .probed = port->probed};
    }
}

static void take_holder(struct port_search *f, struct candidate *found, const struct proc_stat *p)
{
    struct owner owner = owner_of(f->s, f->c, p->pid);

    if (p->pid == f->c->reeved || (owner.unit == f->c->unit && !owner.orphan))
        found->own = true;
    if (found->pid && found->start_ticks <= p->start_ticks)
        return;
    found->pid = p->pid;
    found->start_ticks = p->start_ticks;
    found->owner = owner;
}

static void take_socket(uint64_t inode, void *arg)
{
    struct port_search *f = arg;

    for (uint32_t i = 0; i < f->n_found; i++)
        if (f->found[i].listening.inode == inode)
            take_holder(f, &f->found[i], f->looking_at);
}

static void visit_process(const struct proc_stat *p, void *arg)
{
    struct port_search *f = arg;

    if (p->ended || p->pid == getpid())
        return;
    f->looking_at = p;
    (void)listening_each_socket_of(p->pid, take_socket, f);
}

/* Marks all that the unit depends on: it is a client of these, not a rival. */
static bool mark_below(struct port_search *f)
{
    const struct spec_set *set = f->s->set;
    uint32_t *todo = calloc(set->n_units, sizeof *todo);
    uint32_t n = 0;

    f->below = calloc(set->n_units, sizeof *f->below);
    if (todo && f->below)
        todo[n++] = f->c->unit;
    while (n) {
        const struct unit_spec *spec = &set->units[todo[--n]];

        for (uint32_t i = 0; i < spec->n_dependencies; i++) {
            uint32_t unit = spec->dependencies[i].unit;

            if (!f->below[unit] && unit != f->c->unit)
                todo[n++] = unit;
            f->below[unit] = true;
        }
    }
    free(todo);
    return todo && f->below;
}

/* Whether the unit has the port, too, which more than one may; in doubt, while it lives, it has. */
static bool has_port(const struct port_search *f, uint16_t port)
{
    for (uint32_t i = 0; i < f->n_found; i++) {
        const struct candidate *found = &f->found[i];

        if (found->listening.address.port == port &&
            (found->own || (!found->pid && f->c->what == SEARCH_ANSWERED)))
            return true;
    }
    return false;
}

static bool is_taken(const struct port_search *f, const struct candidate *found)
{
    const struct mistake_case *c = f->c;
    uint32_t unit = found->owner.unit;

    if (has_port(f, found->listening.address.port))
        return false;
    /* Whoever that is, it is not the unit, of which nothing is left. */
    if (!found->pid)
        return found->probed && c->what == SEARCH_PORT;
    /* It answers for the unit perhaps, as a proxy does, unless it was there before. */
    if (c->what == SEARCH_ANSWERED && found->start_ticks >= c->spawned_ticks)
        return false;
    if (found->start_ticks > c->ended_ticks ||
        (found->owner.orphan && found->start_ticks >= c->spawned_ticks))
        return false;
    if (unit == NO_UNIT)
        return found->probed;
    return !f->below[unit];
}

static bool search_port(struct supervisor *s, const struct mistake_case *c, struct mistake *ret)
{
    struct port_search f = {.s = s, .c = c, .spec = &s->set->units[c->unit]};
    const struct candidate *found = NULL;

    f.n_ports = mistake_ports(f.spec, f.ports);
    (void)listening_each(take_listening, &f);
    if (!f.n_found)
        return false;
    if (!mark_below(&f) || proc_each(visit_process, &f) < 0)
        f.n_ports = 0;
    /* As the ports are: probed ones first. */
    for (uint32_t i = 0; i < f.n_ports && !found; i++)
        for (uint32_t j = 0; j < f.n_found && !found; j++)
            if (f.found[j].listening.address.port == f.ports[i].port && is_taken(&f, &f.found[j]))
                found = &f.found[j];
    free(f.below);
    if (!found)
        return false;
    ret->kind = MISTAKE_PORT_TAKEN;
    ret->port = found->listening.address.port;
    ret->pid = found->pid;
    ret->unit = found->pid && found->owner.unit != NO_UNIT ? found->owner.unit + 1 : 0;
    if (ret->pid)
        proc_name_read(ret->pid, ret->program);
    return true;
}

/* The unit may have been looked at before it came to listen beside the other one. */
static bool search_answered(struct supervisor *s, const struct mistake_case *c, struct mistake *ret)
{
    if (!search_port(s, c, ret))
        return false;
    (void)poll(NULL, 0, SETTLED_MS);
    return search_port(s, c, ret);
}

bool mistake_search(struct supervisor *s, const struct mistake_case *c, struct mistake *ret)
{
    ret->run = c->run;
    switch (c->what) {
    case SEARCH_LEFT:
        return search_left(s, c, ret);
    case SEARCH_PORT:
        return search_port(s, c, ret);
    case SEARCH_ANSWERED:
        return search_answered(s, c, ret);
    }
    return false;
}
