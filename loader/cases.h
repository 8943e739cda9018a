/* Cases: made-up persons, what they buy, and what the catalogue's owner expects to be taken off.
 * Files *.cases in a catalogue's folder; manual: elig-cases(5). What is wrong in one is
 * file:line:column: what was wanted, what was found. */
#ifndef LOADER_CASES_H
#define LOADER_CASES_H

#include "loader/catalogue.h"
#include "loader/facts.h"
#include "protocol/decide.h"

#define CASES_FILE_COUNT_MAX 256
#define CASES_FILE_SIZE_MAX  (4 * 1024 * 1024)
#define CASE_COUNT_MAX       65536
#define CASE_PURCHASE_MAX    262144 /* of all cases */
#define CASE_FACT_MAX        262144 /* statuses of all cases, and as many memberships known before */
#define CASE_TITLE_SIZE      96     /* UTF-8, with NUL */

/* A membership that the snapshot before knew to last until then. */
struct case_known {
    uint16_t group;
    uint32_t until_day;
};

/* One case: a person, and what is expected of what they buy. */
struct case_person {
    char title[CASE_TITLE_SIZE];
    uint16_t file; /* index in cases->files */
    uint32_t line;
    bool is_nobody;
    int32_t birth_day;
    uint32_t death_day; /* DAY_NEVER: alive */
    uint32_t place;     /* ATVK, seven digits; 0: none declared */
    uint64_t missing;   /* by kind, as bits: what did not come of the place where they live */
    uint32_t first_status, status_count;
    uint32_t first_known, known_count;
};

struct case_purchase {
    uint32_t person; /* index */
    uint32_t line;   /* of "buys" */
    uint32_t day;
    struct purchase purchase;
    /* what is expected */
    enum status status;                       /* STATUS_APPLIES with reliefs */
    uint16_t reliefs[VERDICT_PART_COUNT_MAX]; /* indexes in the rules, as they are applied */
    uint8_t relief_count;
    bool has_payable, has_split;
    uint64_t relief_amount, payable; /* 1/10000 EUR */
    uint16_t split;
};

/* In the order of files and lines. Owned; cases_free releases it, zeros are no cases. */
struct cases {
    char *files[CASES_FILE_COUNT_MAX]; /* names as in messages */
    struct case_person *persons;
    struct case_purchase *purchases;
    struct status_fact *statuses;
    struct case_known *known;
    uint32_t file_count, person_count, purchase_count, status_count, known_count;
    size_t person_room, purchase_room, status_room, known_room;
};

/* Adds the cases of one file, or of memory (`where` names it). Names are looked up in the rules and
 * the vocabulary. On a fault `cases` holds part of the file and is only good for freeing. */
MUST_USE bool cases_read(struct cases *cases, const char *path, const struct rules *rules,
                         const struct vocabulary *vocabulary, struct fault *fault);
MUST_USE bool cases_parse(struct cases *cases, const char *text, size_t text_size,
                          const char *where, const struct rules *rules,
                          const struct vocabulary *vocabulary, struct fault *fault);

/* Adds those of every *.cases in the folder, in order of their names; a path that is no folder has
 * none. */
MUST_USE bool cases_read_folder(struct cases *cases, const char *path, const struct rules *rules,
                                const struct vocabulary *vocabulary, struct fault *fault);
void cases_free(struct cases *cases);

/* The answers that can be expected beside a relief: "nothing", "no-data" ...; NULL for others. */
const char *cases_answer_name(enum status status);

#endif
