#include "run/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "os/slots.h"
#include "run/state.h"

static uint32_t count_slots(const struct supervisor *s)
{
    uint32_t n = s->n_lives;

    for (uint32_t i = 0; i < s->n_lives; i++) {
        n += looks_run_commands(s->lives[i].looks);
        n += s->lives[i].hooks != NULL;
    }
    return n;
}

static struct run_slot *name_slot(struct supervisor *s, uint32_t index, uint32_t unit)
{
    struct run_slot *slot = slots_get(&s->slots, index);

    if (slot)
        snprintf(slot->unit, sizeof slot->unit, "%s", s->set->units[unit].name);
    return slot;
}

static void hand_out(struct supervisor *s)
{
    uint32_t n = s->n_lives;

    for (uint32_t i = 0; i < s->n_lives; i++) {
        struct live *l = &s->lives[i];

        (void)name_slot(s, i, i);
        if (looks_run_commands(l->looks))
            looks_set_slot(l->looks, name_slot(s, n++, i));
        if (l->hooks)
            hooks_set_slot(l->hooks, name_slot(s, n++, i));
    }
}

void identities_open(struct supervisor *s)
{
    const char *dir = s->set->daemon.runtime_dir;
    int r;

    if (!dir || asprintf(&s->slots_path, "%s/runs", dir) < 0) {
        s->slots_path = NULL;
        return;
    }
    r = slots_open(&s->slots, s->slots_path, count_slots(s), s->tracker.cgroups.path);
    if (r < 0)
        log_warning("%s: %s; should reeved be killed, the next one cannot see what still runs",
                    s->slots_path, strerror(-r));
    else
        hand_out(s);
}

void identities_close(struct supervisor *s)
{
    slots_close(&s->slots, s->slots_path);
    free(s->slots_path);
}
