/* What the registers said, row by row, typed but not yet joined; then joined, person by person. */
#ifndef LOADER_FACTS_H
#define LOADER_FACTS_H

#include "loader/vocabulary.h"
#include "protocol/day.h"
#include "protocol/fault.h"
#include "protocol/means.h"

#define NO_CODE 0 /* no personal code is all zeros */

/* A row of the base register. */
struct person_fact {
    uint64_t code, previous; /* packed personal codes; NO_CODE: none. More previous: more rows */
    int32_t birth_day;
    uint32_t death_day; /* DAY_NEVER: alive */
    uint32_t place;     /* ATVK code, seven digits; 0: none declared */
    uint32_t line;      /* where it was read, for refusals that only the join can see */
    uint8_t delivery;   /* index in intake.deliveries */
};

/* A row of any register of statuses, or of a giver's list of persons. */
struct status_fact {
    uint64_t code;
    uint32_t from_day, until_day; /* half-open */
    uint32_t school;              /* place of the school; 0: none */
    uint32_t line;
    uint16_t kind; /* index in the vocabulary */
    uint8_t subtype;
    uint8_t delivery;
};

/* A row of a register of means. Blocked, lost or replaced means end on the day of that; what is of
 * no use, or not yet, ends on the day on which it begins. */
struct means_fact {
    uint64_t code;
    uint32_t from_day, until_day;
    uint32_t issued_day; /* of two rows about one means the later one stands */
    uint32_t line;
    uint8_t delivery;
    struct identifier identifier;
};

/* Growing arrays, in order of deliveries and lines: of rows that contradict each other the later
 * one wins. Of a part of the country (shelves.h) only persons stand so, and others are told apart
 * by delivery and line. Owned; facts_free releases them. */
struct facts {
    struct person_fact *persons;
    struct status_fact *statuses;
    struct means_fact *means;
    size_t person_count, status_count, means_count;
    size_t person_room, status_room, means_room;
};

/* Abort when memory runs out: the loader has nothing to save by then. */
struct person_fact *facts_add_person(struct facts *facts);
struct status_fact *facts_add_status(struct facts *facts);
struct means_fact *facts_add_means(struct facts *facts);
void facts_append(struct facts *facts, struct facts *more); /* moves; `more` is empty afterwards */
void facts_free(struct facts *facts);

/* Addresses and schools as codes that are in use: a place that became part of another is that other
 * one from here on. So are places whose data are missing, once; there it stays missing, too. */
struct trade;
void facts_renew_places(struct facts *facts, const struct trade *trade);
void vocabulary_renew_places(struct vocabulary *vocabulary, const struct trade *trade);

#endif
