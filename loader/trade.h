/* The tables of a catalogue: who gives reliefs, who sells, where, what, and under which contracts.
 * CSV files in the catalogue's folder, each optional; rows that refer to each other are checked,
 * and a fault names file and row. Manual: elig-catalogue(5). */
#ifndef LOADER_TRADE_H
#define LOADER_TRADE_H

#include "loader/point_range.h"
#include "loader/vocabulary.h"
#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/profile.h"

#define TITLE_SIZE 96 /* names for people, UTF-8, with NUL */

#define GIVER_COUNT_MAX        4096
#define PROVIDER_COUNT_MAX     65536
#define TERMINAL_ROW_COUNT_MAX (1 << 20)
#define TRADE_PLACE_COUNT_MAX  65536
#define TRADE_RANGE_COUNT_MAX  (1 << 20) /* of contracts and terminals */

/* Every row: when it is in force, and where it is written. from_day 0 and until_day DAY_NEVER where
 * nothing is said. */
struct in_force {
    uint32_t from_day, until_day;
    uint32_t line;
};

struct giver {
    uint64_t number; /* registration number */
    char title[TITLE_SIZE];
    struct in_force in_force;
};

struct provider {
    uint64_t number;
    char title[TITLE_SIZE];
    bool is_suspended;
    struct in_force in_force;
};

struct point_row {
    uint32_t number; /* not 0 */
    uint64_t provider;
    uint32_t place; /* ATVK, as a number; 0: not said */
    char title[TITLE_SIZE];
    bool is_suspended;
    struct in_force in_force;
};

struct terminal_row {
    uint32_t number; /* not 0 */
    uint8_t profile; /* enum profile */
    bool has_key;    /* enrolled; until then the key is zeros */
    uint8_t key[TERMINAL_KEY_SIZE];
    uint32_t first_range, range_count;                 /* points of sale, at least one */
    uint32_t first_product_range, product_range_count; /* 0 ranges: all products */
    uint32_t per_minute, per_day, typed_per_day;       /* 0: nothing is said */
    struct in_force in_force;
};

struct contract_row {
    uint32_t number; /* not 0 */
    uint64_t giver, provider;
    char relief[NAME_SIZE];
    uint32_t first_range, range_count; /* in trade.ranges; 0 ranges: all the provider's points */
    struct in_force in_force;
};

struct product_row {
    uint32_t number;
    char name[NAME_SIZE];
    char unit[NAME_SIZE]; /* "ride", "meal"; may be empty */
    uint32_t price;       /* usual price of one, 1/10000 EUR; 0: none */
    struct in_force in_force;
};

/* ATVK: what a code is called, and which code took its place. */
struct place_row {
    uint32_t code;
    uint32_t replaced_by; /* 0: still in use */
    char title[TITLE_SIZE];
    struct in_force in_force;
};

/* By number or code each, none twice: a contract is on one relief. Ranges of a contract or terminal
 * rise and do not overlap. Owned. */
struct trade {
    struct giver *givers;
    struct provider *providers;
    struct point_row *points;
    struct terminal_row *terminals;
    struct contract_row *contracts;
    struct point_range *ranges;
    struct product_row *products;
    struct place_row *places;
    uint32_t giver_count, provider_count, point_count, terminal_count, contract_count, range_count,
        product_count, place_count;
    bool has_givers, has_places; /* the table is there: what is not in it is a fault */
};

/* Reads givers.csv, providers.csv, points_of_sale.csv, terminals.csv, contracts.csv, products.csv
 * and places.csv of the folder, those that are there, and checks them against each other (not
 * against the rules: catalogue_read does). Freed with trade_free; zeros are an empty one. */
MUST_USE bool trade_read(struct trade *out, const char *folder, struct fault *fault);
void trade_free(struct trade *trade);

/* The same from memory: text NULL is a table that is not there. `folder` is for faults. */
enum trade_table {
    TABLE_GIVERS,
    TABLE_PROVIDERS,
    TABLE_POINTS,
    TABLE_TERMINALS,
    TABLE_CONTRACTS,
    TABLE_PRODUCTS,
    TABLE_PLACES,
    TABLE_COUNT
};
struct trade_text {
    const char *text; /* borrowed */
    size_t size;
};
MUST_USE bool trade_parse(struct trade *out, const char *folder,
                          const struct trade_text texts[static TABLE_COUNT], struct fault *fault);
const char *trade_file_name(enum trade_table table); /* "givers.csv" */

/* The code in use for a place, through as many replacements as there were; itself when the table
 * does not say otherwise. */
uint32_t trade_place_now(const struct trade *trade, uint32_t code);

const struct giver *trade_giver(const struct trade *trade, uint64_t number);           /* or NULL */
const struct provider *trade_provider(const struct trade *trade, uint64_t number);     /* or NULL */
const struct point_row *trade_point(const struct trade *trade, uint32_t number);       /* or NULL */
const struct place_row *trade_place(const struct trade *trade, uint32_t code);         /* or NULL */
const struct product_row *trade_product(const struct trade *trade, uint32_t number);   /* or NULL */
const struct contract_row *trade_contract(const struct trade *trade, uint32_t number); /* or NULL */
/* Whether the contract is about the point of sale, on whichever day. */
bool trade_covers(const struct trade *trade, const struct contract_row *contract,
                  const struct point_row *point);
/* Whose its points of sale are. */
uint64_t trade_terminal_provider(const struct trade *trade, const struct terminal_row *terminal);
/* The first point of sale whose number is at least that, or NULL. */
const struct point_row *trade_point_from(const struct trade *trade, uint32_t number);

#endif
