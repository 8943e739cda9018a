/* Places in classes: those that are in the same of the places asked about are one to whoever asks.
 */
#ifndef LOADER_PLACES_H
#define LOADER_PLACES_H

#include "loader/interner.h"
#include "loader/vocabulary.h"

/* All zero asks nothing. Owned; places_free releases it. */
struct places {
    const struct vocabulary *vocabulary; /* homes: for which kinds data are missing; else NULL */
    struct interner prefixes;            /* asked about, each once */
    struct interner classes;             /* by number: bits; class 0: in none, nothing missing */
    uint64_t *slots;                     /* place + 1 and class; 0: empty */
    uint64_t slot_mask;
    uint32_t place_count;
};

/* All that is asked about comes before the first class. */
void places_ask(struct places *places, struct place_prefix prefix);
uint32_t place_class(struct places *places, uint32_t place);
void places_free(struct places *places);

#endif
