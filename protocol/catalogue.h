/* The records of a snapshot beside its index: who is in which group, and what is sold, by whom, on
 * which relief, and who may ask. Each has one fixed size, one encoder and one decoder; a decoder
 * refuses what its encoder would not write. Offsets are normative here and described in
 * SNAPSHOT.md. */
#ifndef PROTOCOL_CATALOGUE_H
#define PROTOCOL_CATALOGUE_H

#include <assert.h>

#include "protocol/bytes.h"
#include "protocol/day.h"

#define GROUP_COUNT_MAX        4096
#define PRODUCT_COUNT_MAX      65536
#define POINT_COUNT_MAX        262144
#define SITE_COUNT_MAX         65536
#define RELIEF_COUNT_MAX       4096
#define CONTRACT_COUNT_MAX     65536
#define DAYSET_COUNT_MAX       65535
#define OFFER_COUNT_MAX        (1 << 21)
#define OFFER_CLAUSE_COUNT_MAX 1024 /* clauses about one product at one site */
#define CLAUSE_COUNT_MAX       (1 << 20)
#define SPLIT_COUNT_MAX        4096
#define LIMIT_COUNT_MAX        65536
#define TERMINAL_COUNT_MAX     65536
#define SET_SIZE_MAX           4096    /* memberships in one set */
#define WINDOW_DAYS_MAX        800     /* days that a snapshot can judge */
#define ATVK_MAX               9999999 /* places are numbers of seven digits */
#define NAME_SIZE              32      /* names end in NUL and are filled with zeros */
#define PERCENT_ALL_BP         10000

enum truth { TRUTH_NO = 0, TRUTH_UNKNOWN = 1, TRUTH_YES = 2 };
const char *truth_text(enum truth truth); /* "no", "unknown", "yes" */

/* ---- who ---- */

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

/* How many persons of a municipality are in a group on the as-of day. */
struct census {
    uint16_t group;
    uint32_t place; /* ATVK code as a number of seven digits */
    uint32_t yes_count, unknown_count;
};
#define CENSUS_SIZE 16 /* with 2 reserved bytes */

/* ---- what is sold, and where ---- */

struct product {
    uint32_t number;
    char name[NAME_SIZE];
};
#define PRODUCT_SIZE 36

/* A till or gate. Points of sale at which the same clauses stand for every product share a site. */
struct point {
    uint32_t number;   /* not 0 */
    uint32_t site;     /* 1 and up; several points may share one */
    uint32_t place;    /* ATVK code as a number of seven digits; 0: not said */
    uint64_t provider; /* registration number */
};
#define POINT_SIZE 24 /* with 4 reserved bytes */

/* Where nobody says, or the catalogue does not know, at which point of sale something is sold: what
 * needs no contract stands here. */
#define SITE_NOWHERE 0

/* Reliefs of one offer that come on top of others. */
#define STACKING_COUNT_MAX 3

/* Days of the judging window: bit d is its day from_day + d. None beyond its end. */
#define DAYSET_WORD_COUNT 13
struct dayset {
    uint64_t words[DAYSET_WORD_COUNT];
};
#define DAYSET_ALL  0 /* index: all days of the window */
#define DAYSET_SIZE (8 * DAYSET_WORD_COUNT)
static_assert(64 * DAYSET_WORD_COUNT >= WINDOW_DAYS_MAX, "every day of the window has a bit");

/* What may take something off a product at a site: a run of clauses. */
struct offer {
    uint32_t site, product;
    uint32_t clause_first; /* runs may be shared by several offers */
    uint16_t clause_count; /* at least 1 */
    uint16_t dayset;       /* days on which any of its clauses stands there, calendars aside */
};
#define OFFER_SIZE 16

/* ---- what is taken off ---- */

/* Part of the price, in 1/100 of a percent; one amount off the whole purchase; one amount off each
 * unit; a price for each unit. Amounts are 1/10000 EUR. */
enum computation { COMPUTE_PERCENT = 1, COMPUTE_AMOUNT, COMPUTE_SUBSIDY, COMPUTE_PRICE };
#define COMPUTE_LAST COMPUTE_PRICE

/* To a multiple of the clause's round_step: half up; towards the payer of the relief; towards the
 * person. */
enum rounding { ROUND_HALF_UP = 0, ROUND_DOWN, ROUND_UP };
#define ROUND_LAST     ROUND_UP
#define ROUND_STEP_MAX 10000 /* 1.00 EUR */

/* A span of the wall clock in Riga, minutes from midnight: from is in, until (at most 1440) out. */
struct clock_span {
    uint16_t from_min, until_min;
};
#define CLOCK_SPAN_COUNT_MAX 3
#define MINUTES_PER_DAY      1440

#define GROUP_EVERYBODY 0xffff /* of a clause: whoever it is, known or not */
#define MEANS_MASK_ALL  0xff   /* bit m: enum means m will do; all: whichever, also none */
#define ENTRY_MASK_ALL  0xff   /* bit e: enum entry e will do */

