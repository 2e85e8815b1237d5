/* Where the calling process stands in the cgroup v2 hierarchy. For os/cgroup.c only. */
#ifndef REEVE_OS_CGROUP_FIND_H
#define REEVE_OS_CGROUP_FIND_H

/* The malloc'ed path of the own cgroup's directory, from the texts of /proc/self/cgroup and
 * /proc/self/mountinfo. 0; -ENOENT: no v2 hierarchy is mounted, or the cgroup lies outside of what
 * is; -ENOMEM. */
int cgroup_find_in(const char *cgroup_text, const char *mountinfo_text, char **ret_path);
/* The same for this process. */
int cgroup_find_own(char **ret_path);

#endif
