/* Rows that are wrong in one way each, as registers do deliver them. If the loader took one, the
 * truth would not be met. */
#ifndef BENCH_BREAKAGE_H
#define BENCH_BREAKAGE_H

#include "bench/layout.h"

/* Faults that a row can have, by the names that the loader's quarantine gives them. */
#define DEFECT_LIST(X)                                                                             \
    X(COLUMN_COUNT)                                                                                \
    X(QUOTE)                                                                                       \
    X(LINE_TOO_LONG)                                                                               \
    X(ENCODING)                                                                                    \
    X(CODE_MISSING)                                                                                \
    X(CODE_FORM)                                                                                   \
    X(CODE_NOT_PERSON)                                                                             \
    X(NUMBER_FORM)                                                                                 \
    X(DATE_FORM)                                                                                   \
    X(DATE_NONE_SUCH)                                                                              \
    X(DATE_ORDER)                                                                                  \
    X(DATE_MISSING)                                                                                \
    X(CLASSIFIER)                                                                                  \
    X(PLACE)                                                                                       \
    X(PERSON_UNKNOWN)                                                                              \
    X(BIRTH_FUTURE)                                                                                \
    X(MEANS_CONFLICT)

enum defect {
#define DEFECT_MEMBER(name) DEFECT_##name,
    DEFECT_LIST(DEFECT_MEMBER)
#undef DEFECT_MEMBER
};
#define DEFECT_COUNT (DEFECT_MEANS_CONFLICT + 1)

const char *defect_name(enum defect defect);

/* Whether a row of that register can be broken so; false for MEANS_CONFLICT, which takes two rows
 * of the country itself. */
bool defect_occurs(enum defect defect, enum source source);

/* Breaks the row, which is not of use any more, and writes it. `which` counts from 0 and chooses
 * between the ways there are. */
void breakage_write(struct out *out, enum source source, struct row *row, enum defect defect,
                    uint32_t which, uint32_t as_of_day);

#endif