enum clause_flag {
    CLAUSE_STACKS = 1,        /* comes on top of the best of the others */
    CLAUSE_CAP_EACH = 2,      /* the cap is for each unit, else for the purchase */
    CLAUSE_ALLOWS_UNKNOWN = 4 /* missing data count as yes */
};
#define CLAUSE_FLAGS_ALL 7

#define CODE_MOST 0x7fffffff /* of a relief's codes */

/* A compiled clause: one cache line, all that a decision asks about it. Clauses of one offer stand
 * in the order in which they are tried: relief after relief, those that stack last; of a relief the
 * first that fits decides. */
struct clause {
    uint32_t code;   /* opaque, what a merchant sees: of the relief under its contract; not 0 */
    uint16_t relief; /* index */
    uint16_t group;  /* index, or GROUP_EVERYBODY */
    uint16_t dayset; /* days of its calendars, weekdays, validities and contract together */
    uint16_t split;  /* funding-split code; 0: none was written */
    uint8_t computation;
    uint8_t flags;
    uint8_t rounding;
    uint8_t companions_max; /* companions' units that are covered too */
    uint16_t round_step;    /* 1/10000 EUR, 1 and up */
    uint8_t means_mask, entry_mask;
    uint32_t value; /* what the computation is about */
    uint32_t above; /* only the part of each unit's price above this counts; 0: all of it */
    uint32_t cap;   /* the relief is at most that; 0: no cap */
    uint32_t price_least, price_most; /* of one unit, both in */
    uint16_t quantity_least, quantity_most;
    uint16_t unit_count_max; /* of the person's own units so many are covered; 0: all */
    uint8_t clock_count;     /* 0: all day */
    uint8_t number; /* of the clause in its version of the relief, 1 and up; 0: beyond 255 */
    struct clock_span clocks[CLOCK_SPAN_COUNT_MAX];
    uint32_t reserved; /* 0 */
};
#define CLAUSE_SIZE 64
static_assert(sizeof(struct clause) == CLAUSE_SIZE, "a clause is a cache line in memory, too");

enum relief_state { RELIEF_ACTIVE = 1, RELIEF_SUSPENDED, RELIEF_CLOSED };

struct relief {
    uint32_t code;                /* where no contract is needed; else unused but unique. Not 0 */
    uint32_t from_day, until_day; /* first and last version together */
    uint8_t state;                /* enum relief_state, on the as-of day */
    uint64_t giver;               /* registration number */
    char name[NAME_SIZE];
};
#define RELIEF_SIZE 64 /* with reserved bytes: see the offsets in catalogue.c */

/* Giver, provider and relief: who may apply it, and under which code. */
struct contract {
    uint32_t code;   /* that of the clauses under it; none twice */
    uint32_t number; /* the parties' own; not 0 */
    uint16_t relief; /* index */
    uint32_t from_day, until_day;
    uint64_t provider;
};
#define CONTRACT_SIZE 32 /* with 6 reserved bytes */

/* Who pays for a relief. Parts are taken in order: an amount for each covered unit, a part of the
 * whole in 1/100 of a percent, or what is left; the last part is what is left. */
enum split_part_kind { SPLIT_SUBSIDY = 1, SPLIT_PERCENT, SPLIT_REST };
struct split_part {
    uint64_t payer; /* registration number */
    uint8_t kind;   /* enum split_part_kind */
    uint32_t value; /* 0 of SPLIT_REST */
};
#define SPLIT_PART_COUNT_MAX 4
struct split {
    uint16_t code; /* not 0, none twice; 65535 is kept for answers that have several */
    uint8_t part_count;
    struct split_part parts[SPLIT_PART_COUNT_MAX];
};
#define SPLIT_SIZE     72 /* with reserved bytes */
#define SPLIT_SEVERAL  65535
#define SPLIT_CODE_MAX (SPLIT_SEVERAL - 1)

/* What the ledger is to count. */
enum limit_kind { LIMIT_USES = 1, LIMIT_AMOUNT, LIMIT_SPACING, LIMIT_BUDGET };
enum limit_period {
    PERIOD_PURCHASE = 1,
    PERIOD_DAY,
    PERIOD_WEEK,
    PERIOD_MONTH,
    PERIOD_SCHOOL_YEAR,
    PERIOD_YEAR,
    PERIOD_STATUS_TERM,
    PERIOD_LIFETIME
};
struct limit {
    uint16_t relief;      /* index */
    uint8_t kind;         /* enum limit_kind */
    uint8_t period;       /* enum limit_period; of LIMIT_SPACING 0 */
    uint16_t shared;      /* limits of the same number, not 0, are one; 0: the relief's own */
    uint16_t warn_bp;     /* of LIMIT_BUDGET: 1/100 of a percent; 0: no warning */
    uint8_t is_published; /* merchants may be told what is left */
    uint32_t from_day, until_day; /* of the version that says so */
    uint64_t value;               /* uses; 1/10000 EUR; minutes between two uses */
};
#define LIMIT_SIZE 32 /* with 7 reserved bytes */

