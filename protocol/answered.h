/* What a client was answered, in its own journal: a line each, "terminal request-id status
 * sequence", decimal, with spaces, tabs or commas between; # begins a remark. */
#ifndef PROTOCOL_ANSWERED_H
#define PROTOCOL_ANSWERED_H

#include "protocol/fault.h"

struct answered {
    uint32_t terminal;
    uint16_t status;
    uint64_t id, sequence; /* sequence 0: nothing was stored */
};

MUST_USE bool answered_of_text(struct answered *out, const char *line);

/* Every line of a file, in order. */
MUST_USE bool answered_each(const char *path,
                            void (*take)(void *to, const struct answered *answered), void *to,
                            struct fault *fault);

#endif
