/* Verbs that people bring along from other supervisors, and what to do here instead. */
#ifndef REEVE_REEVECTL_FOREIGN_H
#define REEVE_REEVECTL_FOREIGN_H

/* Tells that there is no such verb: what takes its place, the verb that was likely meant, or the
 * command that lists them all. Returns EXIT_USAGE. */
int foreign_tell(const char *word);

#endif
