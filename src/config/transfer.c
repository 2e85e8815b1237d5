#include "config/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/strbuf.h"
#include "os/memfd.h"
#include "os/sys.h"

/* The memfd: this header, then a block of spec_pack, or the error lines, each with its NUL. */
struct transfer_header {
    char magic[8];
    uint64_t n_errors; /* 0: specs follow */
};

static const char transfer_magic[8] = "reevecfg";

_Static_assert(sizeof(struct transfer_header) % 16 == 0, "the block behind it is aligned");

static int write_both(int memfd, uint64_t n_errors, const void *bytes, size_t len_bytes)
{
    struct transfer_header h = {.n_errors = n_errors};
    int rc;

    memcpy(h.magic, transfer_magic, sizeof h.magic);
    rc = sys_write_all(memfd, &h, sizeof h);
    if (rc == 0)
        rc = sys_write_all(memfd, bytes, len_bytes);
    return rc < 0 ? rc : memfd_seal(memfd);
}

static int write_set(int memfd, const struct spec_set *set)
{
    size_t bytes;
    void *block = spec_pack(set, &bytes);
    int rc = block ? write_both(memfd, 0, block, bytes) : -ENOMEM;

    free(block);
    return rc;
}

static int write_errors(int memfd, const struct config_errors *errors)
{
    struct strbuf lines = STRBUF_INIT;
    int rc;

    for (size_t i = 0; i < errors->n_lines; i++)
        strbuf_add_bytes(&lines, errors->lines[i], strlen(errors->lines[i]) + 1);
    rc = lines.failed ? -ENOMEM : write_both(memfd, errors->n_lines, lines.data, lines.len_bytes);
    strbuf_finish(&lines);
    return rc;
}

int config_transfer_write(const char *path, const struct config_options *options, int memfd)
{
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    int rc = config_load(path, options, &set, &errors);

    if (rc == 0)
        rc = write_set(memfd, set);
    else if (rc == -EINVAL)
        rc = write_errors(memfd, &errors);
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

/* -EINVAL with the lines, or what else went wrong. */
static int read_errors(const char *at, size_t len_bytes, uint64_t n, struct config_errors *errors)
{
    const char *end = at + len_bytes;

    if (n > len_bytes || end[-1] != '\0')
        return -EBADMSG;
    errors->lines = calloc(n, sizeof *errors->lines);
    if (!errors->lines) {
        errors->out_of_memory = true;
        return -ENOMEM;
    }
    errors->cap_lines = n;
    while (errors->n_lines < n && at < end) {
        char *line = strdup(at);

        if (!line) {
            errors->out_of_memory = true;
            return -ENOMEM;
        }
        errors->lines[errors->n_lines++] = line;
        at += strlen(at) + 1;
    }
    return at == end && errors->n_lines == n ? -EINVAL : -EBADMSG;
}

int config_transfer_read(int memfd, struct spec_set **ret_set, struct config_errors *errors)
{
    struct transfer_header h;
    struct spec_set *set = NULL;
    size_t bytes;
    void *map;
    char *rest;
    int rc;

    *ret_set = NULL;
    *errors = (struct config_errors){0};
    rc = memfd_map(memfd, &map, &bytes);
    if (rc < 0)
        return rc;
    rc = -EBADMSG;
    rest = (char *)map + sizeof h;
    if (bytes > sizeof h) {
        memcpy(&h, map, sizeof h);
        if (memcmp(h.magic, transfer_magic, sizeof h.magic) != 0)
            rc = -EBADMSG;
        else if (h.n_errors)
            rc = read_errors(rest, bytes - sizeof h, h.n_errors, errors);
        else
            rc = spec_unpack(rest, bytes - sizeof h, &set) == 0 ? 0 : -EBADMSG;
    }
    if (rc < 0 || !set) {
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
