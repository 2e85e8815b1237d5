#include "varlink/message.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "varlink/json.h"

static bool take_flag(const cJSON *tree, const char *name, bool *ret)
{
    const cJSON *flag = cJSON_GetObjectItemCaseSensitive(tree, name);

    if (!flag || cJSON_IsNull(flag))
        return true;
    *ret = cJSON_IsTrue(flag);
    return cJSON_IsBool(flag);
}

static const char *take_apart(struct message_call *call)
{
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(call->tree, "method");
    const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(call->tree, "parameters");
    bool upgrade = false;

    if (!cJSON_IsObject(call->tree))
        return "it is not an object";
    if (!cJSON_IsString(method))
        return "it has no method";
    if (parameters && !cJSON_IsNull(parameters) && !cJSON_IsObject(parameters))
        return "its parameters are not an object";
    if (!take_flag(call->tree, "more", &call->more) ||
        !take_flag(call->tree, "oneway", &call->oneway) ||
        !take_flag(call->tree, "upgrade", &upgrade))
        return "one of more, oneway and upgrade is not true or false";
    if (upgrade)
        return "it asks for an upgrade of the protocol, and there is none";
    call->method = method->valuestring;
    call->parameters = cJSON_IsObject(parameters) ? parameters : NULL;
    return NULL;
}

int message_call_parse(const char *text, size_t len_bytes, struct message_call *ret,
                       const char **ret_why)
{
    int r;

    memset(ret, 0, sizeof *ret);
    r = json_parse(text, len_bytes, JSON_REQUEST_VALUES_MAX, &ret->tree, ret_why);
    if (r < 0)
        return r;
    *ret_why = take_apart(ret);
    if (*ret_why) {
        message_call_finish(ret);
        return -EINVAL;
    }
    return 0;
}

void message_call_finish(struct message_call *call)
{
    cJSON_Delete(call->tree);
    memset(call, 0, sizeof *call);
}

void message_begin(struct json_out *o, struct strbuf *out)
{
    *o = (struct json_out){out, false};
    json_begin_object(o, NULL);
    json_begin_object(o, "parameters");
}

void message_end(struct json_out *o, bool continues, bool lines)
{
    json_end_object(o);
    if (continues)
        json_bool(o, "continues", true);
    json_end_object(o);
    strbuf_add_bytes(o->b, lines ? "\n" : "", 1);
}

void message_error(struct strbuf *out, bool lines, const char *error, ...)
{
    struct json_out o = {out, false};
    const char *name;
    va_list args;

    json_begin_object(&o, NULL);
    json_string(&o, "error", error);
    json_begin_object(&o, "parameters");
    va_start(args, error);
    while ((name = va_arg(args, const char *)) != NULL)
        json_string(&o, name, va_arg(args, const char *));
    va_end(args);
    json_end_object(&o);
    json_end_object(&o);
    strbuf_add_bytes(out, lines ? "\n" : "", 1);
}
