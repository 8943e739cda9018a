/* Registration numbers of those who grant and sell: eleven digits, the last of them a check. */
#ifndef LOADER_REGISTRATION_H
#define LOADER_REGISTRATION_H

#include "protocol/bytes.h"

#define REGISTRATION_DIGIT_COUNT 11

/* Whether the check digit fits; at most 11 digits. */
bool registration_is_good(uint64_t number);

#endif
