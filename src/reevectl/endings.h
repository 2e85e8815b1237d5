/* How runs ended, in words: from exit records, and from what Show tells of their unit. */
#ifndef REEVE_REEVECTL_ENDINGS_H
#define REEVE_REEVECTL_ENDINGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/strbuf.h"

/* How the run of an exit record ended, for a table: "exit 1", "SIGKILL (forced)". */
void endings_add_brief(struct strbuf *b, const cJSON *record);
/* The same in words, without a full stop: "killed by SIGSEGV (segmentation fault), core dumped". */
void endings_add(struct strbuf *b, const cJSON *record);
/* The same with what only the unit knows, as Show tells it: "start failed: exec /usr/bin/nope: No
 * such file or directory", where the other leaves the path out. */
void endings_add_whole(struct strbuf *b, const cJSON *record, const cJSON *unit);
/* "; post_stop failed: command 1 (/srv/x) exited with code 3", for each hook that failed and is not
 * why the start did. */
void endings_add_hooks(struct strbuf *b, const cJSON *record);
/* "SIGSEGV (segmentation fault)" of "SEGV". */
void endings_add_signal(struct strbuf *b, const char *name);
/* Whether that was a failure: not listed in success_exit, and no end that was asked for. A run
 * ended by its timeout or its health check failed. `unit` is what Show tells. */
bool endings_is_failure(const cJSON *record, const cJSON *unit);
/* Who asked for the end: "root (uid 0, pid 9)", "restart by root (uid 0, pid 9)", "dependency: db,
 * by root (uid 0, pid 9)", "shutdown", or "-" for nobody. */
void endings_add_requester(struct strbuf *b, const cJSON *record);
/* The same as a phrase: "asked for by root (uid 0, pid 12), to restart it", "along with db, asked
 * for by root (uid 0, pid 12)". */
void endings_add_asked(struct strbuf *b, const cJSON *record);

#endif
