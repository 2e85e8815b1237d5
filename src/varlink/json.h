/*
 * JSON in: a bounded, strict parse in front of cJSON, and typed getters for the parameters of a
 * call. cJSON itself checks neither depth, UTF-8 nor the end of the text as we want it, so the text
 * is checked wholly before cJSON builds the tree; after that only memory can fail.
 */
#ifndef REEVE_VARLINK_JSON_H
#define REEVE_VARLINK_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 32, JSON_REQUEST_VALUES_MAX = 16384 };

/* Whether `text` is exactly one JSON value (RFC 8259, UTF-8) of at most max_values values, none
 * nested deeper than JSON_DEPTH_MAX. NULL when it is; else why not, as a phrase ("nested deeper
 * than ..."). */
const char *json_check(const char *text, size_t len_bytes, size_t max_values);

/* 0 with *ret_tree for cJSON_Delete; -EINVAL with *ret_why (static text); -ENOMEM. */
int json_parse(const char *text, size_t len_bytes, size_t max_values, cJSON **ret_tree,
               const char **ret_why);

/* An integer that fits, given as a number or as a string of decimal digits. */
bool json_get_int64(const cJSON *value, int64_t *ret);

/*
 * The parameters of one call. The first wrong or missing one is remembered by name in `bad`, and
 * the getters then return their fallback: read all, look at `bad` once. null means absent.
 */
struct params {
    const cJSON *object; /* may be NULL: no parameters */
    const char *bad;
};

/* Marks any parameter that is not in `known` (ended by NULL) as bad: a misspelt one would otherwise
 * silently mean its default. */
void params_init(struct params *p, const cJSON *object, const char *const *known);
bool params_bool(struct params *p, const char *name, bool fallback);
int64_t params_int(struct params *p, const char *name, int64_t fallback, int64_t min, int64_t max);
/* NULL when absent. */
const char *params_text(struct params *p, const char *name);
/* An array of strings, or NULL when absent. */
const cJSON *params_texts(struct params *p, const char *name);
/* Marks `name` as bad unless another already is. */
void params_refuse(struct params *p, const char *name);

#endif
