/* One sentence about what went wrong in the world, for a person: where, what was wanted, what was
 * found, what to do. Never holds an identifier, a digest or a key. */
#ifndef PROTOCOL_FAULT_H
#define PROTOCOL_FAULT_H

#include "protocol/bytes.h"

#define FAULT_TEXT_SIZE 512

struct fault {
    char text[FAULT_TEXT_SIZE];
};

/* Writes the sentence and is false, so that a refusal is one line:
 * return fault_set(fault, "%s: ...", path); `fault` must not be NULL. */
#define fault_set(fault, ...) (fault_write((fault), __VA_ARGS__), fault_told())

/* Puts "where: " in front of the sentence; is false. */
#define fault_at(fault, where) (fault_prefix((fault), (where)), fault_told())

void fault_write(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);
void fault_prefix(struct fault *fault, const char *where);

/* Compilers and analysers see that what was refused does not go on. */
static inline bool fault_told(void)
{
    return false;
}

#endif
