#include "protocol/profile.h"

#include "protocol/nearest.h"

#include <string.h>

static const char *const names[] = {"gate", "till", "inspector", "administrator"};
static_assert(sizeof(names) / sizeof(names[0]) == PROFILE_LAST, "a name for every profile");

const char *profile_name(uint8_t profile)
{
    return profile >= 1 && profile <= PROFILE_LAST ? names[profile - 1] : "unknown";
}

uint8_t profile_of_name(const char *name)
{
    for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++) {
        if (strcmp(names[profile - 1], name) == 0)
            return profile;
    }
    return 0;
}

const char *profile_nearest(const char *name)
{
    return nearest_word(name, names, PROFILE_LAST);
}

/* Until when a reservation holds is about the transaction: whoever made it must know. Every other
 * end is about the person. */
static bool tells_end_of_hold(const struct response *response)
{
    return response->kind == KIND_RESERVE || response->status == STATUS_RESERVED;
}

/* Which register lacks data, or what somebody has had already, is a no; and what is recorded beyond
 * a limit has been given. */
static uint16_t status_for_gate(const struct response *response)
{
    switch (response->status) {
    case STATUS_NO_DATA:
    case STATUS_LIMIT_REACHED:
    case STATUS_TOO_SOON:
    case STATUS_BUDGET_SPENT:
    case STATUS_TOO_MANY_HELD:
        return STATUS_DOES_NOT_APPLY;
    case STATUS_OVER_LIMIT:
        return response->kind == KIND_LATE ? STATUS_APPLIES : STATUS_CONFIRMED;
    default: /* about the frame, the server, the product or the transaction */
        return response->status;
    }
}

/* A gate opens or does not: which relief it was, and why not, is not for whoever stands behind. */
static void mask_for_gate(struct response *response)
{
    if (!tells_end_of_hold(response))
        response->valid_until_s = 0;
    response->status = status_for_gate(response);
    response->remaining = REMAINING_UNPUBLISHED;
    response->split = 0;
    if (response->relief != 0)
        response->relief = RELIEF_UNTOLD;
}

/* An exact end would tell a birthday, or the term of a decision about somebody. */
static void mask_for_till(struct response *response, uint64_t day_end_s)
{
    if (!tells_end_of_hold(response) && response->valid_until_s > day_end_s)
        response->valid_until_s = (uint32_t)day_end_s;
}

void profile_mask(struct response *response, uint8_t profile, uint64_t day_end_s)
{
    assert(profile >= 1 && profile <= PROFILE_LAST);
    switch ((enum profile)profile) {
    case PROFILE_GATE:
        mask_for_gate(response);
        break;
    case PROFILE_TILL:
        mask_for_till(response, day_end_s);
        break;
    case PROFILE_INSPECTOR:
    case PROFILE_ADMINISTRATOR:
        break;
    }
}
