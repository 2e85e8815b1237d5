/* Which slot of the file of runs (os/slots.h) is whose: one for each unit's runs, and behind those
 * one for each that has commands of its own. */
#ifndef REEVE_RUN_IDENTITIES_H
#define REEVE_RUN_IDENTITIES_H

struct supervisor;

/* Opens the file, if there is a place for it, and hands the slots out. What cannot be is said, and
 * done without. */
void identities_open(struct supervisor *s);
/* Removes the file, unless a slot is still in use. */
void identities_close(struct supervisor *s);

#endif
