/* A synthetic country: people, what the registers know of them, and the cards they carry. No person
 * of it exists; every number follows from the seed. Statistics follow Latvia's published ones. */
#ifndef BENCH_COUNTRY_H
#define BENCH_COUNTRY_H

#include "bench/draw.h"
#include "protocol/day.h"

#define COUNTRY_PERSONS_FULL 1857000 /* residents on 1 January 2025 */
#define COUNTRY_PERSONS_MIN  100
#define COUNTRY_PERSONS_MAX  5000000
#define COUNTRY_AS_OF        "2026-11-01" /* when nothing else is asked for */
#define COUNTRY_AS_OF_LEAST  14610        /* 2010-01-01: nobody's rows begin before 1970 */
#define COUNTRY_AS_OF_MOST   47482        /* 2100-01-01 */
#define COUNTRY_DAYS_BEFORE  31           /* the window that is judged, around the as-of day */
#define COUNTRY_DAYS_AFTER   62

#define PREVIOUS_COUNT_MAX 2

/* Registers, in the order of the delivery list. */
enum source {
    SOURCE_PERSONS,
    SOURCE_EID,
    SOURCE_SPECIAL,
    SOURCE_LEARNER,
    SOURCE_PENSION,
    SOURCE_DISABILITY,
    SOURCE_FAMILY,
    SOURCE_ORPHAN,
    SOURCE_HOUSEHOLD,
    SOURCE_ETALONS,
    SOURCE_STAFF,
};
#define SOURCE_COUNT (SOURCE_STAFF + 1)

/* Subtypes of facts, from 1, as the registers' classifiers list them. */
enum special { SPECIAL_REPRESSED = 1, SPECIAL_RESISTANCE, SPECIAL_WW2 };
enum learner { LEARNER_PRESCHOOL = 1, LEARNER_GENERAL, LEARNER_VOCATIONAL, LEARNER_HIGHER };
enum pension { PENSION_OLD_AGE = 1, PENSION_DISABILITY, PENSION_SURVIVOR, PENSION_SOCIAL };
enum disability { DISABILITY_1 = 1, DISABILITY_2, DISABILITY_3, DISABILITY_CHILD };
enum family { FAMILY_PARENT = 1, FAMILY_CHILD };
enum orphan { ORPHAN_ORPHAN = 1, ORPHAN_NO_CARE };
enum household { HOUSEHOLD_NEEDY = 1, HOUSEHOLD_LOW_INCOME };

struct citizen {
    uint64_t code;                         /* current personal code, as a number */
    uint64_t previous[PREVIOUS_COUNT_MAX]; /* 0: none */
    int32_t birth_day;
    uint32_t death_day; /* DAY_NEVER: alive */
    uint32_t place;     /* ATVK, as a number of seven digits; 0: none declared */
};

/* One row of a register of statuses or of a giver's list. */
struct status_row {
    uint32_t person;              /* index of a citizen */
    uint32_t from_day, until_day; /* half-open */
    uint32_t school;              /* ATVK of the school; learners only */
    uint8_t subtype;
    bool is_under_previous; /* delivered under the person's previous code */
};

enum card_state { CARD_GOOD, CARD_BLOCKED, CARD_LOST, CARD_REPLACED, CARD_CANCELLED };

/* What a row of a register of means is worth beside the others about the same number. */
enum claim {
    CLAIM_SOLE,    /* the only one, or the one that stands */
    CLAIM_COPY,    /* the row before it once more */
    CLAIM_OLDER,   /* another person's row of a later day stands */
    CLAIM_REFUSED, /* two persons, one day: neither stands */
};

/* One row of a register of means. */
struct card_row {
    uint32_t person;
    uint32_t number; /* e-talons: as printed; eID: series times 10,000,000 and the digits */
    uint32_t from_day, last_day;
    uint32_t state_day; /* DAY_NEVER while it is good */
    uint8_t state;      /* enum card_state */
    uint8_t claim;      /* enum claim */
    bool is_under_previous;
};

/* Rows are in order of person. Everything is owned; country_free releases it. */
struct country {
    uint64_t seed;
    uint32_t as_of_day, from_day, until_day; /* the window, half-open */
    uint32_t person_count;
    struct citizen *citizens;
    struct status_row *rows[SOURCE_COUNT]; /* NULL for persons and means */
    uint32_t row_count[SOURCE_COUNT];
    size_t row_room[SOURCE_COUNT];
    struct card_row *cards[SOURCE_COUNT]; /* eID and e-talons */
    uint32_t card_count[SOURCE_COUNT];
    size_t card_room[SOURCE_COUNT];
    uint32_t eid_issued, etalons_issued; /* numbers used up */
    uint32_t new_code_count;
    uint16_t *serial_count; /* of old codes, by their date */
};

/* Aborts when memory runs out. The first citizens are the cast of cast.h. */
void country_make(struct country *country, uint32_t person_count, uint64_t seed, uint32_t as_of_day,
                  bool is_quiet);
void country_free(struct country *country);

/* First day on which a card is no longer good. */
uint32_t card_until_day(const struct card_row *card);

/* An eID card issued earlier has no applet that a validator could read; then the holder had to
 * activate it, until cards came ready. */
#define EID_CAPABLE_SINCE 18141 /* 2019-09-02 */
#define EID_READY_SINCE   18989 /* 2021-12-28 */

/* The day on which an eID card that wants it was activated; DAY_NEVER when it was not, or does not
 * want it. All rows about one card say the same. */
uint32_t card_activated_day(const struct country *country, const struct card_row *card);

/* First day on which a card can be used; DAY_NEVER when there is none. */
uint32_t card_usable_day(const struct country *country, enum source source,
                         const struct card_row *card);

/* Municipalities whose social data were not delivered: the first four digits of their ATVK. */
#define MISSING_PLACE_COUNT 5
extern const uint32_t missing_places[MISSING_PLACE_COUNT];
bool place_is_missing(uint32_t place);

/* A personal code that no citizen has or had; `which` below 1,000,000. */
uint64_t country_unknown_code(uint32_t which);

/* For the making of citizens: people.c and cast.c add rows through these. */
struct status_row *country_add_row(struct country *country, enum source source, uint32_t person);
struct card_row *country_add_card(struct country *country, enum source source, uint32_t person);
uint64_t country_old_code(struct country *country, struct draw *draw, int32_t birth_day);
uint64_t country_new_code(struct country *country);

#endif
