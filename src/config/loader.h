/* One load in progress: what the files that build specs share. Internal to config/. */
#ifndef REEVE_CONFIG_LOADER_H
#define REEVE_CONFIG_LOADER_H

#include "base/strtab.h"
#include "config/arena.h"
#include "config/env.h"
#include "config/errors.h"
#include "config/keys.h"
#include "config/load.h"
#include "config/reader.h"
#include "config/users.h"

enum { TEMPLATES_MAX = 64 }; /* that a section extends, directly or not */

/* What a section header says, and what stands below it. */
struct header {
    enum section_kind kind;      /* 0: its keys cannot be judged */
    const char *name;            /* of a unit or template; NULL: it cannot be used */
    uint32_t n_instances;        /* 0: the section is one unit by itself */
    struct layer *own;           /* in the arena; NULL: [reeve], or nothing that can be used */
    const struct layer **layers; /* what the section comes to, its own last; in the arena */
    uint32_t n_layers;
};

/* The keys that name other units. */
enum order_key {
    ORDER_REQUIRES,
    ORDER_WANTS,
    ORDER_AFTER,
    ORDER_BEFORE,
    ORDER_ON_FAILED,
    ORDER_KEYS
};

/* What a unit says of others, until these are known. */
struct order_texts {
    uint32_t section; /* its number: the same for all instances */
    bool has_health;  /* it has a key `health`, or meant to */
    struct order_text {
        const char *text; /* expanded; NULL: not given */
        struct place where;
        uint64_t rank;  /* what was written before has a smaller one */
        bool inherited; /* it may be meant for other units */
    } keys[ORDER_KEYS];
};

struct loader {
    const struct config_options *options;
    struct source *source; /* the file that was asked for; in the arena */
    struct strtab files;   /* those that were read, by device and inode */
    uint32_t n_included;
    size_t total_bytes; /* of all files */
    struct arena arena;
    struct report report;
    struct ini_document doc;
    struct env base;     /* reeved's environment with [reeve] environment */
    struct env of_reeve; /* only the latter */
    const char *redact;  /* of [reeve]; NULL: none */
    struct strtab env_files;
    struct strtab groups; /* value: number + 1; 0: unknown */
    struct users users;
    struct strtab names;          /* base names of units; value: index of the first so called */
    struct strtab refused;        /* names in headers that were refused */
    struct strtab templates;      /* value: the number of the section */
    const struct layer *defaults; /* NULL: none */
    const struct layer **reeve;   /* the sections [reeve]; in the arena */
    uint32_t n_reeve;
    const struct given *reeve_given[KEYS_MAX]; /* by key number; NULL: not given yet */
    const char *exit_code_from;                /* expanded; NULL: not given */
    struct place exit_code_from_place, exit_when_place;
    struct spec_set *set;      /* in the arena */
    struct order_texts *texts; /* by index of unit; in the arena */
};

/* ---- include.c: files to sections ---- */

/* Reads the file and all that it includes; false when it could not be read at all. What goes wrong
 * is complained about. */
bool files_take(struct loader *l, const char *path);
/* The same, when the text of the first is there. */
void files_take_text(struct loader *l, const char *text, size_t len_bytes);

/* ---- layers.c: sections to layers ---- (what goes wrong is complained about) */

/* The keys of a section, finding unknown and repeated ones. In the arena; NULL when memory ran out.
 */
struct layer *layer_read(struct loader *l, const struct ini_section *section,
                         enum section_kind kind);
/* Checks what holds for every unit that uses these keys. */
void layer_check(struct loader *l, const struct layer *layer);
/* When all headers are read: gives each unit and template its layers. */
void layers_link(struct loader *l, struct header *headers);
/* The keys of all layers that this kind of section may have, later ones over earlier ones. The
 * layers have to stay. */
void draft_take(struct draft *d, const struct layer *const *layers, uint32_t n_layers);

/* ---- draft.c: keys into drafts ---- (what goes wrong is complained about) */

/* Sets what `env_file` and `environment` say in `env`, layer by layer, each value expanded with
 * what is set so far. */
void draft_environment(struct loader *l, const struct draft *d, struct env *env);
/* Expands and stores the values of all keys but those of words. */
void draft_store(struct loader *l, struct draft *d, const struct env *env);
/* A command, from `text` (all or part of the key's at this place): split into words, each expanded.
 * A NULL-terminated list that is not empty, or NULL after a complaint. */
char **draft_command(struct loader *l, struct place where, const char *text, const struct env *env,
                     uint32_t *ret_argc);
/* Where a complaint about this key of the draft points: to where it is given, or the header. */
struct place draft_place(const struct draft *d, const char *key);
/* The same for what one of its layers says; `g` is of that. */
struct place draft_given_place(const struct draft *d, const char *key, const struct given *g);
/* The same for line number `nth` (from 0) of its text; the key is given. */
struct place draft_line_place(const struct draft *d, const char *key, size_t nth);
/* Complains about a key; takes the text out of `why`. With rc -ENOMEM only that is noted. */
void draft_complain(struct loader *l, const struct draft *d, const char *key, int rc,
                    struct strbuf *why);

/* ---- daemon.c, unit.c: sections into specs ---- */

/* What the sections [reeve] come to; there may be none. */
void load_daemon(struct loader *l);
/* How many instances the section asks for; 0 when it does not, or not rightly. */
uint32_t load_instances(struct loader *l, const struct header *h);
/* `instance` is from 1; 0: not one of several. */
void load_unit(struct loader *l, const struct header *h, uint32_t instance, struct unit_spec *to,
               struct order_texts *to_texts);

/* ---- probe.c ---- */

/* The keys `ready` and `health`, and whether those around them mean something. */
void load_probes(struct loader *l, struct unit_draft *d, const struct env *env);

/* ---- env_file.c ---- */

/* Sets the variables of the files that the key names. */
void draft_env_file(struct loader *l, const struct draft *d, struct env *env);

/* ---- redact.c ---- */

/* The patterns of the key in all layers, and those of [reeve] in `outer`, which may be NULL. In the
 * arena; NULL: none. */
const char *draft_redact(struct loader *l, const struct draft *d, const struct env *env,
                         const char *outer);

/* ---- groups.c ---- */

/* The key supplementary_groups, when the user is resolved. */
void load_groups(struct loader *l, struct unit_draft *d);

/* ---- hooks.c ---- */

/* The commands beside the main process, and the keys around them. */
void load_hooks(struct loader *l, struct unit_draft *d, const struct env *env);

/* ---- order.c ---- */

/* When all units are there: what each says of others, to indexes. */
void load_order(struct loader *l);

/* ---- check.c ---- */

/* Looks for the unit's directory and programs on this system, as the unit's user would see them. */
void check_unit_places(struct loader *l, const struct unit_draft *d);

/* ---- check_daemon.c ---- */

/* Looks whether the runtime directory and the socket can be made. */
void check_daemon_places(struct loader *l, const struct daemon_draft *d);

#endif
