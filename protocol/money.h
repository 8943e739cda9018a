/* Amounts of money and parts of them as people write them. Inside they are whole numbers of 1/10000
 * EUR, because meals at 1.545 EUR exist; no floating point touches money. */
#ifndef PROTOCOL_MONEY_H
#define PROTOCOL_MONEY_H

#include "protocol/bytes.h"

#define MONEY_DECIMAL_COUNT 4
#define MONEY_UNIT          10000 /* of them are one euro */
#define MONEY_TEXT_SIZE     32

/* "1.545" -> 15450; a comma is as good as a point, at most four decimals. False for whatever else,
 * and for more than `most`. */
MUST_USE bool money_of_text(uint64_t *amount, const char *text, size_t text_size, uint64_t most);

/* 15450 -> "1.545", 15000 -> "1.50": two decimals at least, no zeros after them. Returns `text`. */
const char *money_text(char text[static MONEY_TEXT_SIZE], uint64_t amount);

/* 3333 -> "33.33%", 5000 -> "50%": from 1/100 of a percent. Returns `text`. */
#define PERCENT_TEXT_SIZE 16
const char *percent_text(char text[static PERCENT_TEXT_SIZE], uint32_t percent_bp);

#endif
