/* The files of a configuration: the first, and those that it includes. */
#include <errno.h>
#include <string.h>

#include "config/expand.h"
#include "config/files.h"
#include "config/loader.h"
#include "config/words.h"

enum { FILES_MAX = 10000 };

/* ---- one file ---- */

/* Whether this very file is read already, under whatever name. */
static bool is_known(struct loader *l, const struct file_id *id)
{
    struct strbuf text = STRBUF_INIT;
    bool added = true;
    char *copy;

    if (!id->inode)
        return false;
    strbuf_addf(&text, "%llx:%llx", (unsigned long long)id->device, (unsigned long long)id->inode);
    copy = arena_copy(&l->arena, strbuf_text(&text), text.len_bytes);
    if (text.failed || !copy || !strtab_put(&l->files, copy, strlen(copy), &added))
        report_out_of_memory(&l->report);
    strbuf_finish(&text);
    return !added;
}

static const struct source *add_source(struct loader *l, const char *path)
{
    struct source *source = arena_alloc(&l->arena, 1, sizeof *source);

    if (!source) {
        report_out_of_memory(&l->report);
        return NULL;
    }
    *source = (struct source){path, ++l->n_included};
    return source;
}

static void complain_file(struct loader *l, struct place where, const char *path, int rc)
{
    struct strbuf why = STRBUF_INIT;
    char text[SHOWN_BYTES];

    files_explain(&why, rc);
    if (rc == -ENOMEM || why.failed)
        report_out_of_memory(&l->report);
    else
        report_add(&l->report, where, "'%s': %s", shown(text, path), strbuf_text(&why));
    strbuf_finish(&why);
}

static bool is_printable(const char *path)
{
    for (; *path; path++) {
        if ((unsigned char)*path < 0x20 || *path == 0x7f)
            return false;
    }
    return true;
}

/* Reads one more file; `path` stays. */
static void include_file(struct loader *l, struct place where, const char *path)
{
    struct strbuf text = STRBUF_INIT;
    const struct source *source;
    struct file_id id;
    char name[SHOWN_BYTES];
    int rc = files_read(path, true, &text, &id);

    l->total_bytes += text.len_bytes;
    if (rc == 0 && l->total_bytes > FILE_MAX_BYTES)
        rc = -EFBIG;
    if (rc < 0) {
        complain_file(l, where, path, rc);
    } else if (!is_printable(path)) {
        report_add(&l->report, where,
                   "'%s' has a control character in its name; give it another name",
                   shown(name, path));
    } else if (!is_known(l, &id) && (source = add_source(l, path)) != NULL) {
        ini_read(&l->doc, source, strbuf_text(&text), text.len_bytes, &l->arena, &l->report);
    }
    strbuf_finish(&text);
}

/* ---- patterns ---- */

static void complain_pattern(struct loader *l, struct place where, const struct strbuf *refuse,
                             int rc)
{
    char text[SHOWN_BYTES];

    if (rc == -ENOMEM || refuse->failed)
        report_out_of_memory(&l->report);
    else
        report_add(&l->report, where,
                   "the directory '%s' cannot be read: %s; change its permissions or name another",
                   shown(text, strbuf_text(refuse)), strerror(-rc));
}

/* All files of a pattern, as seen from the directory of the file `beside`; returns how many. */
static size_t include_pattern(struct loader *l, struct place where, const char *beside,
                              const char *pattern)
{
    struct strbuf refuse = STRBUF_INIT;
    char **paths;
    size_t n = 0;
    bool plain;
    int rc = files_match(beside, pattern, &l->arena, &paths, &n, &plain, &refuse);

    if (rc < 0)
        complain_pattern(l, where, &refuse, rc);
    strbuf_finish(&refuse);
    for (size_t i = 0; i < n && !l->report.out_of_memory; i++) {
        if (l->n_included >= FILES_MAX) {
            report_add(&l->report, where, "there are more than %d files; put some together",
                       FILES_MAX);
            break;
        }
        include_file(l, where, paths[i]);
    }
    return n;
}

/* The value of one key `include`. */
static void include_all(struct loader *l, struct place where, const char *value)
{
    const char *problem = NULL;
    char **words;
    size_t n;
    int rc = words_split(value, &l->arena, &words, &n, &problem);

    if (rc == -ENOMEM)
        report_out_of_memory(&l->report);
    else if (rc < 0)
        report_add(&l->report, where, "%s", problem);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct strbuf why = STRBUF_INIT;
        const char *pattern;

        if (expand(words[i], &l->base, &l->arena, &pattern, &why) < 0) {
            if (why.len_bytes)
                report_add(&l->report, where, "%s", strbuf_text(&why));
            else
                report_out_of_memory(&l->report);
        } else if (!*pattern) {
            report_add(&l->report, where, "a name of a file is empty; write one, or remove it");
        } else if (l->options->alone) {
            report_add(&l->report, where, "no other file is read here; remove the key");
        } else {
            include_pattern(l, where, where.source->name, pattern);
        }
        strbuf_finish(&why);
    }
}

/* What is included may include more, and is looked at in its turn. */
static void follow_includes(struct loader *l)
{
    for (size_t s = 0; s < l->doc.n_sections && !l->report.out_of_memory; s++) {
        struct ini_section section = l->doc.sections[s]; /* the lists move when they grow */

        if (section.broken || strcmp(section.title, "reeve") != 0)
            continue;
        for (size_t i = 0; i < section.n_keys; i++) {
            struct ini_key k = l->doc.keys[section.first_key + i];
            struct place where = {k.line, section.title, k.name, k.source, NULL};

            if (strcmp(k.name, "include") == 0) {
                include_all(l, where, k.value);
                break; /* given twice: that is told later */
            }
        }
    }
}

/* ---- all of them ---- */

void files_take_text(struct loader *l, const char *text, size_t len_bytes)
{
    l->total_bytes = len_bytes;
    ini_read(&l->doc, l->source, text, len_bytes, &l->arena, &l->report);
    follow_includes(l);
}

/* All *.ini of a directory are one configuration. */
static void take_directory(struct loader *l)
{
    struct place whole = {.source = l->source};
    struct strbuf beside = STRBUF_INIT;

    strbuf_addf(&beside, "%s/", l->source->name);
    if (beside.failed)
        report_out_of_memory(&l->report);
    else if (include_pattern(l, whole, strbuf_text(&beside), "*.ini") == 0 &&
             !report_failed(&l->report))
        report_add(&l->report, whole,
                   "no file in this directory ends with .ini; name another, or a file");
    strbuf_finish(&beside);
    follow_includes(l);
}

bool files_take(struct loader *l, const char *path)
{
    struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;
    struct file_id id;
    int rc = files_read(path, false, &text, &id);

    if (rc == -EISDIR && l->options->directory_ok) {
        take_directory(l);
        rc = report_failed(&l->report) ? -EINVAL : 0;
    } else if (rc == 0) {
        (void)is_known(l, &id);
        files_take_text(l, strbuf_text(&text), text.len_bytes);
    } else if (rc == -ENOMEM) {
        report_out_of_memory(&l->report);
    } else {
        files_explain(&why, rc);
        report_add(&l->report, (struct place){0}, "%s", strbuf_text(&why));
    }
    strbuf_finish(&text);
    strbuf_finish(&why);
    return rc == 0;
}
