/* What is most likely not meant in a catalogue that is without fault: clauses that are never
 * reached, contracts on nothing, points of sale without a contract and their kin. Each warning says
 * where, what, why it matters and what to do. */
#ifndef LOADER_LINT_H
#define LOADER_LINT_H

#include <stdio.h>

#include "loader/compile.h"
#include "protocol/fault.h"

/* Name, why it matters, what to do. The names are in JSON; append only. */
#define WARNING_LIST(X)                                                                            \
    X(CLAUSE_UNREACHED, "clause-unreached",                                                        \
      "of a relief the first clause that fits decides, so this one never does",                    \
      "put the narrower clause first, or remove the one that is never reached")                    \
    X(CLAUSE_NOTHING, "clause-nothing", "it takes nothing off, whatever the price is",             \
      "correct the amount, or what it is about (above, price, round)")                             \
    X(GROUP_EMPTY, "group-empty", "clauses about it give nothing to anybody",                      \
      "correct its conditions and days, or remove it and its clauses")                             \
    X(GROUP_UNUSED, "group-unused", "it is worked out for everybody and makes no difference",      \
      "use it in a clause, or remove it")                                                          \
    X(CONTRACT_OVERLAP, "contract-overlap",                                                        \
      "of two contracts on one relief at one point of sale only the lower number counts",          \
      "end one before the other begins, or give each its own points of sale")                      \
    X(CONTRACT_NOTHING, "contract-nothing", "nothing is given under it",                           \
      "correct the contract, or what it should cover; remove it when it is over")                  \
    X(RELIEF_UNCOVERED, "relief-uncovered",                                                        \
      "a relief is given where a contract covers it, so this one is given nowhere",                \
      "add a contract, or say everywhere, or state draft until there is one")                      \
    X(PRODUCT_UNUSED, "product-unused", "whoever buys it pays the full price everywhere",          \
      "add it to a clause, or remove it")                                                          \
    X(POINT_UNCOVERED, "point-uncovered", "whoever buys there gets only what is given everywhere", \
      "add it to a contract, or suspend or end it")                                                \
    X(TERMINAL_POINT, "terminal-point", "the terminal would sell where nothing is sold",           \
      "end the terminal, or correct its points of sale")                                           \
    X(CALENDAR_UNUSED, "calendar-unused", "it makes no difference",                                \
      "use it in a clause or another calendar, or remove it")                                      \
    X(SPLIT_UNDEFINED, "split-undefined", "nobody can tell who pays for the relief",               \
      "write down who pays: split N = PAYER SHARE, ... rest")                                      \
    X(SPLIT_UNUSED, "split-unused", "nothing is shared so", "name it in a relief, or remove it")   \
    X(VERSION_GAP, "version-gap", "on the days between nothing is given",                          \
      "let the earlier version end where the later one begins, if that was not meant")             \
    X(VERSION_NEVER, "version-never", "it never comes into force",                                 \
      "correct its days, or those of its giver")                                                   \
    X(VERSION_ENDING, "version-ending", "from then on nothing is given",                           \
      "write the version that comes after it, or leave it so if the relief is to end")             \
    X(EXTENSION_ENDED, "extension-ended", "it changes nothing any more", "remove it")              \
    X(LIMIT_UNREACHED, "limit-unreached", "it never refuses what another limit would allow",       \
      "correct one of the two, or remove this one")                                                \
    X(BUDGET_SILENT, "budget-silent", "the giver learns that it is used up when it is",            \
      "add warn and a percentage below 100")                                                       \
    X(NAMES_ALIKE, "names-alike", "whoever mistypes one means the other and is not told",          \
      "give one of them another name")

enum warning {
#define WARNING_MEMBER(name, text, why, advice) WARNING_##name,
    WARNING_LIST(WARNING_MEMBER)
#undef WARNING_MEMBER
        WARNING_COUNT
};

const char *warning_name(enum warning warning);
const char *warning_why(enum warning warning);
const char *warning_advice(enum warning warning);

#define LINT_TEXT_SIZE 384

struct lint_finding {
    enum warning warning;
    uint32_t order;              /* of the file: rules files as they are read, then tables */
    uint32_t line;               /* 0: of the file as a whole */
    char where[RULES_LINE_SIZE]; /* "reliefs/riga.rules:14" */
    char text[LINT_TEXT_SIZE];
};

/* In order of files and lines. Owned; lint_free releases it. */
struct lint {
    struct lint_finding *list;
    size_t count, room;
    size_t counts[WARNING_COUNT];
};

struct lint_input {
    const struct catalogue *catalogue;
    const struct compiled *compiled; /* for the window */
    const char *path;                /* of the catalogue, as in messages */
    struct window window;
    uint32_t as_of_day;
    bool is_quiet; /* no progress */
};

void lint_check(struct lint *out, const struct lint_input *in);
void lint_free(struct lint *lint);

/* Of one kind so many are printed; JSON has all. */
#define LINT_SHOWN_MAX 20
void lint_print(const struct lint *lint, const struct lint_input *in, FILE *to);
void lint_print_json(const struct lint *lint, const struct lint_input *in, FILE *to);

#endif
