/* JSON out: commas, indentation and escapes are kept right by the writer. Errors of the stream are
 * left to the caller's ferror() at the end. */
#ifndef PROTOCOL_JSON_H
#define PROTOCOL_JSON_H

#include <stdio.h>

#include "protocol/bytes.h"

#define JSON_DEPTH_MAX 16

struct json {
    FILE *to;
    uint32_t depth;
    bool is_line; /* without line breaks: one document is one line */
    bool has_member[JSON_DEPTH_MAX];
};

void json_start(struct json *json, FILE *to);
void json_start_line(struct json *json, FILE *to); /* for JSON lines */
void json_end(struct json *json);                  /* newline; asserts that everything was closed */

/* `name` is NULL inside arrays and for the outermost value. */
void json_open_object(struct json *json, const char *name);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *name);
void json_close_array(struct json *json);
void json_text(struct json *json, const char *name, const char *value);
void json_number(struct json *json, const char *name, uint64_t value);
void json_signed(struct json *json, const char *name, int64_t value);
/* Three decimals; not finite becomes null. */
void json_real(struct json *json, const char *name, double value);
void json_day(struct json *json, const char *name, uint32_t day); /* "2026-11-23" */
void json_bool(struct json *json, const char *name, bool value);

#endif
