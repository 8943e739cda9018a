#include "engine/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void log_event(const char *event, const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    int head = snprintf(line, sizeof(line), "eligd event=%s ", event);
    if (head < 0 || (size_t)head >= sizeof(line) - 1)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, arguments);
    va_end(arguments);
    size_t size = strlen(line);
    line[size] = '\n';
    /* A log that nobody can write is no reason to stop serving. */
    if (write(STDERR_FILENO, line, size + 1) < 0)
        return;
}

const char *log_text(char out[static LOG_TEXT_SIZE], const char *sentence)
{
    size_t size = 0;
    out[size++] = '"';
    for (const char *p = sentence; *p != '\0' && size < LOG_TEXT_SIZE - 2; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            out[size++] = '\'';
        else
            out[size++] = c < 0x20 || c == 0x7f ? ' ' : *p;
    }
    out[size++] = '"';
    out[size] = '\0';
    return out;
}
