#include "config/values.h"

#include <errno.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "config/errors.h"
#include "config/reader.h"
#include "os/signals.h"

typedef int parse_fn(const struct key *key, const char *text, void *field, struct strbuf *why);

static int parse_text(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    (void)key;
    (void)why;
    memcpy(field, &text, sizeof text);
    return 0;
}

/* Words are split and expanded by whoever needs them. */
static int parse_raw(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    (void)key;
    (void)text;
    (void)field;
    (void)why;
    return 0;
}

static int parse_path(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    char word[SHOWN_BYTES];

    if (*text != '/') {
        strbuf_addf(why, "'%s' is not an absolute path; begin it with '/'", shown(word, text));
        return -EINVAL;
    }
    return parse_text(key, text, field, why);
}

static int parse_bool(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    const size_t n = sizeof words / sizeof words[0];
    char word[SHOWN_BYTES];
    size_t i = 0;

    (void)key;
    while (i < n && strcmp(words[i], text) != 0)
        i++;
    if (i == n) {
        const char *near = nearest_name(text, words, n);

        strbuf_addf(why, "'%s' is neither yes nor no; ", shown(word, text));
        if (near)
            strbuf_addf(why, "did you mean '%s'?", near);
        else
            strbuf_add(why, "write yes, no, true, false, on or off");
        return -EINVAL;
    }
    *(bool *)field = i % 2 == 0;
    return 0;
}

static int parse_duration(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    char word[SHOWN_BYTES], least[32];
    int64_t ms;
    int rc = duration_parse(text, &ms);

    shown(word, text);
    if (rc == -ERANGE || (rc == 0 && ms > key->max))
        strbuf_addf(why, "'%s' is too long; at most %s is allowed", word,
                    duration_format(key->max, least, sizeof least));
    else if (rc < 0 && *text && text[strspn(text, "0123456789")] == '\0')
        strbuf_addf(why, "'%s' has no unit; write for example %.8ss or %.8sms", word, text, text);
    else if (rc < 0)
        strbuf_addf(why, "'%s' is not a duration; write for example 250ms, 10s, 2m or 1h30m", word);
    else if (ms < key->min)
        strbuf_addf(why, "'%s' is too short; at least %s is needed", word,
                    duration_format(key->min, least, sizeof least));
    else {
        *(int64_t *)field = ms;
        return 0;
    }
    return -EINVAL;
}

/* Only digits, at most `max`; false otherwise. */
static bool read_number(const char *text, unsigned base, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || (unsigned)(*text - '0') >= base)
            return false;
        n = n * base + (unsigned)(*text - '0');
        if (n > max)
            return false;
    }
    *ret = n;
    return true;
}

static int parse_number(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    char word[SHOWN_BYTES];
    uint64_t n;

    if (!read_number(text, 10, (uint64_t)key->max, &n) || n < (uint64_t)key->min) {
        strbuf_addf(why, "'%s' is not a number that fits; write a whole number from %lld to %lld",
                    shown(word, text), (long long)key->min, (long long)key->max);
        return -EINVAL;
    }
    *(uint32_t *)field = (uint32_t)n;
    return 0;
}

static int parse_percent(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    size_t len = strlen(text);
    char digits[8] = "", word[SHOWN_BYTES];
    uint64_t n;

    if (len > 1 && len <= sizeof digits && text[len - 1] == '%')
        memcpy(digits, text, len - 1);
    if (!read_number(digits, 10, (uint64_t)key->max, &n)) {
        strbuf_addf(why, "'%s' is not a percentage; write for example 10%% (from 0%% to %lld%%)",
                    shown(word, text), (long long)key->max);
        return -EINVAL;
    }
    *(uint32_t *)field = (uint32_t)n;
    return 0;
}

static int parse_mode(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    char word[SHOWN_BYTES];
    uint64_t n;

    (void)key;
    if (!read_number(text, 8, 0777, &n)) {
        strbuf_addf(why,
                    "'%s' is not a mode; write octal digits from 000 to 777, for example 022 "
                    "or 0660",
                    shown(word, text));
        return -EINVAL;
    }
    *(mode_t *)field = (mode_t)n;
    return 0;
}

