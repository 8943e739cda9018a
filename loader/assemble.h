/* Parts of a country -> whom each row is about, which groups everybody is in, digests of
 * identifiers: one part after the other on each core, so that what is worked with stays near it. */
#ifndef LOADER_ASSEMBLE_H
#define LOADER_ASSEMBLE_H

#include "loader/identifiers.h"
#include "loader/shelves.h"
#include "loader/trade.h"

/* What is read, and what is filled; all borrowed. */
struct assembly {
    struct shelves *shelves; /* empty afterwards */
    const struct trade *trade;
    struct intake *intake; /* where rows are refused */
    struct evaluation *evaluation;
    struct identifiers *identifiers;
    uint64_t person_count, repeated_person_count; /* of all parts */
};

MUST_USE bool assemble(struct assembly *assembly, uint32_t thread_count, bool is_quiet,
                       struct fault *fault);

#endif
