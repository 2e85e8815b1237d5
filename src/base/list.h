/*
 * An intrusive doubly linked list. The links live in the objects, so adding never allocates and
 * never fails. A link says whose list it is on: `struct list link; // server.clients`.
 */
#ifndef REEVE_BASE_LIST_H
#define REEVE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
    l->prev = l;
    l->next = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Adds `item` at the tail of `l`. */
static inline void list_append(struct list *l, struct list *item)
{
    item->prev = l->prev;
    item->next = l;
    l->prev->next = item;
    l->prev = item;
}

/* Unlinks `item`; harmless on an item that is initialised and on no list. */
static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

#define list_for_each(it, l) for (struct list *it = (l)->next; it != (l); it = it->next)
/* Survives the removal of `it`, not of its successor. */
#define list_for_each_safe(it, l)                                                                  \
    for (struct list *it = (l)->next, *it##_next = it->next; it != (l);                            \
         it = it##_next, it##_next = it->next)

#endif
