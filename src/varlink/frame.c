#include "varlink/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_IDLE_BYTES = 4096 };

enum scan_state {
    SCAN_BLANK,  /* nothing visible yet */
    SCAN_OBJECT, /* inside an object */
    SCAN_CLOSED, /* the object is complete */
    SCAN_OTHER   /* cannot become a message: any end of line will do */
};

void frame_reader_init(struct frame_reader *r, size_t max_bytes)
{
    memset(r, 0, sizeof *r);
    r->max_bytes = max_bytes;
}

void frame_reader_finish(struct frame_reader *r)
{
    free(r->data);
    frame_reader_init(r, r->max_bytes);
}

/* Moves what is left to the front. What is left after all messages were taken is less than a
 * message that has to be moved only once, so the work stays linear. */
static void compact(struct frame_reader *r)
{
    if (r->start_at == 0)
        return;
    if (r->len_bytes > r->start_at)
        memmove(r->data, r->data + r->start_at, r->len_bytes - r->start_at);
    r->len_bytes -= r->start_at;
    r->scanned_at -= r->start_at;
    r->start_at = 0;
}

int frame_put(struct frame_reader *r, const void *bytes, size_t len_bytes)
{
    size_t need, cap;
    char *data;

    if (len_bytes == 0)
        return 0;
    compact(r);
    need = r->len_bytes + len_bytes;
    if (need > r->cap_bytes) {
        cap = r->cap_bytes ? r->cap_bytes : 512;
        while (cap < need)
            cap *= 2;
        data = realloc(r->data, cap);
        if (!data)
            return -ENOMEM;
        r->data = data;
        r->cap_bytes = cap;
    }
    memcpy(r->data + r->len_bytes, bytes, len_bytes);
    r->len_bytes = need;
    return 0;
}

int frame_end(struct frame_reader *r)
{
    int rc = frame_held_bytes(r) ? frame_put(r, "", 1) : 0;

    r->ended = true;
    return rc;
}

size_t frame_held_bytes(const struct frame_reader *r)
{
    return r->len_bytes - r->start_at;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void scan_object(struct frame_reader *r, char c)
{
    if (r->in_string) {
        if (r->escaped)
            r->escaped = false;
        else if (c == '\\')
            r->escaped = true;
        else if (c == '"')
            r->in_string = false;
        return;
    }
    if (c == '"')
        r->in_string = true;
    else if (c == '{' || c == '[')
        r->depth++;
    else if ((c == '}' || c == ']') && --r->depth == 0)
        r->state = SCAN_CLOSED;
}

/* Looks at one byte; returns whether it ends a message. */
static bool scan_byte(struct frame_reader *r, char c)
{
    if (c == '\0')
        return true;
    switch ((enum scan_state)r->state) {
    case SCAN_BLANK:
        if (c == '{') {
            r->state = SCAN_OBJECT;
            r->depth = 1;
        } else if (!is_blank(c)) {
            r->state = SCAN_OTHER;
        }
        return false;
    case SCAN_OBJECT:
        scan_object(r, c);
        return false;
    case SCAN_CLOSED:
        if (!is_blank(c))
            r->state = SCAN_OTHER;
        return c == '\n';
    case SCAN_OTHER:
        return c == '\n';
    }
    return false;
}

static void begin_message(struct frame_reader *r)
{
    r->start_at = r->scanned_at;
    r->state = SCAN_BLANK;
    r->depth = 0;
    r->in_string = false;
    r->escaped = false;
    r->skipping = false;
}

static enum frame_kind end_message(struct frame_reader *r, struct frame *ret, char terminator)
{
    bool was_lines = r->last_lines;
    bool skipped = r->skipping;
    bool last = r->ended && r->scanned_at == r->len_bytes; /* the NUL that frame_end added */

    /* The NUL of "{...}\n\0": its message was already taken at the newline. */
    if ((was_lines || last) && terminator == '\0' && r->state == SCAN_BLANK) {
        r->last_lines = false;
        begin_message(r);
        return FRAME_NONE;
    }
    r->last_lines = terminator == '\n' || last;
    if (!skipped) {
        ret->text = r->data + r->start_at;
        ret->len_bytes = r->scanned_at - 1 - r->start_at;
        ret->lines = r->last_lines;
        r->data[r->scanned_at - 1] = '\0';
    }
    begin_message(r);
    return skipped ? FRAME_NONE : FRAME_MESSAGE;
}

/* Gives memory back when nothing is held, so that idle clients stay small. */
static void relax(struct frame_reader *r)
{
    if (r->start_at != r->len_bytes)
        return;
    r->start_at = 0;
    r->scanned_at = 0;
    r->len_bytes = 0;
    if (r->cap_bytes > KEEP_IDLE_BYTES) {
        free(r->data);
        r->data = NULL;
        r->cap_bytes = 0;
    }
}

enum frame_kind frame_next(struct frame_reader *r, struct frame *ret)
{
    while (r->scanned_at < r->len_bytes) {
        char c = r->data[r->scanned_at++];

        if (scan_byte(r, c)) {
            if (end_message(r, ret, c) == FRAME_MESSAGE)
                return FRAME_MESSAGE;
        } else if (r->skipping || r->state == SCAN_BLANK) {
            r->start_at = r->scanned_at;
        } else if (r->scanned_at - r->start_at > r->max_bytes) {
            r->skipping = true;
            r->start_at = r->scanned_at;
            ret->text = NULL;
            ret->len_bytes = 0;
            ret->lines = r->last_lines;
            return FRAME_TOO_LARGE;
        }
    }
    relax(r);
    return FRAME_NONE;
}
