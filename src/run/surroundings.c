#include "run/surroundings.h"

void surroundings_fill(struct spawn_request *request, const struct unit_spec *spec,
                       const struct rlimit *nofile)
{
    request->envp = spec->envp;
    request->directory = spec->directory;
    request->change_user = spec->change_user;
    request->uid = spec->uid;
    request->gid = spec->gid;
    request->groups = spec->groups;
    request->n_groups = spec->n_groups;
    request->umask = spec->umask;
    request->stdout_fd = spec->log == LOG_INHERIT ? 1 : -1;
    request->stderr_fd = spec->log == LOG_INHERIT ? 2 : -1;
    request->nofile = nofile;
}
