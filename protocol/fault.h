/* One sentence about what went wrong in the world, for a person: where, what was wanted, what was
 * found, what to do. Never holds an identifier, a digest or a key. */
#ifndef PROTOCOL_FAULT_H
#define PROTOCOL_FAULT_H

#include "protocol/bytes.h"

#define FAULT_TEXT_SIZE 512

struct fault {
    char text[FAULT_TEXT_SIZE];
};

/* Writes the sentence and returns false, so that a refusal is one line:
 * return fault_set(fault, "%s: ...", path); `fault` must not be NULL. */
bool fault_set(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "where: " in front of the sentence; returns false. */
bool fault_at(struct fault *fault, const char *where);

#endif
