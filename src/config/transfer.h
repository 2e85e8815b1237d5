/* The configuration child's way home: load, pack, write into a memfd and seal; and the reading
 * side. */
#ifndef REEVE_CONFIG_TRANSFER_H
#define REEVE_CONFIG_TRANSFER_H

#include "config/load.h"

/* In the child: loads `path` and writes specs or errors into `memfd`, then seals it. 0, or negative
 * errno when even that could not be done. */
int config_transfer_write(const char *path, const struct config_options *options, int memfd);
/* In reeved: 0 with *ret_set (counted, one reference), and perhaps warnings in `errors`; -EINVAL
 * with the error lines there; other negative errno when the memfd holds neither. */
int config_transfer_read(int memfd, struct spec_set **ret_set, struct config_errors *errors);

/* The same without the specs, for who only wants to know what is wrong. */
int config_transfer_write_findings(const char *path, const struct config_options *options,
                                   int memfd);
/* 0 with *ret_n_units, how many there would be, or 0 with error lines; negative errno when the
 * memfd holds neither. */
int config_transfer_read_findings(int memfd, uint32_t *ret_n_units, struct config_errors *errors);

#endif
