/* reset-failed: what failed is given another chance. */
#include "reevectl/fields.h"
#include "reevectl/operation.h"
#include "reevectl/verbs.h"

int verb_reset_failed(struct session *s, char **args, size_t n_args)
{
    static const struct operation operation = {
        .method = "ResetFailed",
        .timeout_ms = ANSWER_TIMEOUT_MS,
        .none = "no unit had failed",
    };

    return operation_run(s, &operation, call_units(args, n_args), args, n_args);
}
