/* help: as --help, for those who type it as a verb. */
#include "reevectl/foreign.h"
#include "reevectl/verbs.h"

int verb_help(struct session *s, char **args, size_t n_args)
{
    const struct verb *verb = n_args ? verbs_find(args[0]) : NULL;

    (void)s;
    if (n_args && !verb)
        return foreign_tell(args[0]);
    return verbs_help(verb);
}
