/* The relief language, first version: places, products, groups, reliefs. Text -> struct rules, or
 * the first error as file:line:column: what was wanted, what was found. Manual: elig-reliefs(5). */
#ifndef LOADER_RULELANG_H
#define LOADER_RULELANG_H

#include "loader/vocabulary.h"
#include "protocol/catalogue.h"
#include "protocol/fault.h"

#define STEP_COUNT_MAX    4096 /* conditions and operators in all groups together */
#define STEP_DEPTH_MAX    32   /* operands waiting at once */
#define AGE_THRESHOLD_MAX 64   /* different ages asked about */

enum step_kind {
    STEP_STATUS,       /* has kind.subtype now */
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
};

struct group_rule {
    char name[NAME_SIZE];
    uint32_t from_day, until_day; /* of the group itself; 0 and DAY_NEVER when not said */
    uint16_t first_step, step_count;
};

/* What a rules file says. Groups refer only to earlier ones, so file order is evaluation order.
 * Group 0, product 1 and relief 0 are the reserved test ones and come before the file's own. */
struct rules {
    struct group_rule groups[GROUP_COUNT_MAX];
    struct step steps[STEP_COUNT_MAX];
    uint32_t ages[AGE_THRESHOLD_MAX]; /* every `years` of a step, once, rising */
    struct product *products;         /* by number; owned */
    struct relief *reliefs;           /* in file order; owned */
    struct clause *clauses;           /* by product, then file order; owned */
    uint32_t group_count, step_count, age_count, product_count, relief_count, clause_count;
};

/* Reads `path`; `vocabulary` says which statuses and lists exist. Owned by the caller, who frees it
 * (freeing NULL does nothing). The same from memory, for tests; `where` names it in messages. */
MUST_USE bool rules_read(struct rules **out, const char *path, const struct vocabulary *vocabulary,
                         struct fault *fault);
MUST_USE bool rules_parse(struct rules **out, const char *text, size_t text_size, const char *where,
                          const struct vocabulary *vocabulary, struct fault *fault);
void rules_free(struct rules *rules);

#endif
