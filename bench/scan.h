/* Numbers in the plain files that bench writes and reads itself. */
#ifndef BENCH_SCAN_H
#define BENCH_SCAN_H

#include "protocol/bytes.h"

/* Digits at *at, at most `most`, and the separator behind them; *at goes on behind it. At the end
 * of a line a separator is not wanted. */
static inline bool scan_number(uint64_t *out, const char **at, uint64_t most, char separator)
{
    const char *c = *at;
    uint64_t value = 0;
    if (*c < '0' || *c > '9')
        return false;
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (digit > most || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (*c == separator)
        c++;
    else if (*c != '\n' && *c != '\0')
        return false;
    *out = value;
    *at = c;
    return true;
}

#endif
