/* Who comes: the people of a synthetic country, with what they carry and the groups they are in on
 * one day, from its truth.csv. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "protocol/fault.h"
#include "protocol/means.h"

struct crowd_person {
    uint32_t first, count; /* identifiers that are good on the day */
    uint32_t groups;       /* a bit for each group of truth.h that the person is in on the day */
};

struct crowd {
    struct crowd_person *persons;
    size_t person_count, person_room;
    struct identifier *identifiers;
    size_t identifier_count, identifier_room;
};

MUST_USE bool crowd_read(struct crowd *crowd, const char *truth_path, uint32_t day,
                         struct fault *fault);
void crowd_free(struct crowd *crowd);

/* One more identifier, that belongs to nobody; its index. */
uint32_t crowd_add_identifier(struct crowd *crowd, const struct identifier *identifier);

#endif
