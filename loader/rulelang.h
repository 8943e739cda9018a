/* The relief language: places, products, calendars, groups, reliefs. Text -> struct rules, or the
 * first error as file:line:column: what was wanted, what was found. Manual: elig-reliefs(5).
 *
 * Nothing is resolved against days, contracts or points of sale here: that is compile.h's. */
#ifndef LOADER_RULELANG_H
#define LOADER_RULELANG_H

#include "loader/point_range.h"
#include "loader/vocabulary.h"
#include "protocol/catalogue.h"
#include "protocol/fault.h"

#define RULES_FILE_COUNT_MAX    256
#define STEP_COUNT_MAX          32768 /* conditions and operators in all groups together */
#define STEP_DEPTH_MAX          32    /* operands waiting at once */
#define AGE_THRESHOLD_MAX       64    /* different ages asked about */
#define CALENDAR_COUNT_MAX      1024
#define EXTENSION_COUNT_MAX     64
#define EXTENSION_TARGET_MAX    16 /* kinds that one extension is about, and as many exceptions */
#define RULE_CLAUSE_COUNT_MAX   65536 /* as written; compiled there may be more */
#define KNOWN_DAYS_MAX          60    /* of "unknown last known N days" */
#define RULE_VERSION_COUNT_MAX  16384
#define CALENDAR_ITEM_COUNT_MAX 65536
#define VERSION_LIMIT_COUNT_MAX 64
#define RULE_LIST_SIZE_MAX      1024      /* places, points of sale or contracts in one list */
#define RULE_LIST_TOTAL_MAX     (1 << 20) /* of each of these, and products, in all lists */
#define RULE_ORDER_MAX          999
#define RULE_ORDER_USUAL        100 /* when not said */

/* Where something is written. */
struct line_in_rules {
    uint16_t file;   /* index in rules->files */
    uint16_t column; /* in characters from 1, of the statement's first word behind its own */
    uint32_t line;   /* from 1 */
};

/* ---- conditions of groups ---- */

enum step_kind {
    STEP_STATUS,       /* has kind.subtype now, begun and ending within the spans */
    STEP_SCHOOL_IN,    /* has a status with a school in the place now */
    STEP_RESIDENT_IN,  /* declared address in the place */
    STEP_AGE_AT_LEAST, /* has completed `years` */
    STEP_GROUP,        /* is in an earlier group */
    STEP_NOT,
    STEP_AND,
    STEP_OR,
};

/* A group's condition is a run of steps in postfix order. */
struct step {
    enum step_kind kind;
    uint16_t status_kind; /* STEP_STATUS */
    uint8_t subtype;      /* STEP_STATUS; SUBTYPE_ANY */
    uint16_t group;       /* STEP_GROUP */
    uint32_t years;       /* STEP_AGE_AT_LEAST */
    struct place_prefix place;
    /* STEP_STATUS: of the fact, after extensions: begun_from <= from_day < begun_until and
     * ending_from <= until_day < ending_until. 0 and DAY_NEVER where nothing is said; an open end
     * (until_day DAY_NEVER) is before no day, and is below ending_until DAY_NEVER alone. */
    uint32_t begun_from, begun_until, ending_from, ending_until;
};

struct group_rule {
    char name[NAME_SIZE];
    uint32_t from_day, until_day; /* of the group itself; 0 and DAY_NEVER when not said */
    uint16_t first_step, step_count;
    struct line_in_rules at;
    /* A group that the parser adds by itself for reliefs with "unknown last known N days": it is as
     * `known_of`, but where that is unknown and was a sure yes within known_days, it is yes.
     * known_days 0: a group as written, of its own steps. */
    uint16_t known_of;
    uint16_t known_days;
    bool has_terms; /* a clause of a relief with a limit per status_term is about it */
};

/* Statuses of these kinds go on until `until_day` when the last day on which they hold is within
 * [ended_from, ended_until): ended_from < status.until_day <= ended_until. */
struct extension_target {
    uint16_t status_kind;
    uint8_t subtype; /* SUBTYPE_ANY */
};
struct extension {
    char name[NAME_SIZE];
    struct extension_target targets[EXTENSION_TARGET_MAX], exceptions[EXTENSION_TARGET_MAX];
    uint8_t target_count, exception_count;
    uint32_t ended_from, ended_until;
    uint32_t until_day;
    struct line_in_rules at;
};

