/* Any text as a command line: what is split and quoted again must split into the same words, and
 * what is quoted never looks like a shell's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "config/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLANKS " \t\n\r\v\f"

static void quote(struct strbuf *to, const char *word)
{
    strbuf_add(to, " '");
    for (; *word; word++) {
        if (*word == '\'')
            strbuf_add(to, "'\\''");
        else
            strbuf_add_bytes(to, word, 1);
    }
    strbuf_add(to, "'");
}

/* The word that is found is a whole one of the text, and no word is found once all are quoted. */
static void check_sign(const char *text, const char *quoted)
{
    const char *at = NULL;
    size_t len = 0;

    if (words_shell_sign(text, &at, &len)) {
        if (at < text || len == 0 || at + len > text + strlen(text) ||
            (at > text && !strchr(BLANKS, at[-1])) || (at[len] && !strchr(BLANKS, at[len])))
            abort();
    }
    if (words_shell_sign(quoted, &at, &len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct strbuf quoted = STRBUF_INIT;
    char *text = malloc(size + 1), **words, **again;
    const char *problem = NULL;
    size_t n, n_again;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (words_split(text, &arena, &words, &n, &problem) == 0) {
        for (size_t i = 0; i < n; i++)
            quote(&quoted, words[i]);
        if (words[n] ||
            words_split(strbuf_text(&quoted), &arena, &again, &n_again, &problem) != 0 ||
            n_again != n)
            abort();
        check_sign(text, strbuf_text(&quoted));
        for (size_t i = 0; i < n; i++) {
            if (strcmp(words[i], again[i]) != 0)
                abort();
        }
    } else if (!problem) {
        abort();
    }
    strbuf_finish(&quoted);
    arena_finish(&arena);
    free(text);
    return 0;
}
