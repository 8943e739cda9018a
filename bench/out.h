/* A file that is written in millions of small pieces: text and numbers without printf. */
#ifndef BENCH_OUT_H
#define BENCH_OUT_H

#include "protocol/fault.h"

#define OUT_BUFFER_SIZE 262144

struct out {
    int fd;
    bool is_windows_1257; /* text is UTF-8 and becomes that on the way */
    bool is_failed;
    uint64_t byte_count;
    size_t size;
    char path[4096];
    char buffer[OUT_BUFFER_SIZE];
};

/* Creates FOLDER/NAME or empties it. */
MUST_USE bool out_open(struct out *out, const char *folder, const char *name, struct fault *fault);
/* Errors of all writes come out here. */
MUST_USE bool out_close(struct out *out, struct fault *fault);

void out_bytes(struct out *out, const void *bytes, size_t size); /* as they are */
void out_text(struct out *out, const char *text, size_t size);
void out_string(struct out *out, const char *text);
void out_number(struct out *out, uint64_t value);

/* `value` in exactly `width` digits at `to`; no NUL. */
static inline void digits_put(char *to, uint64_t value, size_t width)
{
    while (width > 0) {
        to[--width] = (char)('0' + value % 10);
        value /= 10;
    }
}

#endif
