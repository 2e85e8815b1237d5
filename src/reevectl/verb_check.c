/* check: whether the configuration is good: the one of the running reeved, read by it, or a file,
 * read by reevectl itself. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/load.h"
#include "config/places.h"
#include "reevectl/fields.h"
#include "reevectl/text.h"
#include "reevectl/verbs.h"

/* Users may have to be looked up far away. */
enum { CHECK_TIMEOUT_MS = 60000 };

static const char *own_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user ? user->pw_name : "this user";
}

/* Errors or warnings, each with its place, as `reeved --check` writes them. */
static void tell_lines(const cJSON *lines)
{
    const cJSON *item;

    fflush(stdout);
    cJSON_ArrayForEach(item, lines)
    {
        struct strbuf line = STRBUF_INIT;

        text_add_harmless(&line, cJSON_IsString(item) ? item->valuestring : "");
        fprintf(stderr, "%s\n", strbuf_text(&line));
        strbuf_finish(&line);
    }
}

/* "/etc/reeve/reeve.ini: good, 4 units (read by reeved)" */
static int tell_result(const char *file, int64_t n_units, int n_errors, const char *reader)
{
    struct strbuf b = STRBUF_INIT;

    if (n_errors > 0) {
        complain("%s: %d error%s (read by %s)", file, n_errors, n_errors == 1 ? "" : "s", reader);
        return EXIT_FAILED;
    }
    text_add_harmless(&b, file);
    strbuf_addf(&b, ": good, %lld unit%s (read by ", (long long)n_units, n_units == 1 ? "" : "s");
    text_add_harmless(&b, reader);
    strbuf_add(&b, ")\n");
    return output(&b, EXIT_OK);
}

/* Prints what the reply to Check says, or what was made to look like one. */
static int tell(const struct session *s, const cJSON *reply, const char *reader)
{
    const cJSON *errors = field(reply, "errors");
    int n_errors = cJSON_GetArraySize(errors);

    if (s->options->json)
        return call_print_json(reply, n_errors ? EXIT_FAILED : EXIT_OK);
    tell_lines(errors);
    tell_lines(field(reply, "warnings"));
    return tell_result(field_word(reply, "file"), field_number(reply, "units", 0), n_errors,
                       reader);
}

static bool add_lines(cJSON *object, const char *key, char *const *lines, size_t n_lines)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);

    for (size_t i = 0; list && i < n_lines; i++) {
        cJSON *line = cJSON_CreateString(lines[i]);

        if (!cJSON_AddItemToArray(list, line)) {
            cJSON_Delete(line);
            return false;
        }
    }
    return list != NULL;
}

/* What reeved would have answered; NULL when memory ran out. */
static cJSON *as_reply(const char *file, const struct spec_set *set,
                       const struct config_errors *errors)
{
    cJSON *reply = cJSON_CreateObject();

    if (reply && cJSON_AddStringToObject(reply, "file", file) &&
        cJSON_AddNumberToObject(reply, "units", set ? (double)set->n_units : 0) &&
        add_lines(reply, "errors", errors->lines, errors->n_lines) &&
        add_lines(reply, "warnings", errors->warnings, errors->n_warnings) &&
        cJSON_AddStringToObject(reply, "by", "reevectl"))
        return reply;
    cJSON_Delete(reply);
    return NULL;
}

static int check_here(const struct session *s, const char *file)
{
    struct config_options options = {
        .environ = environ, .uid = geteuid(), .check_places = true, .directory_ok = true};
    struct config_errors errors = {0};
    struct spec_set *set = NULL;
    struct strbuf reader = STRBUF_INIT;
    cJSON *reply;
    int code;

    (void)config_load(file, &options, &set, &errors);
    reply = errors.out_of_memory ? NULL : as_reply(file, set, &errors);
    strbuf_addf(&reader, "reevectl as %s", own_name());
    code = reply ? tell(s, reply, strbuf_text(&reader)) : out_of_memory();
    cJSON_Delete(reply);
    strbuf_finish(&reader);
    spec_set_unref(set);
    config_errors_finish(&errors);
    return code;
}

/* Nobody is there who could say which file it would be. */
static int check_default(const struct session *s)
{
    char *file = places_config_file(environ, geteuid());
    int code;

    if (!file)
        return out_of_memory();
    if (!s->options->json)
        complain("no reeved can be reached on %s; %s is checked here instead",
                 s->socket_path ? s->socket_path : "its socket", file);
    code = check_here(s, file);
    free(file);
    return code;
}

static int check_there(struct session *s)
{
    const struct patience patience = {.timeout_ms = CHECK_TIMEOUT_MS};
    cJSON *reply;
    int code = call_patiently(s, "Check", cJSON_CreateObject(), &patience, &reply);

    if (code) {
        complain("'reevectl check FILE' checks a file without reeved");
        return code;
    }
    if ((cJSON_HasObjectItem(reply, "warnings") || cJSON_AddNullToObject(reply, "warnings")) &&
        cJSON_AddStringToObject(reply, "by", "reeved"))
        code = tell(s, reply, "reeved");
    else
        code = out_of_memory();
    cJSON_Delete(reply);
    return code;
}

int verb_check(struct session *s, char **args, size_t n_args)
{
    int error;

    if (n_args)
        return check_here(s, args[0]);
    error = session_connect(s);
    if (error && s->options->socket) /* a reeved was named: no other file will do */
        return session_tell_unreachable(s, error);
    return error ? check_default(s) : check_there(s);
}
