/* Identifiers of persons -> digests in order, each once, with their views: what the index is made
 * of. Persons come in parts; digests go into parts of their own, by their first byte in order, and
 * wait there, in files where memory is short. */
#ifndef LOADER_IDENTIFIERS_H
#define LOADER_IDENTIFIERS_H

#include "loader/builder.h"
#include "loader/hoard.h"
#include "loader/memberships.h"
#include "loader/views.h"

struct identifiers;

/* What is given is borrowed; `subject_key` NULL: without subjects. */
MUST_USE struct identifiers *identifiers_open(struct hoard_room *room, struct window window,
                                              const struct identity_key *key,
                                              const struct identity_key *subject_key,
                                              uint32_t thread_count);
void identifiers_close(struct identifiers *identifiers); /* NULL: nothing */

/* The part's personal codes and means. A personal code is good on all days of the window; a means
 * on those of its validity that lie in the window. Sets are numbers of the thread's own. */
void identifiers_add(struct identifiers *identifiers, uint32_t thread, uint32_t part,
                     const struct people *people, const uint32_t set_of[]);
void identifiers_add_tests(struct identifiers *identifiers, uint32_t test_set); /* of thread 0 */

/* When all were added, and sets have numbers: rows about one means are settled, and those that are
 * given to two persons from the same day on refused; views are numbered. */
MUST_USE bool identifiers_settle(struct identifiers *identifiers, struct views *views,
                                 const struct evaluation *evaluation, struct intake *intake,
                                 struct fault *fault);

/* Then. */
uint64_t identifiers_count(const struct identifiers *identifiers);
uint64_t identifiers_repeated_count(const struct identifiers *identifiers); /* rows replaced */
struct index_parts identifiers_parts(struct identifiers *identifiers);      /* borrowed */

#endif
