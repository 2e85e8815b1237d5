/* Files of a configuration as text: what is read is whole, and nothing that is no file is waited
 * for. Opens paths that can hang: only ever in a short-lived process. */
#ifndef REEVE_CONFIG_FILES_H
#define REEVE_CONFIG_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "config/arena.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

/* Which file it is, whatever it is called. */
struct file_id {
    dev_t device;
    ino_t inode;
};

/*
 * Reads all of a file into `to`, which is empty ({0}: of no regular file, which have no identity
 * here). `regular`: anything else (a pipe, a device) is refused, without being opened; else it is
 * read until it ends, however long that takes. 0, or negative errno: -EFBIG, -EISDIR, -ENOTSUP (not
 * a regular file), -EBUSY (it changes while it is read), -ENOLINK (a symbolic link to nothing).
 */
int files_read(const char *path, bool regular, struct strbuf *to, struct file_id *ret_id);
/* Adds why that went wrong, and what would help: "it is a directory; name a file". */
void files_explain(struct strbuf *to, int rc);

/*
 * The files that a shell pattern names, relative to the directory of the file `beside`, in the
 * order of their bytes; hidden ones only by name. A pattern without wildcards stands for itself,
 * whether or not there is such a file (*ret_plain). 0 with a list in the arena; -ENOMEM; or
 * negative errno with the directory that could not be read in `refuse`.
 */
int files_match(const char *beside, const char *pattern, struct arena *arena, char ***ret_paths,
                size_t *ret_n, bool *ret_plain, struct strbuf *refuse);
/* `path` as seen from the directory of the file `beside`; NULL when memory ran out. */
char *files_beside(const char *beside, const char *path, struct arena *arena);

#endif
