/* The key supplementary_groups. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/expand.h"
#include "config/loader.h"

enum { GROUPS_MAX = 64, OWN_GROUPS_MAX = 65536 };

/* The group's number; looked up once, however many units name it. False after a complaint. */
static bool find_group(struct loader *l, const struct unit_draft *d, const char *word, gid_t *ret)
{
    struct strbuf why = STRBUF_INIT;
    bool added;
    struct strtab_entry *e = strtab_put(&l->groups, word, strlen(word), &added);
    const char *name;
    int rc;

    if (!e) {
        report_out_of_memory(&l->report);
        return false;
    }
    if (!added && e->value) {
        *ret = (gid_t)(e->value - 1);
        return true;
    }
    rc = users_group(&l->users, word, ret, &name, &why);
    if (rc < 0)
        draft_complain(l, &d->base, "supplementary_groups", rc, &why);
    else
        e->value = (uint64_t)*ret + 1;
    strbuf_finish(&why);
    return rc == 0;
}

static void add_group(struct unit_spec *u, gid_t gid)
{
    for (uint32_t i = 0; i < u->n_groups; i++) {
        if (u->groups[i] == gid)
            return;
    }
    u->groups[u->n_groups++] = gid;
}

/* A list of its own, with room for more: of the user, or those of reeved itself. */
static bool begin_list(struct loader *l, struct unit_spec *u)
{
    const gid_t *old = u->groups;
    int n = u->change_user ? (int)u->n_groups : getgroups(0, NULL);

    if (n < 0 || n > OWN_GROUPS_MAX)
        n = 0;
    u->groups = arena_alloc(&l->arena, (size_t)n + GROUPS_MAX, sizeof *u->groups);
    if (!u->groups) {
        u->n_groups = 0;
        report_out_of_memory(&l->report);
        return false;
    }
    if (u->change_user) {
        memcpy(u->groups, old, (size_t)n * sizeof *old);
        return true;
    }
    n = getgroups(n, u->groups);
    u->n_groups = n < 0 ? 0 : (uint32_t)n;
    u->change_user = true;
    u->uid = l->options->uid;
    u->gid = getegid();
    return true;
}

void load_groups(struct loader *l, struct unit_draft *d)
{
    const char *at = d->supplementary_groups;
    gid_t gids[GROUPS_MAX];
    uint32_t n = 0;

    while (at) {
        size_t len;
        char *word;

        while (ini_is_space(*at))
            at++;
        len = strcspn(at, " \t\r\v\f");
        if (!len)
            break;
        if (n == GROUPS_MAX) {
            report_add(&l->report, draft_place(&d->base, "supplementary_groups"),
                       "there are more than %d groups; remove some of them", GROUPS_MAX);
            return;
        }
        word = arena_copy(&l->arena, at, len);
        if (!word) {
            report_out_of_memory(&l->report);
            return;
        }
        n += find_group(l, d, word, &gids[n]);
        at += len;
    }
    /* Who is not root has only such as it is in already. */
    if (!n || l->options->uid != 0 || !begin_list(l, &d->spec))
        return;
    for (uint32_t i = 0; i < n; i++)
        add_group(&d->spec, gids[i]);
}
