/* Reading members of a reply without trusting its shape: what is missing, null or of another type
 * reads as absent. Borrowed results live as long as the object. */
#ifndef REEVE_REEVECTL_FIELDS_H
#define REEVE_REEVECTL_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* The member, or NULL when it is missing or null. */
const cJSON *field(const cJSON *object, const char *key);
/* The text, or NULL. */
const char *field_text(const cJSON *object, const char *key);
/* The text, or "" . */
const char *field_word(const cJSON *object, const char *key);
/* A whole number, also one that travels as a string; `absent` otherwise, and for numbers so huge
 * that adding two of them could overflow. */
int64_t field_number(const cJSON *object, const char *key, int64_t absent);
/* The same of a value already at hand; NULL is absent. */
int64_t field_number_of(const cJSON *item, int64_t absent);
bool field_true(const cJSON *object, const char *key);

#endif
