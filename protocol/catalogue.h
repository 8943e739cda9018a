/* The records of a snapshot beside its index: views, sets, groups, products, reliefs, clauses,
 * census. Each has one fixed size, one encoder and one decoder; a decoder refuses what its encoder
 * would not write. Offsets are normative here and described in SNAPSHOT.md. */
#ifndef PROTOCOL_CATALOGUE_H
#define PROTOCOL_CATALOGUE_H

#include "protocol/bytes.h"
#include "protocol/day.h"

#define GROUP_COUNT_MAX   1024
#define PRODUCT_COUNT_MAX 65536
#define RELIEF_COUNT_MAX  4096
#define CLAUSE_COUNT_MAX  65536
#define SET_SIZE_MAX      4096 /* memberships in one set */
#define NAME_SIZE         32   /* names end in NUL and are filled with zeros */
#define PERCENT_ALL_BP    10000

enum truth { TRUTH_NO = 0, TRUTH_UNKNOWN = 1, TRUTH_YES = 2 };
const char *truth_text(enum truth truth); /* "no", "unknown", "yes" */

/* One span of days on which a person is, or may be, in a group. Never TRUTH_NO. */
struct membership {
    uint16_t group;
    uint16_t truth;
    uint32_t from_day, until_day;
};
#define MEMBERSHIP_SIZE 12

/* A set is a list of memberships in order of group, then from_day, spans of a group disjoint. On
 * disk: u32 set_count, u32 first[set_count + 1] (membership numbers), then the memberships. Set 0
 * is empty. */

/* What an identifier leads to: a person's set, on the days on which the means is good. */
struct view {
    uint32_t set;
    uint32_t from_day, until_day;
};
#define VIEW_SIZE 16 /* with 4 reserved bytes */

struct group {
    char name[NAME_SIZE];
    uint64_t yes_count, unknown_count; /* persons on the snapshot's as-of day */
};
#define GROUP_SIZE 48

struct product {
    uint32_t number;
    char name[NAME_SIZE];
};
#define PRODUCT_SIZE 36

struct relief {
    uint32_t code; /* opaque, what a merchant sees; not 0 */
    uint32_t from_day, until_day;
    uint16_t split; /* funding-split code */
    uint64_t giver; /* registration number */
    char name[NAME_SIZE];
};
#define RELIEF_SIZE 64 /* with reserved bytes: see the offsets in catalogue.c */

/* Clauses are sorted by product number; those of one product keep the order they were written in.
 */
struct clause {
    uint32_t product;    /* number */
    uint16_t relief;     /* index */
    uint16_t group;      /* index */
    uint16_t percent_bp; /* 1/100 of a percent of the price, 1..10000 */
};
#define CLAUSE_SIZE 16 /* with 6 reserved bytes */

/* How many persons of a municipality are in a group on the as-of day. */
struct census {
    uint16_t group;
    uint32_t place; /* ATVK code as a number of seven digits */
    uint32_t yes_count, unknown_count;
};
#define CENSUS_SIZE 16 /* with 2 reserved bytes */

void membership_encode(uint8_t record[static MEMBERSHIP_SIZE], const struct membership *in);
MUST_USE bool membership_decode(struct membership *out,
                                const uint8_t record[static MEMBERSHIP_SIZE]);
void view_encode(uint8_t record[static VIEW_SIZE], const struct view *in);
MUST_USE bool view_decode(struct view *out, const uint8_t record[static VIEW_SIZE]);
void group_encode(uint8_t record[static GROUP_SIZE], const struct group *in);
MUST_USE bool group_decode(struct group *out, const uint8_t record[static GROUP_SIZE]);
void product_encode(uint8_t record[static PRODUCT_SIZE], const struct product *in);
MUST_USE bool product_decode(struct product *out, const uint8_t record[static PRODUCT_SIZE]);
void relief_encode(uint8_t record[static RELIEF_SIZE], const struct relief *in);
MUST_USE bool relief_decode(struct relief *out, const uint8_t record[static RELIEF_SIZE]);
void clause_encode(uint8_t record[static CLAUSE_SIZE], const struct clause *in);
MUST_USE bool clause_decode(struct clause *out, const uint8_t record[static CLAUSE_SIZE]);
void census_encode(uint8_t record[static CENSUS_SIZE], const struct census *in);
MUST_USE bool census_decode(struct census *out, const uint8_t record[static CENSUS_SIZE]);

/* Reserved for the test identities: in every snapshot. */
#define GROUP_TEST        0
#define GROUP_TEST_NAME   "test"
#define RELIEF_TEST       0
#define RELIEF_TEST_CODE  1
#define RELIEF_TEST_NAME  "TEST"
#define PRODUCT_TEST      1 /* number */
#define PRODUCT_TEST_NAME "test.product"

#endif
