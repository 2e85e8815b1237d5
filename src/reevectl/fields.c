#include "reevectl/fields.h"

#include <errno.h>
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

int64_t field_number_of(const cJSON *item, int64_t absent)
{
    char *end;
    long long value;

    if (cJSON_IsNumber(item)) {
        if (item->valuedouble > -9e18 && item->valuedouble < 9e18)
            return (int64_t)item->valuedouble;
        return absent;
    }
    if (!cJSON_IsString(item))
        return absent;
    errno = 0;
    value = strtoll(item->valuestring, &end, 10);
    return errno || end == item->valuestring || *end ? absent : value;
}

int64_t field_number(const cJSON *object, const char *key, int64_t absent)
{
    return field_number_of(field(object, key), absent);
}

bool field_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(field(object, key));
}
