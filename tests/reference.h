/* The decision once more, slow and obvious: from what the registers, the tables and the rules say,
 * at the moment of the purchase, as the manual would put it. It knows nothing of memberships, sets,
 * sites, offers, days as bits or compiled clauses, and has calendar, clock and money code of its
 * own: what it shares with the product are the structs that the readers fill, and how reliefs get
 * their codes. */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include "loader/catalogue.h"
#include "loader/facts.h"
#include "protocol/decide.h"

#define REFERENCE_CONTRACT_COUNT_MAX 64

/* What the snapshot before knew for sure, and is not too long ago for the relief: that the person
 * is in the group up to that day. */
struct raw_known {
    uint16_t group;
    uint32_t until_day;
};

/* A person as registers tell of one, and the days on which the means at the till is good. */
struct raw_person {
    bool is_nobody; /* the identifier is in no register */
    int32_t birth_day;
    uint32_t death_day; /* DAY_NEVER: alive */
    uint32_t place;     /* declared; 0: none */
    const struct status_fact *statuses;
    size_t status_count;
    const struct raw_known *known;
    size_t known_count;
    uint32_t means_from_day, means_until_day;
};

struct reference {
    const struct rules *rules;
    const struct trade *trade;
    const struct vocabulary *vocabulary;                   /* and what was not delivered */
    uint32_t from_day, until_day;                          /* the judging window */
    uint32_t contract_codes[REFERENCE_CONTRACT_COUNT_MAX]; /* by contract, as in the table */
};

struct reference_part {
    uint32_t clause;   /* index in rules->clauses */
    uint32_t contract; /* number; 0: needs none */
    uint64_t amount;
    uint32_t unit_count;
};

struct reference_answer {
    enum status status;
    uint16_t split;
    uint32_t relief; /* code */
    uint64_t relief_amount, payable;
    uint32_t part_count;
    struct reference_part parts[VERDICT_PART_COUNT_MAX];
};

/* Borrows all of them. */
void reference_begin(struct reference *reference, const struct catalogue *catalogue,
                     const struct vocabulary *vocabulary, uint32_t from_day, uint32_t until_day);

struct reference_answer reference_answer(const struct reference *reference,
                                         const struct raw_person *person,
                                         const struct purchase *purchase);

/* The UTC second up to which the answer's reliefs go on, asked day by day and minute by minute. */
uint64_t reference_valid_until(const struct reference *reference, const struct raw_person *person,
                               const struct purchase *purchase,
                               const struct reference_answer *answer);

/* ---- its parts: reference_days.c ---- */

struct civil {
    int32_t year;
    uint32_t month, day, weekday; /* 1.., 1.., 0: Monday */
    uint32_t number;              /* days since 1970-01-01 */
};
struct civil civil_of_day(int32_t day);
int32_t day_of_civil(int32_t year, uint32_t month, uint32_t day);
int compare_month_days(uint32_t month, uint32_t day, uint32_t other_month, uint32_t other_day);
struct civil easter_sunday(int32_t year);

/* The wall clock in Riga at a UTC second. */
struct wall_clock {
    uint32_t day;
    uint32_t minute;
};
struct wall_clock wall_clock_of(uint64_t utc_s);

bool is_in_place(uint32_t place, struct place_prefix prefix);
bool reference_calendar_holds(const struct rules *rules, uint32_t calendar, uint32_t place,
                              uint32_t day);

/* ---- reference_person.c ---- */

/* The first day on which the status no longer holds: of the extensions that are about the end which
 * the register tells, the one that goes furthest. */
uint32_t extended_end(const struct rules *rules, const struct status_fact *fact);

enum truth reference_truth(const struct reference *reference, const struct raw_person *person,
                           uint16_t group, uint32_t day);
/* The same of a clause's group, and of what was known before where the relief goes by that. */
enum truth truth_of_membership(const struct reference *reference, const struct raw_person *person,
                               const struct rule_clause *clause, uint32_t day);
/* What a clause makes of it: by its relief's policy missing data may count as yes. */
enum truth truth_for_clause(const struct reference *reference, const struct raw_person *person,
                            const struct rule_clause *clause, uint32_t day);

/* ---- reference_trade.c ---- */

/* A product at a point of sale (NULL: nowhere that is known) on a day. */
struct sale {
    uint32_t product;
    const struct point_row *point;
    uint32_t day;
};

/* NULL: no such point of sale. */
const struct point_row *find_point(const struct trade *trade, uint32_t number);
bool version_is_in_force(const struct rules *rules, const struct rule_version *version,
                         uint32_t day);
/* Whether the clause stands there on that day, and under which contract (NULL: it needs none). */
bool clause_stands(const struct reference *reference, const struct rule_clause *clause,
                   struct sale sale, const struct contract_row **contract);
bool anything_is_offered(const struct reference *reference, struct sale sale);
bool anything_stands_nowhere(const struct reference *reference, uint32_t product);

/* ---- reference.c ---- */

uint64_t reference_amount(const struct clause *terms, enum rounding rounding, uint32_t round_step,
                          const struct purchase *purchase, uint64_t payable, uint32_t *unit_count);

#endif
