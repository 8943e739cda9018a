/* Rows -> people: who is meant by each row of each register. Pure, in memory; the same result
 * whatever the number of threads.
 *
 * A person is a row of the base register, called by that row's index in facts.persons. Where two
 * rows speak of the same code, the later one wins as a whole. A code that a row calls its previous
 * one leads to that row's person, through several changes where there were several; rows that were
 * delivered under it belong to that person, and it is no person of its own. */
#ifndef LOADER_JOIN_H
#define LOADER_JOIN_H

#include "loader/facts.h"
#include "loader/intake.h"
#include "protocol/fault.h"

#define NOBODY               UINT32_MAX
#define PREVIOUS_CHAIN_MAX   16 /* changes of code in one life; more are taken for a circle */
#define PERSON_ROW_COUNT_MAX ((UINT32_C(1) << 27) - 1)

struct codemap; /* personal code -> base row */

/* Owned; people_free releases it. `facts` is borrowed and must outlive it. */
struct people {
    const struct facts *facts;
    struct codemap *codes;
    uint8_t *is_person;     /* by base row: 1 when the row speaks for a person */
    uint32_t *status_first; /* by base row, one more at the end: positions in status_order */
    uint32_t *status_order; /* rows of facts.statuses, person by person */
    uint32_t *first_rows;   /* by base row, see people_first_code; 0: the person's own code */
    uint32_t *holder;       /* by row of facts.means: base row of the holder, or NOBODY when the
                             * row was refused or a later one about the same means has won */
    size_t person_count;
    uint64_t repeated_person_count; /* base rows that a later row replaced */
    uint64_t repeated_means_count;  /* rows of means that another row replaced */
};

/* Refuses, through the intake, rows about persons who are not in the base register, codes that lead
 * in a circle, reserved test identities, and means given to two persons from the same day on. Too
 * many rows for 32-bit indexes are a fault. */
MUST_USE bool people_join(struct people *out, const struct facts *facts, struct intake *intake,
                          uint32_t thread_count, struct fault *fault);
/* The same of one part of a country, where everybody is whom these rows are about; but a means may
 * be somebody else's, too: rows about one means are left as they are, for whoever sees all of them.
 */
MUST_USE bool people_join_part(struct people *out, const struct facts *facts, struct intake *intake,
                               struct fault *fault);
void people_free(struct people *people);

/* The first personal code that is known of a base row's person: of all codes that lead to it that
 * from which most changes do; of several, one of the old form (a date of birth) before one that
 * begins with 32, then the least. A code that several rows call their previous one is that of the
 * person to whom it leads. */
uint64_t people_first_code(const struct people *people, uint32_t row);

/* Base row of whoever has or had this code, or NOBODY. */
uint32_t people_find(const struct people *people, uint64_t code);

#endif
