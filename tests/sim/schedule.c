/* What is going to happen, as a binary heap. */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

static bool before(const struct item *a, const struct item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

void schedule_add(struct world *w, struct item item)
{
    uint32_t i = w->n_heap++;

    if (w->n_heap > w->cap_heap) {
        w->cap_heap = w->cap_heap ? w->cap_heap * 2 : 256;
        w->heap = realloc(w->heap, w->cap_heap * sizeof *w->heap);
        if (!w->heap)
            abort();
    }
    item.seq = w->next_seq++;
    while (i > 0 && before(&item, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = item;
}

bool schedule_peek(const struct world *w, struct item *ret)
{
    if (!w->n_heap)
        return false;
    *ret = w->heap[0];
    return true;
}

struct item schedule_take(struct world *w)
{
    struct item first = w->heap[0];
    struct item last = w->heap[--w->n_heap];
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return first;
}
