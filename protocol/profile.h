/* What the holder of a terminal may see of an answer. Normative table: PROTOCOL.md, "Profiles". */
#ifndef PROTOCOL_PROFILE_H
#define PROTOCOL_PROFILE_H

#include "protocol/frame.h"

/* Numbers leave the process: append only. */
enum profile { PROFILE_GATE = 1, PROFILE_TILL, PROFILE_INSPECTOR, PROFILE_ADMINISTRATOR };

const char *profile_name(uint8_t profile); /* "gate", "till", "inspector", "administrator" */
uint8_t profile_of_name(const char *name); /* 0: none of them */

#endif
