/* "Did you mean": the nearest of some names by edit distance. */
#ifndef REEVE_BASE_NEAREST_H
#define REEVE_BASE_NEAREST_H

#include <stddef.h>

/* The name nearest to `word` (case is cheap, a swap of neighbours counts once), or NULL when none
 * is near enough to be a likely slip. The result points into `names`. */
const char *nearest_name(const char *word, const char *const *names, size_t n_names);

#endif
