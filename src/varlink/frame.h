/*
 * Bytes in, complete messages out. A message ends with NUL; as a courtesy to nc and socat a
 * complete JSON object (or a line that cannot become one) may end with a newline instead, or with
 * the end of the bytes. Each byte
 * is looked at once, however the bytes are cut. Knows nothing of sockets.
 */
#ifndef REEVE_VARLINK_FRAME_H
#define REEVE_VARLINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* The longest request that is taken, without its terminator. */
enum { FRAME_REQUEST_MAX_BYTES = 1 << 20 };

enum frame_kind {
    FRAME_NONE, /* no complete message yet */
    FRAME_MESSAGE,
    FRAME_TOO_LARGE /* told once, as soon as the limit is passed; the rest is skipped */
};

struct frame {
    char *text; /* NUL-terminated; valid until the next call */
    size_t len_bytes;
    bool lines; /* it came as a line and wants to be answered in lines */
};

struct frame_reader {
    char *data; /* owned */
    size_t len_bytes, cap_bytes;
    size_t start_at;   /* of the current message */
    size_t scanned_at; /* everything before was looked at */
    size_t max_bytes;
    unsigned depth;
    int state;
    bool in_string, escaped;
    bool skipping;   /* the rest of a message that was too large */
    bool last_lines; /* how the last message ended */
    bool ended;      /* no more bytes will come */
};

void frame_reader_init(struct frame_reader *r, size_t max_bytes);
void frame_reader_finish(struct frame_reader *r);
/* Adds received bytes. 0 or -ENOMEM. Who calls frame_next until FRAME_NONE before adding more never
 * has it hold more than max_bytes and what was added last. */
int frame_put(struct frame_reader *r, const void *bytes, size_t len_bytes);
/* No more bytes will come: what is held and has no end yet is a message, to be answered in lines. 0
 * or -ENOMEM. */
int frame_end(struct frame_reader *r);
/* Bytes added that are not part of a message taken yet. */
size_t frame_held_bytes(const struct frame_reader *r);
enum frame_kind frame_next(struct frame_reader *r, struct frame *ret);

#endif
