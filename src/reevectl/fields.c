#include "reevectl/fields.h"

#include <stdlib.h>

const cJSON *field(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNull(item) ? NULL : item;
}

const char *field_text(const cJSON *object, const char *key)
{
    const cJSON *item = field(object, key);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

const char *field_word(const cJSON *object, const char *key)
{
    const char *text = field_text(object, key);

    return text ? text : "";
}

/* Sums and differences of two numbers shall not overflow. */
#define NUMBER_MAX ((int64_t)4000000000000000000)

int64_t field_number_of(const cJSON *item, int64_t absent)
{
    int64_t value = absent;
    char *end;

    if (cJSON_IsNumber(item)) {
        if (item->valuedouble >= -(double)NUMBER_MAX && item->valuedouble <= (double)NUMBER_MAX)
            value = (int64_t)item->valuedouble;
    } else if (cJSON_IsString(item)) {
        value =
            strtoll(item->valuestring, &end, 10); /* a number out of range is beyond ours, too */
        if (end == item->valuestring || *end)
            value = absent;
    }
    return value < -NUMBER_MAX || value > NUMBER_MAX ? absent : value;
}

int64_t field_number(const cJSON *object, const char *key, int64_t absent)
{
    return field_number_of(field(object, key), absent);
}

bool field_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(field(object, key));
}
