#include "config/load.h"

#include <errno.h>
#include <string.h>

#include "config/loader.h"

/* ---- one load ---- */

static void release(struct spec_set *set)
{
    struct arena arena = {set->memory};

    arena_finish(&arena);
}

/* Whether this tells reeved itself something of who started it, as another reeved's hook maybe. */
static bool is_for_reeved(const char *variable)
{
    static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID="};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    }
    return env_is_of_hooks(variable, strcspn(variable, "="));
}

/* The environment of reeved, as far as it is for units. */
static void take_environment(struct loader *l, char *const *list)
{
    size_t n = 0, n_kept = 0;
    char **kept;

    while (list && list[n])
        n++;
    kept = arena_alloc(&l->arena, n + 1, sizeof *kept);
    for (size_t i = 0; kept && i < n; i++) {
        if (!is_for_reeved(list[i]))
            kept[n_kept++] = list[i];
    }
    if (!kept || env_add_list(&l->base, kept) < 0)
        report_out_of_memory(&l->report);
}

static void loader_init(struct loader *l, const char *name, const struct config_options *options)
{
    *l = (struct loader){.options = options};
    report_init(&l->report, name);
    strtab_init(&l->names);
    strtab_init(&l->refused);
    strtab_init(&l->templates);
    strtab_init(&l->files);
    env_init(&l->base, NULL, &l->arena);
    env_init(&l->of_reeve, &l->base, &l->arena);
    strtab_init(&l->env_files);
    strtab_init(&l->groups);
    users_init(&l->users, options->uid, &l->arena);
    l->source = arena_alloc(&l->arena, 1, sizeof *l->source);
    if (l->source)
        l->source->name = arena_copy(&l->arena, name, strlen(name));
    l->set = arena_alloc(&l->arena, 1, sizeof *l->set);
    if (!l->source || !l->source->name || !l->set)
        report_out_of_memory(&l->report);
    take_environment(l, options->environ);
}

/* Hands the set out, or the complaints. */
static int loader_finish(struct loader *l, struct spec_set **ret_set, struct config_errors *errors)
{
    int rc = report_deliver(&l->report, errors);

    *ret_set = NULL;
    if (rc == 0) {
        l->set->refs = 1;
        l->set->release = release;
        l->set->memory = l->arena.chunks;
        *ret_set = l->set;
    } else {
        arena_finish(&l->arena);
    }
    users_finish(&l->users);
    env_finish(&l->base);
    env_finish(&l->of_reeve);
    strtab_finish(&l->env_files);
    strtab_finish(&l->groups);
    strtab_finish(&l->names);
    strtab_finish(&l->refused);
    strtab_finish(&l->templates);
    strtab_finish(&l->files);
    ini_document_finish(&l->doc);
    report_finish(&l->report);
    return rc;
}

/* ---- sections ---- */

static struct place section_place(const struct ini_section *section)
{
    return (struct place){
        .line = section->line, .section = section->title, .source = section->source};
}

/* The name in a header that was refused: whoever names the unit hears of no second error. */
static void remember_refused(struct loader *l, const char *title)
{
    const char *name = strchr(title, ':');
    bool added;

    if (name && !strtab_put(&l->refused, name + 1, strlen(name + 1), &added))
        report_out_of_memory(&l->report);
}

/* "; it was first given in line 3" */
static void complain_twice(struct loader *l, const struct ini_section *section,
                           const struct source *source, uint32_t line)
{
    struct place where = section_place(section);
    struct strbuf first = STRBUF_INIT;

    report_where(&first, where, source, line);
    report_add(&l->report, where,
               "the section is given twice; it was first given in %s: put its keys there",
               strbuf_text(&first));
    strbuf_finish(&first);
}

/* Each file may have such a section, and each key stands in one of them. */
static void check_reeve_keys(struct loader *l, struct layer *layer)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < layer->n_keys; i++) {
        struct layer_key k = layer->keys[i];
        const struct given *first = l->reeve_given[k.key];
        const char *name = keys[k.key].name;
        struct place where = {k.given.line, layer->title, name, k.given.source, NULL};
        struct strbuf text = STRBUF_INIT;

        if (!first || strcmp(name, "include") == 0) {
            layer->keys[n] = k;
            l->reeve_given[k.key] = &layer->keys[n++].given;
            continue;
        }
        report_where(&text, where, first->source, first->line);
        report_add(&l->report, where,
                   "the key is given twice; it was first given in %s: keep one of them",
                   strbuf_text(&text));
        strbuf_finish(&text);
    }
    layer->n_keys = n;
}

static void read_reeve(struct loader *l, const struct ini_section *section)
{
    const struct layer *last = l->n_reeve ? l->reeve[l->n_reeve - 1] : NULL;
    struct layer *layer;

    if (last && last->source == section->source) {
        complain_twice(l, section, last->source, last->line);
        return;
    }
    layer = layer_read(l, section, SECTION_REEVE);
    if (!layer)
        return;
    check_reeve_keys(l, layer);
    l->reeve[l->n_reeve++] = layer;
}

/* The layer that units may have of this section. */
static void read_shared(struct loader *l, const struct ini_section *section, struct header *h)
{
    const struct layer *first = l->defaults;
    struct strtab_entry *e;
    bool added = true;

    if (h->kind == SECTION_TEMPLATE && h->name) {
        e = strtab_put(&l->templates, h->name, strlen(h->name), &added);
        if (!e) {
            report_out_of_memory(&l->report);
            return;
        }
        if (added)
            e->value = (uint64_t)(section - l->doc.sections);
        else
            complain_twice(l, section, l->doc.sections[e->value].source,
                           l->doc.sections[e->value].line);
    } else if (h->kind == SECTION_DEFAULTS && first) {
        complain_twice(l, section, first->source, first->line);
    } else if (h->kind == SECTION_DEFAULTS) {
        l->defaults = h->own;
    }
}

