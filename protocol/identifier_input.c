#include "protocol/identifier_input.h"

#include <stdio.h>
#include <unistd.h>

const char *identifier_read_line(char line[static IDENTIFIER_INPUT], size_t *size)
{
    int c;
    *size = 0;
    if (isatty(STDIN_FILENO))
        fputs("Identifier: ", stderr);
    while ((c = getchar()) != EOF && c != '\n') {
        if (*size == IDENTIFIER_INPUT)
            return "the first line is longer than any identifier";
        line[(*size)++] = (char)c;
    }
    if (c == EOF && *size == 0)
        return "want an identifier, found nothing";
    *size -= *size > 0 && line[*size - 1] == '\r';
    return NULL;
}