/* ---- who may ask ---- */

#define TERMINAL_KEY_SIZE       32 /* a public key of X25519 */
#define TERMINAL_SPAN_COUNT_MAX 64 /* spans of points of sale, and as many of products, of one */

/* A span of numbers of points of sale or of products. */
struct number_span {
    uint32_t first, last; /* both in; not 0 */
};
#define NUMBER_SPAN_SIZE      8
#define NUMBER_SPAN_COUNT_MAX (2 * TERMINAL_COUNT_MAX * TERMINAL_SPAN_COUNT_MAX)

/* A device that has a key: whose it is, what it sells and where, and how much it may ask. */
struct terminal {
    uint32_t number;                /* not 0 */
    uint8_t profile;                /* enum profile */
    uint8_t key[TERMINAL_KEY_SIZE]; /* public; no other terminal's; not all zeros */
    uint64_t provider;              /* registration number: every point of sale is theirs */
    uint32_t from_day, until_day;
    uint32_t point_first; /* spans of points of sale: rising, apart */
    uint16_t point_count; /* at least 1 */
    uint32_t product_first;
    uint16_t product_count; /* 0: all products */
    /* Different identifiers a minute and a day, and entries typed by hand a day; 0: the server's
     * own. */
    uint32_t per_minute, per_day, typed_per_day;
};
#define TERMINAL_SIZE 80 /* with 3 reserved bytes */

/* One to 31 printable characters of ASCII without spaces, then nothing but zeros. */
bool catalogue_name_is_sane(const char name[static NAME_SIZE]);

void membership_encode(uint8_t record[static MEMBERSHIP_SIZE], const struct membership *in);
MUST_USE bool membership_decode(struct membership *out,
                                const uint8_t record[static MEMBERSHIP_SIZE]);
void view_encode(uint8_t record[static VIEW_SIZE], const struct view *in);
MUST_USE bool view_decode(struct view *out, const uint8_t record[static VIEW_SIZE]);
void group_encode(uint8_t record[static GROUP_SIZE], const struct group *in);
MUST_USE bool group_decode(struct group *out, const uint8_t record[static GROUP_SIZE]);
void census_encode(uint8_t record[static CENSUS_SIZE], const struct census *in);
MUST_USE bool census_decode(struct census *out, const uint8_t record[static CENSUS_SIZE]);
void product_encode(uint8_t record[static PRODUCT_SIZE], const struct product *in);
MUST_USE bool product_decode(struct product *out, const uint8_t record[static PRODUCT_SIZE]);
void point_encode(uint8_t record[static POINT_SIZE], const struct point *in);
MUST_USE bool point_decode(struct point *out, const uint8_t record[static POINT_SIZE]);
void dayset_encode(uint8_t record[static DAYSET_SIZE], const struct dayset *in);
MUST_USE bool dayset_decode(struct dayset *out, const uint8_t record[static DAYSET_SIZE]);
void offer_encode(uint8_t record[static OFFER_SIZE], const struct offer *in);
MUST_USE bool offer_decode(struct offer *out, const uint8_t record[static OFFER_SIZE]);
void clause_encode(uint8_t record[static CLAUSE_SIZE], const struct clause *in);
MUST_USE bool clause_decode(struct clause *out, const uint8_t record[static CLAUSE_SIZE]);
void relief_encode(uint8_t record[static RELIEF_SIZE], const struct relief *in);
MUST_USE bool relief_decode(struct relief *out, const uint8_t record[static RELIEF_SIZE]);
void contract_encode(uint8_t record[static CONTRACT_SIZE], const struct contract *in);
MUST_USE bool contract_decode(struct contract *out, const uint8_t record[static CONTRACT_SIZE]);
void split_encode(uint8_t record[static SPLIT_SIZE], const struct split *in);
MUST_USE bool split_decode(struct split *out, const uint8_t record[static SPLIT_SIZE]);
void limit_encode(uint8_t record[static LIMIT_SIZE], const struct limit *in);
MUST_USE bool limit_decode(struct limit *out, const uint8_t record[static LIMIT_SIZE]);
void terminal_encode(uint8_t record[static TERMINAL_SIZE], const struct terminal *in);
MUST_USE bool terminal_decode(struct terminal *out, const uint8_t record[static TERMINAL_SIZE]);
void number_span_encode(uint8_t record[static NUMBER_SPAN_SIZE], const struct number_span *in);
MUST_USE bool number_span_decode(struct number_span *out,
                                 const uint8_t record[static NUMBER_SPAN_SIZE]);

/* Reserved for the test identities: in every snapshot. The relief needs no contract. */
#define GROUP_TEST        0
#define GROUP_TEST_NAME   "test"
#define RELIEF_TEST       0
#define RELIEF_TEST_CODE  1
#define RELIEF_TEST_NAME  "TEST"
#define PRODUCT_TEST      1 /* number */
#define PRODUCT_TEST_NAME "test.product"

#endif