static int parse_word(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    char word[SHOWN_BYTES];
    const char *near;
    unsigned i = 0, n = 0;

    while (key->words[i] && strcmp(key->words[i], text) != 0)
        i++;
    if (key->words[i]) {
        memcpy(field, &i, sizeof i);
        return 0;
    }
    while (key->words[n])
        n++;
    strbuf_addf(why, "'%s' is not a value of this key; ", shown(word, text));
    near = nearest_name(text, key->words, n);
    if (near) {
        strbuf_addf(why, "did you mean '%s'?", near);
        return -EINVAL;
    }
    strbuf_add(why, "write ");
    for (i = 0; i < n; i++)
        strbuf_addf(why, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", key->words[i]);
    return -EINVAL;
}

static void complain_signal(const char *text, const char *what, struct strbuf *why)
{
    enum { N_ORDINARY = 31 };
    const char *names[N_ORDINARY], *near;
    char word[SHOWN_BYTES];

    for (int i = 0; i < N_ORDINARY; i++)
        names[i] = signal_name(i + 1);
    near = nearest_name(strncmp(text, "SIG", 3) == 0 ? text + 3 : text, names, N_ORDINARY);
    strbuf_addf(why, "'%s' is not %s; ", shown(word, text), what);
    if (near)
        strbuf_addf(why, "did you mean '%s'?", near);
    else
        strbuf_add(why, "write for example TERM, INT or HUP");
}

static int parse_signal(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    int sig = signal_parse(text);

    (void)key;
    if (sig < 1 || sig > 64) {
        complain_signal(text, "a signal", why);
        return -EINVAL;
    }
    *(int *)field = sig;
    return 0;
}

static int add_exit(struct exit_set *set, const char *word, struct strbuf *why)
{
    uint64_t code;
    int sig;

    if (word[strspn(word, "0123456789")] == '\0') {
        if (!read_number(word, 10, 255, &code)) {
            char text[SHOWN_BYTES];

            strbuf_addf(why, "'%s' is not an exit code; write a number from 0 to 255",
                        shown(text, word));
            return -EINVAL;
        }
        set->codes[code / 64] |= (uint64_t)1 << (code % 64);
        return 0;
    }
    sig = signal_parse(word);
    if (sig < 1 || sig > 64) {
        complain_signal(word, "an exit code or a signal", why);
        return -EINVAL;
    }
    set->signals |= (uint64_t)1 << (sig - 1);
    return 0;
}

static int parse_exits(const struct key *key, const char *text, void *field, struct strbuf *why)
{
    struct exit_set set = {0};

    (void)key;
    while (*text) {
        char word[SHOWN_BYTES];
        size_t n = 0;

        while (*text == ',' || ini_is_space(*text))
            text++;
        while (text[n] && text[n] != ',' && !ini_is_space(text[n]) && n < sizeof word - 1)
            n++;
        memcpy(word, text, n);
        word[n] = '\0';
        if (n && add_exit(&set, word, why) < 0)
            return -EINVAL;
        text += n;
    }
    if (!set.codes[0] && !set.codes[1] && !set.codes[2] && !set.codes[3] && !set.signals) {
        strbuf_add(why, "the list is empty; write for example 0 3 TERM");
        return -EINVAL;
    }
    *(struct exit_set *)field = set;
    return 0;
}

static parse_fn *const parsers[] = {
    [VALUE_TEXT] = parse_text,         [VALUE_RAW] = parse_raw,
    [VALUE_COMMANDS] = parse_raw,      [VALUE_LINES] = parse_raw,
    [VALUE_PATH] = parse_path,         [VALUE_BOOL] = parse_bool,
    [VALUE_DURATION] = parse_duration, [VALUE_NUMBER] = parse_number,
    [VALUE_PERCENT] = parse_percent,   [VALUE_MODE] = parse_mode,
    [VALUE_WORD] = parse_word,         [VALUE_SIGNAL] = parse_signal,
    [VALUE_EXITS] = parse_exits,
};

int value_store(const struct key *key, const char *text, void *draft, struct strbuf *why)
{
    if (!*text && !key->empty_ok) {
        if (key->example)
            strbuf_addf(why, "the value is empty; write for example %s = %s", key->name,
                        key->example);
        else
            strbuf_add(why, "the value is empty; write one, or remove the key for its default");
        return -EINVAL;
    }
    return parsers[key->type](key, text, (char *)draft + key->offset, why);
}
