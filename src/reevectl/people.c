#include "reevectl/people.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "reevectl/fields.h"

enum { NAME_BYTES = 64 };

/* Asks once for one user after the other: mostly it is always the same. */
static const char *name_of(int64_t uid)
{
    static char name[NAME_BYTES];
    static int64_t known_uid = -1;
    const struct passwd *entry;

    if (uid == known_uid)
        return name;
    known_uid = uid;
    name[0] = '\0';
    entry = uid >= 0 && uid < UINT32_MAX ? getpwuid((uid_t)uid) : NULL;
    if (entry && strlen(entry->pw_name) < sizeof(name))
        snprintf(name, sizeof(name), "%s", entry->pw_name);
    return name;
}

void people_add_requester(struct strbuf *b, const cJSON *requester)
{
    const char *unit = field_text(requester, "unit");
    int64_t uid = field_number(requester, "uid", -1);
    int64_t pid = field_number(requester, "pid", -1);
    const char *name = name_of(uid);

    if (uid < 0)
        strbuf_add(b, unit ? unit : "somebody unknown");
    else
        strbuf_addf(b, "%s%suid %lld, pid %lld%s", name, *name ? " (" : "", (long long)uid,
                    (long long)pid, *name ? ")" : "");
}
