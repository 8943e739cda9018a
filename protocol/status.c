#include "protocol/status.h"

static const struct {
    uint16_t number;
    const char *name;
    const char *text;
} statuses[] = {
#define STATUS_ROW(name, number, text) {number, #name, text},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

static size_t status_index(uint16_t number)
{
    size_t i = 0;
    while (i < STATUS_COUNT && statuses[i].number != number)
        i++;
    return i;
}

const bool status_listed[STATUS_END] = {
#define STATUS_IS_LISTED(name, number, text) [number] = true,
    STATUS_LIST(STATUS_IS_LISTED)
#undef STATUS_IS_LISTED
};

const char *status_text(uint16_t number)
{
    size_t i = status_index(number);
    return i < STATUS_COUNT ? statuses[i].text : "unknown status";
}

const char *status_name(uint16_t number)
{
    size_t i = status_index(number);
    return i < STATUS_COUNT ? statuses[i].name : "UNKNOWN";
}