/* What each header says. */
static void read_header(struct loader *l, const struct ini_section *section, struct header *to)
{
    struct strbuf why = STRBUF_INIT;
    int rc;

    if (section->broken)
        return;
    rc = section_parse(section->title, &l->arena, &to->kind, &to->name, &why);
    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else if (rc < 0)
        report_add(&l->report, section_place(section), "%s", strbuf_text(&why));
    if (rc < 0)
        remember_refused(l, section->title);
    strbuf_finish(&why);
    if (to->kind == SECTION_REEVE)
        read_reeve(l, section);
    else if (to->kind)
        to->own = layer_read(l, section, to->kind);
    if (to->own && rc == 0)
        read_shared(l, section, to);
}

/* Whether the name is new. */
static bool claim_name(struct loader *l, const struct ini_section *section, const char *name)
{
    bool added;
    struct strtab_entry *e = strtab_put(&l->names, name, strlen(name), &added);
    struct strbuf first = STRBUF_INIT;

    if (!e) {
        report_out_of_memory(&l->report);
        return false;
    }
    if (added) {
        e->value = l->set->n_units;
        return true;
    }
    report_where(&first, section_place(section), l->doc.sections[l->texts[e->value].section].source,
                 l->set->units[e->value].line);
    report_add(&l->report, section_place(section),
               "the name '%s' is already taken in %s; a name is used once, by a service or a job",
               name, strbuf_text(&first));
    strbuf_finish(&first);
    return false;
}

/* All units of a section. */
static void read_unit(struct loader *l, const struct ini_section *section, const struct header *h)
{
    uint32_t number = (uint32_t)(section - l->doc.sections);
    struct unit_spec spec;
    struct order_texts texts;
    bool counts;

    if (!(h->kind & SECTION_UNIT) || !h->n_layers)
        return;
    counts = h->name && claim_name(l, section, h->name);
    /* A section that is refused for its name is checked all the same. */
    for (uint32_t i = h->n_instances ? 1 : 0; i <= h->n_instances; i++) {
        load_unit(l, h, i, &spec, &texts);
        texts.section = number;
        if (!counts)
            return;
        l->texts[l->set->n_units] = texts;
        l->set->units[l->set->n_units++] = spec;
    }
}

/* How many units there are at most; 0 after a complaint. */
static size_t count_units(struct loader *l, struct header *headers)
{
    size_t n = 0;

    for (size_t i = 0; i < l->doc.n_sections; i++) {
        const struct ini_section *section = &l->doc.sections[i];

        if (!(headers[i].kind & SECTION_UNIT) || !headers[i].n_layers)
            continue;
        headers[i].n_instances = load_instances(l, &headers[i]);
        n += headers[i].n_instances ? headers[i].n_instances : 1;
        if (n > UNITS_MAX) {
            report_add(&l->report, section_place(section),
                       "there are more than %d units, with all instances; write fewer", UNITS_MAX);
            return 0;
        }
    }
    return n;
}

static void read_units(struct loader *l, struct header *headers)
{
    size_t n_units = count_units(l, headers);

    if (n_units == 0)
        return;
    l->set->units = arena_alloc(&l->arena, n_units, sizeof *l->set->units);
    l->texts = arena_alloc(&l->arena, n_units, sizeof *l->texts);
    if (!l->set->units || !l->texts) {
        report_out_of_memory(&l->report);
        return;
    }
    for (size_t i = 0; i < l->doc.n_sections; i++)
        read_unit(l, &l->doc.sections[i], &headers[i]);
    load_order(l);
}

static void read_sections(struct loader *l)
{
    size_t n = l->doc.n_sections;
    struct header *headers = arena_alloc(&l->arena, n, sizeof *headers);

    l->reeve = arena_alloc(&l->arena, n, sizeof *l->reeve);
    if (!headers || !l->reeve) {
        report_out_of_memory(&l->report);
        return;
    }
    for (size_t i = 0; i < n; i++)
        read_header(l, &l->doc.sections[i], &headers[i]);
    load_daemon(l); /* first, so that units see its environment */
    layers_link(l, headers);
    read_units(l, headers);
    if (l->set->n_units == 0 && !report_failed(&l->report))
        report_add(&l->report, (struct place){0},
                   "no unit is defined; write a section [service:NAME] or [job:NAME] with a "
                   "'command = ...' in it");
}

int config_load_text(const char *name, const char *text, size_t len_bytes,
                     const struct config_options *options, struct spec_set **ret_set,
                     struct config_errors *errors)
{
    struct loader l;

    loader_init(&l, name, options);
    if (!report_failed(&l.report))
        files_take_text(&l, text, len_bytes);
    if (!l.report.out_of_memory)
        read_sections(&l);
    return loader_finish(&l, ret_set, errors);
}

int config_load(const char *path, const struct config_options *options, struct spec_set **ret_set,
                struct config_errors *errors)
{
    struct loader l;

    loader_init(&l, path, options);
    if (!report_failed(&l.report) && files_take(&l, path) && !l.report.out_of_memory)
        read_sections(&l);
    return loader_finish(&l, ret_set, errors);
}
