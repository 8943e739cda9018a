#include "protocol/money.h"

#include <inttypes.h>
#include <stdio.h>

#define MONEY_MOST_MAX (UINT64_MAX / (10 * MONEY_UNIT)) /* no digit more can overflow below it */

bool money_of_text(uint64_t *amount, const char *text, size_t text_size, uint64_t most)
{
    uint64_t value = 0;
    size_t digit_count = 0, decimal_count = 0;
    bool is_past_point = false;
    for (size_t i = 0; i < text_size; i++) {
        if ((text[i] == '.' || text[i] == ',') && !is_past_point && digit_count > 0) {
            is_past_point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || decimal_count == MONEY_DECIMAL_COUNT ||
            value > MONEY_MOST_MAX)
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
        digit_count++;
        decimal_count += is_past_point;
    }
    if (digit_count == 0 || (is_past_point && decimal_count == 0) || value > MONEY_MOST_MAX)
        return false;
    for (; decimal_count < MONEY_DECIMAL_COUNT; decimal_count++)
        value *= 10;
    if (value > most)
        return false;
    *amount = value;
    return true;
}

const char *money_text(char text[static MONEY_TEXT_SIZE], uint64_t amount)
{
    int size = snprintf(text, MONEY_TEXT_SIZE, "%" PRIu64 ".%04" PRIu64, amount / MONEY_UNIT,
                        amount % MONEY_UNIT);
    for (int zeros = 0; zeros < 2 && text[size - 1] == '0'; zeros++)
        text[--size] = '\0';
    return text;
}

const char *percent_text(char text[static PERCENT_TEXT_SIZE], uint32_t percent_bp)
{
    if (percent_bp % 100 == 0)
        snprintf(text, PERCENT_TEXT_SIZE, "%" PRIu32 "%%", percent_bp / 100);
    else
        snprintf(text, PERCENT_TEXT_SIZE, "%" PRIu32 ".%02" PRIu32 "%%", percent_bp / 100,
                 percent_bp % 100);
    return text;
}
