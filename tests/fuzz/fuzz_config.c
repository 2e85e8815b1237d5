/* Any bytes as a configuration: either specs, that survive packing and unpacking, or errors. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/root";
    static char *const list[] = {path, home, NULL};
    struct config_options options = {.environ = list, .uid = 0};
    struct config_errors errors = {0};
    struct spec_set *set = NULL, *again = NULL;
    int rc = config_load_text("f", (const char *)data, size, &options, &set, &errors);

    if (rc == 0) {
        size_t bytes;
        void *block = spec_pack(set, &bytes);

        if (!block || errors.n_lines || set->n_units == 0 ||
            spec_unpack(block, bytes, &again) != 0 || again->n_units != set->n_units)
            abort();
        free(block);
    } else if (rc != -EINVAL || set || errors.n_lines == 0) {
        abort();
    }
    spec_set_unref(set);
    config_errors_finish(&errors);
    return 0;
}
