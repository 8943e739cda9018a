/* Why a person is, or is not, in a group: the rows that were used and every step of every
 * condition. The identifier itself is never told. */
#ifndef LOADER_EXPLAIN_H
#define LOADER_EXPLAIN_H

#include <stdio.h>

#include "loader/build.h"

/* The person behind an identifier, as base row, or NOBODY. A means that was refused or given to
 * somebody else leads to nobody. */
uint32_t explain_find(const struct build *build, const struct identifier *identifier);

/* Rows that speak of the person, then groups on `day`: all of them, or `group` alone (a number). */
#define EXPLAIN_ALL_GROUPS UINT32_MAX
void explain_print(const struct build *build, uint32_t base_row, uint32_t group, uint32_t day,
                   FILE *to);
void explain_print_json(const struct build *build, uint32_t base_row, uint32_t group, uint32_t day,
                        FILE *to);

#endif
