/* Finding out why a unit is as it is, with all the questions to reeved that this needs. */
#ifndef REEVE_REEVECTL_INQUIRY_H
#define REEVE_REEVECTL_INQUIRY_H

#include "reevectl/call.h"
#include "reevectl/cause.h"

/* `unit` is a UnitDetails. An event that reeved does not tell is done without. The caller finishes
 * the cause. */
void inquire(struct session *s, const cJSON *unit, struct cause *c);

#endif
