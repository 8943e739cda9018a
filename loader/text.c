#include "loader/text.h"

#include <string.h>

#define NONE TEXT_1257_NONE

/* Bytes 0x80 to 0xff. */
static const uint16_t upper_1257[128] = {
    0x20ac, NONE,   0x201a, NONE,   0x201e, 0x2026, 0x2020, 0x2021, /* 80 */
    NONE,   0x2030, NONE,   0x2039, NONE,   0x00a8, 0x02c7, 0x00b8, /* 88 */
    NONE,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, /* 90 */
    NONE,   0x2122, NONE,   0x203a, NONE,   0x00af, 0x02db, NONE,   /* 98 */
    0x00a0, NONE,   0x00a2, 0x00a3, 0x00a4, NONE,   0x00a6, 0x00a7, /* a0 */
    0x00d8, 0x00a9, 0x0156, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00c6, /* a8 */
    0x00b0, 0x00b1, 0x00b2, 0x00b3, 0x00b4, 0x00b5, 0x00b6, 0x00b7, /* b0 */
    0x00f8, 0x00b9, 0x0157, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x00e6, /* b8 */
    0x0104, 0x012e, 0x0100, 0x0106, 0x00c4, 0x00c5, 0x0118, 0x0112, /* c0 */
    0x010c, 0x00c9, 0x0179, 0x0116, 0x0122, 0x0136, 0x012a, 0x013b, /* c8 */
    0x0160, 0x0143, 0x0145, 0x00d3, 0x014c, 0x00d5, 0x00d6, 0x00d7, /* d0 */
    0x0172, 0x0141, 0x015a, 0x016a, 0x00dc, 0x017b, 0x017d, 0x00df, /* d8 */
    0x0105, 0x012f, 0x0101, 0x0107, 0x00e4, 0x00e5, 0x0119, 0x0113, /* e0 */
    0x010d, 0x00e9, 0x017a, 0x0117, 0x0123, 0x0137, 0x012b, 0x013c, /* e8 */
    0x0161, 0x0144, 0x0146, 0x00f3, 0x014d, 0x00f5, 0x00f6, 0x00f7, /* f0 */
    0x0173, 0x0142, 0x015b, 0x016b, 0x00fc, 0x017c, 0x017e, 0x02d9, /* f8 */
};

uint16_t text_1257_character(uint8_t byte)
{
    return byte < 0x80 ? byte : upper_1257[byte - 0x80];
}

bool text_is_1257(const char *text, size_t text_size)
{
    for (size_t i = 0; i < text_size; i++)
        if (text[i] == '\0' || text_1257_character((uint8_t)text[i]) == NONE)
            return false;
    return true;
}

/* Bytes of the character that begins the text, 0 when none does; Unicode standard, table 3-7. */
static size_t utf8_step(uint32_t *character, const uint8_t *p, size_t size)
{
    uint8_t lead = p[0];
    if (lead < 0x80) {
        *character = lead;
        return lead == 0 ? 0 : 1;
    }
    size_t step = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || step > size)
        return 0;
    uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most)
        return 0;
    uint32_t sum = (lead & (0xffu >> (step + 1))) << 6 | (p[1] & 0x3f);
    for (size_t i = 2; i < step; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        sum = sum << 6 | (p[i] & 0x3f);
    }
    *character = sum;
    return step;
}

bool text_is_utf8(const char *text, size_t text_size)
{
    const uint8_t *p = (const uint8_t *)text;
    for (size_t at = 0; at < text_size;) {
        uint32_t character;
        size_t step = utf8_step(&character, p + at, text_size - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* All of Windows-1257 lies below U+10000: three bytes suffice. */
static size_t utf8_put(char out[static 3], uint16_t character)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xc0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | character >> 12);
    out[1] = (char)(0x80 | (character >> 6 & 0x3f));
    out[2] = (char)(0x80 | (character & 0x3f));
    return 3;
}

size_t text_utf8_of_1257(char *out, size_t room, const char *text, size_t text_size)
{
    size_t size = 0;
    for (size_t i = 0; i < text_size; i++) {
        uint16_t character = text_1257_character((uint8_t)text[i]);
        char bytes[3];
        size_t step = utf8_put(bytes, character);
        if (character == NONE || step > room - size)
            return SIZE_MAX;
        memcpy(out + size, bytes, step);
        size += step;
    }
    return size;
}

static bool byte_1257_of(uint8_t *byte, uint32_t character)
{
    for (uint32_t i = 0; i < 256; i++) {
        if (text_1257_character((uint8_t)i) == character && character != NONE) {
            *byte = (uint8_t)i;
            return true;
        }
    }
    return false;
}

size_t text_1257_of_utf8(char *out, size_t room, const char *text, size_t text_size)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t size = 0;
    for (size_t at = 0; at < text_size;) {
        uint32_t character;
        uint8_t byte;
        size_t step = utf8_step(&character, p + at, text_size - at);
        if (step == 0 || !byte_1257_of(&byte, character) || size == room)
            return SIZE_MAX;
        out[size++] = (char)byte;
        at += step;
    }
    return size;
}

size_t text_bom_size(const char *text, size_t text_size)
{
    return text_size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool span_number(struct span text, uint64_t *out)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.text[i] < '0' || text.text[i] > '9' ||
            __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.text[i] - '0'), &number))
            return false;
    }
    if (text.size == 0)
        return false;
    *out = number;
    return true;
}
