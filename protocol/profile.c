#include "protocol/profile.h"

#include <string.h>

static const char *const names[] = {
    [PROFILE_GATE] = "gate",
    [PROFILE_TILL] = "till",
    [PROFILE_INSPECTOR] = "inspector",
    [PROFILE_ADMINISTRATOR] = "administrator",
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

const char *profile_name(uint8_t profile)
{
    return profile >= PROFILE_GATE && profile < NAME_COUNT ? names[profile] : "unknown";
}

uint8_t profile_of_name(const char *name)
{
    for (uint8_t i = PROFILE_GATE; i < NAME_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return 0;
}
