/* What the holder of a terminal may see of an answer. Normative table: PROTOCOL.md, "Profiles". */
#ifndef PROTOCOL_PROFILE_H
#define PROTOCOL_PROFILE_H

#include "protocol/catalogue.h"
#include "protocol/frame.h"

/* Numbers leave the process: append only. */
enum profile { PROFILE_GATE = 1, PROFILE_TILL, PROFILE_INSPECTOR, PROFILE_ADMINISTRATOR };
#define PROFILE_LAST  PROFILE_ADMINISTRATOR
#define PROFILE_NAMES "gate, till, inspector or administrator" /* for faults and manuals */

const char *profile_name(uint8_t profile);     /* "gate", "till", "inspector", "administrator" */
uint8_t profile_of_name(const char *name);     /* 0: none of them */
const char *profile_nearest(const char *name); /* what it was most likely meant to be; NULL */

/* Takes out of an answer what this profile does not see. `day_end_s` is the UTC second at which the
 * civil day of the service ends in Riga; it is looked at only where VALID_UNTIL is not 0. */
void profile_mask(struct response *response, uint8_t profile, uint64_t day_end_s);

/* Whether the answer may be about who was asked for; if not, a CHECK is answered as about nobody,
 * and any other purchase is NOT_PERMITTED. */
static inline bool profile_may_ask(uint8_t profile, uint32_t product,
                                   const struct identifier *identifier)
{
    return profile != PROFILE_ADMINISTRATOR ||
           (product == PRODUCT_TEST && means_is_test(identifier));
}

#endif
