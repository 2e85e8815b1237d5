/* Events as JSON: the type Event of io.reeve.Manager. */
#ifndef REEVE_CONTROL_NOTICE_VIEW_H
#define REEVE_CONTROL_NOTICE_VIEW_H

#include "core/notice.h"
#include "run/supervisor.h"
#include "varlink/write.h"

/* All members are there, null where the type has none. */
void notice_view(struct json_out *o, const struct notice *n, const struct supervisor *s);

#endif
