/* Why a person is, or is not, in a group, and why a purchase is answered as it is: the rows that
 * were used and every step. The identifier itself is never told. */
#ifndef LOADER_EXPLAIN_H
#define LOADER_EXPLAIN_H

#include <stdio.h>

#include "loader/question.h"

/* What is explained: about the person at `base_row` the groups on `day`, all of them or `group`
 * alone (a number); with a trial, which has the person in it, the purchase in the place of groups.
 */
#define EXPLAIN_ALL_GROUPS UINT32_MAX
struct explanation {
    const struct build *build;
    uint32_t base_row; /* NOBODY: only with a trial */
    const struct person *person;
    uint32_t group, day;
    const struct trial *trial; /* NULL: groups */
    const struct purchase *purchase;
};

/* Rows that speak of the person, then the groups or the steps of the decision. */
void explain_print(const struct explanation *explanation, FILE *to);
void explain_print_json(const struct explanation *explanation, FILE *to);

#endif
