/* Any bytes as a file of variables: variables with good names, or complaints, each with its place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/dotenv.h"
#include "config/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
    if (!what)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {NULL};
    struct source source = {"f", 0};
    struct report report;
    struct dotenv list;
    uint32_t last = 1;

    report_init(&report, "none");
    dotenv_read(&list, &source, (const char *)data, size, &arena, &report);
    for (size_t i = 0; i < list.n; i++) {
        must(env_name_ok(list.vars[i], strcspn(list.vars[i], "=")));
        must(strchr(list.vars[i], '=') != NULL);
        must(list.lines[i] >= last && list.lines[i] <= size + 1);
        last = list.lines[i];
    }
    for (size_t i = 0; i < report.n_items; i++) {
        must(strncmp(report.items[i].text, "f:", 2) == 0);
        must(strstr(report.items[i].text, "; ") != NULL);
    }
    must(!report.out_of_memory);
    report_finish(&report);
    arena_finish(&arena);
    return 0;
}
