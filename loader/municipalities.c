#include "loader/municipalities.h"

#include "loader/memory.h"

#include <stdlib.h>

void municipalities_list(struct municipalities *out, const struct facts *facts)
{
    uint8_t *is_there = memory_take_zeroed(MUNICIPALITY_COUNT, 1);
    for (size_t i = 0; i < facts->person_count; i++) {
        assert(facts->persons[i].place / MUNICIPALITY_DIVISOR < MUNICIPALITY_COUNT);
        is_there[facts->persons[i].place / MUNICIPALITY_DIVISOR] = 1;
    }
    municipalities_number(out, is_there);
    free(is_there);
}

void municipalities_number(struct municipalities *out, const uint8_t is_there[MUNICIPALITY_COUNT])
{
    out->count = 0;
    for (uint32_t code = 0; code < MUNICIPALITY_COUNT; code++) {
        if (code > 0 && is_there[code] == 0)
            continue;
        out->index_of[code] = (uint16_t)out->count;
        out->places[out->count++] = code * MUNICIPALITY_DIVISOR;
    }
}
