/* For targets whose input is a play: what is to happen, step by step. */
#ifndef TESTS_FUZZ_SCRIPT_H
#define TESTS_FUZZ_SCRIPT_H

#include <stdlib.h>

#include "protocol/bytes.h"

static inline void expect(bool is_so)
{
    if (!is_so)
        abort();
}

/* What is left of the input; zeros after its end. */
struct script {
    const uint8_t *at;
    size_t size;
};

static inline uint8_t next(struct script *script)
{
    if (script->size == 0)
        return 0;
    script->size--;
    return *script->at++;
}

#endif
