#include "protocol/json.h"

#include "protocol/day.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

void json_start(struct json *json, FILE *to)
{
    *json = (struct json){.to = to};
}

void json_start_line(struct json *json, FILE *to)
{
    *json = (struct json){.to = to, .is_line = true};
}

void json_end(struct json *json)
{
    assert(json->depth == 0);
    fputc('\n', json->to);
}

/* Length of the well-formed UTF-8 character at `p`, or 0. Texts come from file names and system
 * messages too, and one stray byte makes a whole document unreadable to strict parsers. */
static size_t utf8_size(const unsigned char *p)
{
    size_t size = p[0] < 0x80                    ? 1
                  : p[0] >= 0xc2 && p[0] <= 0xdf ? 2
                  : (p[0] & 0xf0) == 0xe0        ? 3
                  : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                 : 0;
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    /* overlong forms, surrogates and what lies beyond U+10FFFF */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return size;
}

static void write_escaped(FILE *to, unsigned char c)
{
    switch (c) {
    case '"':
        fputs("\\\"", to);
        return;
    case '\\':
        fputs("\\\\", to);
        return;
    case '\n':
        fputs("\\n", to);
        return;
    case '\t':
        fputs("\\t", to);
        return;
    default:
        if (c < 0x20 || c == 0x7f)
            fprintf(to, "\\u%04x", c);
        else
            fputc(c, to);
    }
}

static void write_text(FILE *to, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', to);
    while (*p != '\0') {
        size_t size = utf8_size(p);
        if (size == 1)
            write_escaped(to, *p);
        else if (size > 1)
            fwrite(p, 1, size, to);
        else
            fputs("\\ufffd", to);
        p += size > 0 ? size : 1;
    }
    fputc('"', to);
}

static void break_line(const struct json *json)
{
    if (!json->is_line)
        fprintf(json->to, "\n%*s", (int)(2 * json->depth), "");
}

/* What stands before every value: comma, line break, name. */
static void begin_value(struct json *json, const char *name)
{
    if (json->depth > 0) {
        if (json->has_member[json->depth - 1])
            fputs(json->is_line ? ", " : ",", json->to);
        json->has_member[json->depth - 1] = true;
        break_line(json);
    }
    if (name != NULL) {
        assert(json->depth > 0);
        write_text(json->to, name);
        fputs(": ", json->to);
    }
}

static void open_level(struct json *json, const char *name, char bracket)
{
    assert(json->depth < JSON_DEPTH_MAX);
    begin_value(json, name);
    fputc(bracket, json->to);
    json->has_member[json->depth++] = false;
}

static void close_level(struct json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    if (json->has_member[json->depth])
        break_line(json);
    fputc(bracket, json->to);
}

void json_open_object(struct json *json, const char *name)
{
    open_level(json, name, '{');
}

void json_close_object(struct json *json)
{
    close_level(json, '}');
}

void json_open_array(struct json *json, const char *name)
{
    open_level(json, name, '[');
}

void json_close_array(struct json *json)
{
    close_level(json, ']');
}

void json_text(struct json *json, const char *name, const char *value)
{
    begin_value(json, name);
    if (value == NULL)
        fputs("null", json->to);
    else
        write_text(json->to, value);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    begin_value(json, name);
    fprintf(json->to, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    fprintf(json->to, "%" PRId64, value);
}

void json_real(struct json *json, const char *name, double value)
{
    begin_value(json, name);
    if (isfinite(value))
        fprintf(json->to, "%.3f", value);
    else
        fputs("null", json->to);
}

void json_day(struct json *json, const char *name, uint32_t day)
{
    char text[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)day);
    json_text(json, name, text);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    fputs(value ? "true" : "false", json->to);
}