/* ---- calendars ---- */

enum calendar_item_kind {
    CALENDAR_YEARLY,      /* month-day every year; 02-29 only where there is one */
    CALENDAR_YEARLY_SPAN, /* month-day..month-day every year, last day in; may pass the year's end
                           */
    CALENDAR_ONCE,        /* from_day .. until_day (half-open) */
    CALENDAR_EASTER,      /* Easter Sunday (Gregorian) + offset days */
    CALENDAR_NTH_WEEKDAY, /* the nth (1..4, 5: the last) weekday of a month */
    CALENDAR_WEEKDAYS,    /* the weekdays of the mask, bit 0 Monday */
    CALENDAR_OTHER,       /* all days of an earlier calendar */
};

#define WEEKDAY_COUNT 7
#define ORDINAL_COUNT 5
#define MASK_WEEKDAYS 0x1f /* Monday to Friday */
#define MASK_WEEKENDS 0x60
#define WORKDAYS      "workdays" /* the calendar that the parser makes of holidays */

struct calendar_item {
    enum calendar_item_kind kind;
    bool is_excluded;             /* "except": taken away from what stands before it */
    bool or_monday;               /* CALENDAR_YEARLY: and the Monday after, on a weekend */
    uint8_t month, day;           /* 1.. */
    uint8_t last_month, last_day; /* CALENDAR_YEARLY_SPAN */
    uint8_t weekday, nth;         /* CALENDAR_NTH_WEEKDAY: 0 Monday */
    uint8_t weekday_mask;         /* CALENDAR_WEEKDAYS */
    int16_t offset_days;          /* CALENDAR_EASTER, -200..200 */
    uint16_t calendar;            /* CALENDAR_OTHER */
    uint32_t from_day, until_day; /* CALENDAR_ONCE */
    bool has_place;               /* only at points of sale in the place */
    struct place_prefix place;
};

/* Items are applied in the order written: a day is in when the last item that speaks of it adds. */
struct rule_calendar {
    char name[NAME_SIZE]; /* empty: written within a clause; "workdays": made by the parser */
    uint32_t first_item, item_count;
    struct line_in_rules at;
};
#define CALENDAR_ALL_DAYS UINT32_MAX /* of a clause: no calendar */

/* ---- reliefs ---- */

enum unknown_policy { UNKNOWN_REFUSE = 0, UNKNOWN_ALLOW, UNKNOWN_LAST_KNOWN };

/* What a merchant sees of a relief instead of its name; 0 is not used. */
static inline uint32_t code_of_hash(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32) & CODE_MOST;
}

struct rule_relief {
    char name[NAME_SIZE];
    uint32_t code;
    uint64_t giver;
    uint32_t first_version, version_count; /* in rules->versions, by from_day */
    bool is_everywhere;                    /* needs no contract */
    struct line_in_rules at;               /* of its first version */
};

enum version_state { VERSION_DRAFT, VERSION_ACTIVE, VERSION_SUSPENDED, VERSION_CLOSED };
#define VERSION_STATE_COUNT (VERSION_CLOSED + 1)

struct rule_version {
    uint32_t relief;              /* index */
    uint32_t from_day, until_day; /* where the next version begins at the latest */
    enum version_state state;
    uint16_t order; /* lower ones first; 100 when not said */
    bool stacks;
    enum unknown_policy unknown;
    uint16_t known_days; /* UNKNOWN_LAST_KNOWN */
    enum rounding rounding;
    uint16_t round_step; /* 1/10000 EUR */
    uint16_t split;      /* code; 0: none */
    uint32_t first_clause, clause_count;
    uint32_t first_limit, limit_count;
    struct line_in_rules at;
};

/* Where it may be used: where its ranges, its places and its contracts all say so. None of a kind
 * says nothing. */
struct rule_clause {
    uint32_t version;
    uint16_t group;       /* index or GROUP_EVERYBODY */
    uint16_t known_group; /* the group that decides: `group`, or its "last known" one */
    uint32_t first_product, product_count;   /* in rules->clause_products: product numbers */
    uint32_t first_range, range_count;       /* in rules->ranges: points of sale */
    uint32_t first_place, place_count;       /* in rules->places: of the point of sale */
    uint32_t first_contract, contract_count; /* in rules->contract_numbers */
    uint32_t calendar;                       /* index, or CALENDAR_ALL_DAYS */
    struct clause terms; /* what does not depend on day, place and contract: computation, flags
                          * CAP_EACH, value, above, cap, price, quantity, units, companions, means,
                          * entry, clocks, number. All else is 0, and is filled when compiled. */
    struct line_in_rules at;
};

