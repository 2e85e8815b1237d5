/*
 * The links between units: who is to be up before whom, as the keys requires, wants, after and
 * before say it; one link for each pair in each key.
 */
#ifndef REEVE_CONFIG_ORDER_H
#define REEVE_CONFIG_ORDER_H

#include "config/loader.h"

struct link {
    uint32_t from, to;   /* `from` depends on `to` */
    uint32_t conditions; /* as in struct dependency */
    enum order_key key;
    uint32_t owner;  /* the unit whose key says so: `to` for ORDER_BEFORE, else `from` */
    const char *tag; /* by which the other one is named; NULL: by its name */
};

struct links {
    struct link *items; /* owned */
    uint32_t n, cap;
    uint32_t *first; /* owned: the links from unit U are items[first[U]] up to first[U + 1] */
};

/* "requires" */
extern const char *const order_key_names[ORDER_KEYS];
/* Where a complaint about this key of the unit points. */
struct place order_place(const struct loader *l, uint32_t unit, enum order_key key);

/* ---- circles.c ---- */

/* Complains about units that wait for each other in a circle; whether there were none. */
bool check_circles(struct loader *l, const struct links *links);
/* Complains about units that start each other when they fail and, if the links are sound (without
 * circles), about those that are to start when one has failed that they require. */
void check_failures(struct loader *l, const struct links *links, bool sound);

/* ---- failure.c ---- */

struct lookup;

/* The keys on_failed and exit_code_from, to indexes. */
void load_failures(struct loader *l, struct lookup *units);

#endif
