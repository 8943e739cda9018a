#include "bench/markup.h"

#include "loader/text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The bytes of the letter at `text`, which is no end; 0 when there is none. */
static size_t letter_size(const char *text)
{
    uint8_t lead = (uint8_t)*text;
    size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return strnlen(text, size) == size && text_is_utf8(text, size) ? size : 0;
}

/* XML takes no control characters but these, and not the last two of the basic plane. */
static bool may_stand(const char *text, size_t size)
{
    if (size == 1)
        return (uint8_t)*text >= ' ' ? *text != 0x7f : *text == '\n' || *text == '\t';
    return size != 3 ||
           (strncmp(text, "\xef\xbf\xbe", 3) != 0 && strncmp(text, "\xef\xbf\xbf", 3) != 0);
}

static const char *escape_of(char letter)
{
    switch (letter) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void markup_text(FILE *to, const char *text)
{
    while (*text != '\0') {
        size_t size = letter_size(text);
        const char *escape = escape_of(*text);
        if (escape != NULL)
            fputs(escape, to);
        else if (size > 0 && may_stand(text, size))
            fwrite(text, 1, size, to);
        else
            fputs(REPLACEMENT, to);
        text += size > 0 ? size : 1;
    }
}

size_t markup_length(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; length++) {
        size_t size = letter_size(text);
        text += size > 0 ? size : 1;
    }
    return length;
}
