#include "config/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* The value of a variable that holds an absolute path, else NULL: the XDG rules say to ignore a
 * relative one. */
static const char *absolute(char *const *environ, const char *name)
{
    size_t len = strlen(name);

    for (; environ && *environ; environ++) {
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=')
            return (*environ)[len + 1] == '/' ? *environ + len + 1 : NULL;
    }
    return NULL;
}

static char *below(const char *dir, const char *name)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_add(&path, dir);
    strbuf_add(&path, name);
    return strbuf_steal(&path);
}

char *places_config_file(char *const *environ, uid_t uid)
{
    const char *dir;

    if (uid == 0)
        return strdup("/etc/reeve/reeve.ini");
    dir = absolute(environ, "XDG_CONFIG_HOME");
    if (dir)
        return below(dir, "/reeve/reeve.ini");
    dir = absolute(environ, "HOME");
    return dir ? below(dir, "/.config/reeve/reeve.ini") : strdup("/etc/reeve/reeve.ini");
}

char *places_runtime_dir(char *const *environ, uid_t uid)
{
    struct strbuf path = STRBUF_INIT;
    const char *dir;

    if (uid == 0)
        return strdup("/run/reeve");
    dir = absolute(environ, "XDG_RUNTIME_DIR");
    if (dir)
        return below(dir, "/reeve");
    strbuf_addf(&path, "/tmp/reeve-%u", (unsigned)uid);
    return strbuf_steal(&path);
}

char *places_socket(char *const *environ, uid_t uid)
{
    char *dir = places_runtime_dir(environ, uid);
    char *path = dir ? below(dir, "/reeve.sock") : NULL;

    free(dir);
    return path;
}
