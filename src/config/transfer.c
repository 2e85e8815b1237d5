#include "config/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/strbuf.h"
#include "os/memfd.h"
#include "os/sys.h"

/* The memfd: this header, then a block of spec_pack unless there are errors, then the error lines
 * and the warnings, each with its NUL. */
struct transfer_header {
    char magic[8];
    uint64_t block_bytes;
    uint64_t n_errors; /* 0: there is a block */
    uint64_t n_warnings;
    uint64_t n_units; /* without a block: how many there would be */
    uint64_t unused;
};

static const char transfer_magic[8] = "reevecfg";

_Static_assert(sizeof(struct transfer_header) % 16 == 0, "the block behind it is aligned");

static void add_lines(struct strbuf *to, char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        strbuf_add_bytes(to, lines[i], strlen(lines[i]) + 1);
}

static int write_all(int memfd, const void *block, size_t block_bytes, uint32_t n_units,
                     const struct config_errors *errors)
{
    struct transfer_header h = {.block_bytes = block_bytes,
                                .n_errors = errors->n_lines,
                                .n_warnings = errors->n_warnings,
                                .n_units = n_units};
    struct strbuf lines = STRBUF_INIT;
    int rc = 0;

    memcpy(h.magic, transfer_magic, sizeof h.magic);
    add_lines(&lines, errors->lines, errors->n_lines);
    add_lines(&lines, errors->warnings, errors->n_warnings);
    if (lines.failed)
        rc = -ENOMEM;
    if (rc == 0)
        rc = sys_write_all(memfd, &h, sizeof h);
    if (rc == 0 && block_bytes)
        rc = sys_write_all(memfd, block, block_bytes);
    if (rc == 0 && lines.len_bytes)
        rc = sys_write_all(memfd, lines.data, lines.len_bytes);
    strbuf_finish(&lines);
    return rc < 0 ? rc : memfd_seal(memfd);
}

static int write_set(int memfd, const struct spec_set *set, const struct config_errors *errors)
{
    size_t bytes;
    void *block = spec_pack(set, &bytes);
    int rc = block ? write_all(memfd, block, bytes, set->n_units, errors) : -ENOMEM;

    free(block);
    return rc;
}

int config_transfer_write(const char *path, const struct config_options *options, int memfd)
{
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int rc = config_load(path, options, &set, &errors);

    if (rc == 0)
        rc = write_set(memfd, set, &errors);
    else if (rc == -EINVAL)
        rc = write_all(memfd, NULL, 0, 0, &errors);
    spec_set_unref(set);
    config_errors_finish(&errors);
    return rc;
}

int config_transfer_write_findings(const char *path, const struct config_options *options,
                                   int memfd)
{
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int rc = config_load(path, options, &set, &errors);

    if (rc == 0 || rc == -EINVAL)
        rc = write_all(memfd, NULL, 0, set ? set->n_units : 0, &errors);
    spec_set_unref(set);
    config_errors_finish(&errors);
    return rc;
}

/* ---- the reading side ---- */

static void release(struct spec_set *set)
{
    /* The set itself lies in what is unmapped here. */
    munmap(set->memory, set->memory_bytes);
}

/* Copies `n` lines from *at, which moves behind them; the bytes before `end` end with NUL. 0,
 * -EBADMSG, or -ENOMEM. */
static int read_lines(const char **at, const char *end, uint64_t n, char ***ret_lines,
                      size_t *ret_n)
{
    if (n > (size_t)(end - *at))
        return -EBADMSG;
    *ret_lines = calloc(n + 1, sizeof **ret_lines);
    if (!*ret_lines)
        return -ENOMEM;
    while (*ret_n < n) {
        char *line;

        if (*at == end)
            return -EBADMSG;
        line = strdup(*at);
        if (!line)
            return -ENOMEM;
        (*ret_lines)[(*ret_n)++] = line;
        *at += strlen(*at) + 1;
    }
    return 0;
}

/* Everything behind the block. 0, -EBADMSG, or -ENOMEM. */
static int read_errors(const struct transfer_header *h, const char *at, const char *end,
                       struct config_errors *errors)
{
    int rc;

    if (at < end && end[-1] != '\0')
        return -EBADMSG;
    rc = read_lines(&at, end, h->n_errors, &errors->lines, &errors->n_lines);
    errors->cap_lines = errors->n_lines;
    if (rc == 0)
        rc = read_lines(&at, end, h->n_warnings, &errors->warnings, &errors->n_warnings);
    if (rc == -ENOMEM)
        errors->out_of_memory = true;
    return rc == 0 && at != end ? -EBADMSG : rc;
}

/* The header and all lines. 0 or what went wrong. */
static int read_header(const char *map, size_t bytes, struct transfer_header *h,
                       struct config_errors *errors)
{
    if (bytes < sizeof *h)
        return -EBADMSG;
    memcpy(h, map, sizeof *h);
    if (memcmp(h->magic, transfer_magic, sizeof h->magic) != 0 ||
        h->block_bytes > bytes - sizeof *h || (h->block_bytes && h->n_errors))
        return -EBADMSG;
    return read_errors(h, map + sizeof *h + h->block_bytes, map + bytes, errors);
}

/* 0 with a set, -EINVAL with errors, or what else went wrong. */
static int read_all(void *map, size_t bytes, struct spec_set **ret_set,
                    struct config_errors *errors)
{
    struct transfer_header h;
    int rc = read_header(map, bytes, &h, errors);

    if (rc < 0)
        return rc;
    if (h.n_errors)
        return -EINVAL;
    return spec_unpack((char *)map + sizeof h, h.block_bytes, ret_set) == 0 ? 0 : -EBADMSG;
}

int config_transfer_read(int memfd, struct spec_set **ret_set, struct config_errors *errors)
{
    struct spec_set *set = NULL;
    size_t bytes;
    void *map;
    int rc;

    *ret_set = NULL;
    *errors = (struct config_errors){0};
    rc = memfd_map(memfd, &map, &bytes);
    if (rc < 0)
        return rc;
    rc = read_all(map, bytes, &set, errors);
    if (rc < 0) {
        munmap(map, bytes);
        return rc;
    }
    set->refs = 1;
    set->release = release;
    set->memory = map;
    set->memory_bytes = bytes;
    *ret_set = set;
    return 0;
}

int config_transfer_read_findings(int memfd, uint32_t *ret_n_units, struct config_errors *errors)
{
    struct transfer_header h = {0};
    size_t bytes;
    void *map;
    int rc;

    *errors = (struct config_errors){0};
    rc = memfd_map(memfd, &map, &bytes);
    if (rc < 0)
        return rc;
    rc = read_header(map, bytes, &h, errors);
    *ret_n_units = rc == 0 && h.n_units <= UINT32_MAX ? (uint32_t)h.n_units : 0;
    munmap(map, bytes);
    return rc;
}