struct rule_limit {
    uint32_t version;
    struct limit terms; /* relief, from_day, until_day are filled when compiled */
    struct line_in_rules at;
};

/* A place that has a name; sets of places are not among them. */
struct named_place {
    char name[NAME_SIZE];
    struct place_prefix place;
};

/* What rules files say. Groups refer only to earlier ones, so file order is evaluation order.
 * Group 0, product 1 and relief 0 with its one version and clause are the reserved test ones and
 * come before the files' own. Everything is owned. */
struct rules {
    char *files[RULES_FILE_COUNT_MAX]; /* names as in messages */
    uint32_t file_count;
    struct group_rule *groups;        /* GROUP_COUNT_MAX of them are there */
    struct step *steps;               /* STEP_COUNT_MAX of them are there */
    uint32_t ages[AGE_THRESHOLD_MAX]; /* every `years` of a step, once, rising */
    struct extension extensions[EXTENSION_COUNT_MAX];
    struct product *products; /* by number */
    struct rule_calendar *calendars;
    struct calendar_item *items;
    struct rule_relief *reliefs;   /* as written first */
    uint32_t *reliefs_by_name;     /* indexes; see rules_relief */
    struct rule_version *versions; /* relief after relief, by from_day */
    struct rule_clause *clauses;   /* version after version, as written */
    struct rule_limit *limits;     /* version after version */
    struct split *splits;          /* by code */
    uint32_t *clause_products, *contract_numbers;
    struct point_range *ranges;
    struct place_prefix *places;
    struct named_place *named_places; /* as written: cases speak of places by name, too */
    uint32_t group_count, step_count, age_count, extension_count, product_count, calendar_count,
        item_count, relief_count, version_count, clause_count, limit_count, split_count,
        clause_product_count, contract_number_count, range_count, place_count, named_place_count;
};

/* Reads these files in order, as if they were one; `vocabulary` says which statuses and lists
 * exist, `products` (may be NULL) which products are known from elsewhere: they are in
 * rules->products too. Owned by the caller, who frees it (freeing NULL does nothing). The same from
 * memory, for tests; `where` names it in messages. */
MUST_USE bool rules_read(struct rules **out, const char *const paths[], size_t path_count,
                         const struct vocabulary *vocabulary, const struct product products[],
                         size_t product_count, struct fault *fault);
MUST_USE bool rules_parse(struct rules **out, const char *text, size_t text_size, const char *where,
                          const struct vocabulary *vocabulary, struct fault *fault);
void rules_free(struct rules *rules);

/* Words of the language for numbers, for whoever reads and whoever tells. */
extern const char *const weekday_words[WEEKDAY_COUNT];             /* from monday */
extern const char *const ordinal_words[ORDINAL_COUNT];             /* from first, which is nth 1 */
extern const char *const version_state_words[VERSION_STATE_COUNT]; /* by enum version_state */
extern const char *const period_words[PERIOD_LIFETIME + 1];        /* by enum period; not [0] */

/* The relief of that name, the product of that number: an index; the count when there is none. */
uint32_t rules_relief(const struct rules *rules, const char *name);
uint32_t rules_product(const struct rules *rules, uint32_t number);

/* Whether the clause is about the product of that number; whether it may be used at a point of sale
 * of that number, in that place, under a contract of that number (0: none). */
bool clause_is_about(const struct rules *rules, const struct rule_clause *clause, uint32_t product);
bool clause_is_at(const struct rules *rules, const struct rule_clause *clause, uint32_t point);
bool clause_is_in(const struct rules *rules, const struct rule_clause *clause, uint32_t place);
bool clause_is_under(const struct rules *rules, const struct rule_clause *clause,
                     uint32_t contract);

/* "reliefs/riga.rules:14", for messages; "reserved" for what stands in no file. */
#define RULES_LINE_SIZE 256
void rules_line_text(char text[static RULES_LINE_SIZE], const struct rules *rules,
                     struct line_in_rules at);

#endif
