#include "control/asking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/explain.h"

enum operation asking_operation(const struct asking_request *q, const struct unit *u,
                                struct along along)
{
    switch (q->waiting) {
    case WAIT_READY:
        return OPERATION_AWAIT_READY;
    case WAIT_HEALTHY:
        return OPERATION_AWAIT_HEALTHY;
    case WAIT_COMPLETED:
        return OPERATION_AWAIT_COMPLETED;
    case WAIT_STOPPED:
        return OPERATION_AWAIT_STOPPED;
    case WAIT_BY_KIND:
        return u->spec->kind == UNIT_JOB ? OPERATION_AWAIT_COMPLETED : OPERATION_AWAIT_READY;
    case WAIT_NOT:
    case WAIT_ASKED:
        break;
    }
    if (q->asking == ASK_STOP)
        return along.because == ALONG_NOT_NEEDED ? OPERATION_LET_GO : OPERATION_STOP;
    if (q->asking == ASK_RESTART)
        return along.with ? OPERATION_FOLLOW : OPERATION_RESTART;
    if (q->asking == ASK_RELOAD)
        return OPERATION_RELOAD;
    return OPERATION_START;
}

int asking_put(const struct asking_request *q, struct supervisor *s, const struct unit *u)
{
    switch (q->asking) {
    case ASK_START:
        return supervisor_start(s, u->index, q->requester);
    case ASK_STOP:
        return supervisor_stop(s, u->index, q->requester);
    case ASK_RESTART:
        return supervisor_restart(s, u->index, q->requester);
    case ASK_RESET:
        return supervisor_reset_failed(s, u->index, q->requester);
    case ASK_SIGNAL:
        return supervisor_signal(s, u->index, q->signal, q->signal_to, q->requester);
    case ASK_RELOAD:
        return supervisor_reload(s, u->index, q->requester);
    case ASK_HOLD:
        return supervisor_hold(s, u->index, q->hold_ms, q->requester);
    case ASK_NOTHING:
        break;
    }
    return 0;
}

void asking_explain(const struct asking_request *q, const struct unit *u, int error,
                    struct strbuf *out)
{
    if (q->asking == ASK_SIGNAL)
        strbuf_addf(out, "%s", error == -ESRCH ? "it has no process" : strerror(-error));
    else if (q->asking == ASK_RELOAD && error == -ENOTSUP)
        explain_no_reload(out, u);
    else if (q->asking == ASK_RELOAD && error == -ESRCH)
        explain_not_running(out, u);
    else if (error == -EACCES)
        explain_disabled(out, u);
    else if (error == -ESHUTDOWN)
        strbuf_add(out, "reeved is shutting down");
    else
        strbuf_addf(out, "the request was not taken: %s", strerror(-error));
}

bool asking_has_order(enum asking asking)
{
    return asking != ASK_SIGNAL && asking != ASK_RELOAD && asking != ASK_NOTHING;
}

/* ---- what is taken along ---- */

/* All that are asked for or taken along, in ascending order. 0 or -ENOMEM. */
static int collect(const bool *asked, const struct along *along, uint32_t n, struct selection *ret)
{
    uint32_t n_found = 0;

    for (uint32_t i = 0; i < n; i++)
        n_found += asked[i] || along[i].with;
    ret->indexes = malloc((n_found ? n_found : 1) * sizeof *ret->indexes);
    if (!ret->indexes)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        if (asked[i] || along[i].with)
            ret->indexes[ret->n++] = i;
    return 0;
}

int asking_along(const struct asking_request *q, struct supervisor *s, struct selection *ret,
                 struct along **ret_along)
{
    uint32_t n = supervisor_n_units(s);
    bool *asked = calloc(n ? n : 1, sizeof *asked);
    struct along *along = calloc(n ? n : 1, sizeof *along);
    int r = -ENOMEM;

    *ret = (struct selection){NULL, 0};
    *ret_along = along;
    if (asked && along) {
        for (uint32_t i = 0; i < q->units.n; i++)
            asked[q->units.indexes[i]] = true;
        supervisor_along(s, q->asking == ASK_RESTART, asked, along);
        r = collect(asked, along, n, ret);
    }
    free(asked);
    return r;
}
