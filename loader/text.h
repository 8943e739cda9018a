/* Bytes as registers write them: pieces of text, and the encodings they come in. */
#ifndef LOADER_TEXT_H
#define LOADER_TEXT_H

#include "protocol/bytes.h"

/* A borrowed piece of text, without a NUL at its end. */
struct span {
    const char *text;
    uint32_t size;
};

/* Without the spaces, tabs and carriage returns around it. */
static inline struct span span_trim(struct span span)
{
    while (span.size > 0 && (uint8_t)(span.text[0] - 1) < ' ') {
        span.text++;
        span.size--;
    }
    while (span.size > 0 && (uint8_t)(span.text[span.size - 1] - 1) < ' ')
        span.size--;
    return span;
}

/* The digits as a number; no sign, no blanks, and at least one of them. */
MUST_USE bool span_number(struct span text, uint64_t *out);

/* Shortest forms only, no surrogates, nothing above U+10FFFF, no NUL. */
bool text_is_utf8(const char *text, size_t text_size);

#define TEXT_1257_NONE 0xffff /* the byte stands for nothing */

/* The character of a byte of Windows-1257, the code page of the Baltic languages. */
uint16_t text_1257_character(uint8_t byte);
bool text_is_1257(const char *text, size_t text_size); /* no NUL either */

/* Windows-1257 -> UTF-8: the number of bytes written, or SIZE_MAX when a byte stands for nothing or
 * `room` is too small (three times the input always suffices). */
#define TEXT_1257_GROWTH 3
size_t text_utf8_of_1257(char *out, size_t room, const char *text, size_t text_size);

/* UTF-8 -> Windows-1257: likewise; never longer than its input. SIZE_MAX when it is no UTF-8 or has
 * a character that the code page lacks. */
size_t text_1257_of_utf8(char *out, size_t room, const char *text, size_t text_size);

/* Bytes that a byte order mark takes at the beginning of a file: 3 or 0. */
size_t text_bom_size(const char *text, size_t text_size);

#endif
