#include "protocol/profile.h"

#include "protocol/catalogue.h"
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

/* A gate opens or does not: which relief it was, or that data are missing, is not for whoever
 * stands behind. */
static void mask_for_gate(struct response *response)
{
    if (response->status == STATUS_NO_DATA)
        response->status = STATUS_DOES_NOT_APPLY;
    response->remaining = REMAINING_UNPUBLISHED;
    response->split = 0;
    response->valid_until_s = 0;
    if (response->relief != 0)
        response->relief = RELIEF_UNTOLD;
}

/* An exact end would tell a birthday, or the term of a decision about somebody. */
static void mask_for_till(struct response *response, uint64_t day_end_s)
{
    if (response->valid_until_s > day_end_s)
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
        if (response->status == STATUS_APPLIES)
            mask_for_till(response, day_end_s);
        break;
    case PROFILE_INSPECTOR:
    case PROFILE_ADMINISTRATOR:
        break;
    }
}

/* Who runs the system tries it, but does not look people up. */
bool profile_may_ask(uint8_t profile, uint32_t product, const struct identifier *identifier)
{
    return profile != PROFILE_ADMINISTRATOR ||
           (product == PRODUCT_TEST && means_is_test(identifier));
}
