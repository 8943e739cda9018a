/* Whom a ledger counts for: the subject of every person that is published (protocol/subject.h). */
#ifndef LOADER_SUBJECTS_H
#define LOADER_SUBJECTS_H

#include "loader/memberships.h"
#include "protocol/subject.h"

/* By base row, of the first code that is known of the person; 0 for whoever is not published. For
 * the caller to free. */
MUST_USE uint64_t *subjects_of_people(const struct people *people, const uint32_t set_of[],
                                      const struct identity_key *key);

/* The means of a test identity are those of one person. */
uint64_t subject_of_test(const struct identity_key *key, enum test_identity which);

#endif
