#include "protocol/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fault_write(struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
}

void fault_prefix(struct fault *fault, const char *where)
{
    char text[FAULT_TEXT_SIZE];
    memcpy(text, fault->text, sizeof(text));
    /* A cut sentence still ends in NUL, and says where. */
    snprintf(fault->text, sizeof(fault->text), "%s: %.*s", where, FAULT_TEXT_SIZE / 2, text);
}
