/* A register description: which column of a register means what, as data. Format in
 * elig-registers(5). */
#ifndef LOADER_REGISTER_H
#define LOADER_REGISTER_H

#include "loader/vocabulary.h"
#include "protocol/fault.h"
#include "protocol/means.h"

#define COLUMN_COUNT_MAX 32
#define MAP_COUNT_MAX    64
#define COLUMN_NAME_SIZE 96

enum file_format { FORMAT_CSV, FORMAT_XML };
enum file_encoding { ENCODING_UTF8, ENCODING_WINDOWS_1257 };
enum fact_kind { FACT_PERSON, FACT_STATUS, FACT_MEANS };

/* What a column is to us. */
enum role {
    ROLE_IGNORED,
    ROLE_CODE,     /* personal code */
    ROLE_PREVIOUS, /* earlier personal codes, separated by spaces */
    ROLE_BIRTH,
    ROLE_DEATH,
    ROLE_PLACE,
    ROLE_SCHOOL,
    ROLE_SUBTYPE,
    ROLE_FROM,
    ROLE_LAST,       /* the last day on which it holds */
    ROLE_UNTIL,      /* the first day on which it no longer holds */
    ROLE_NUMBER,     /* of the means */
    ROLE_STATE,      /* of the means */
    ROLE_STATE_FROM, /* day on which it came into that state */
    ROLE_ACTIVATED,  /* day on which the means was made ready for use */
};
#define ROLE_COUNT (ROLE_ACTIVATED + 1)

enum date_form { DATE_ISO, DATE_DOTTED, DATE_COMPACT }; /* 2026-11-23, 23.11.2026, 20261123 */

/* A value that a register writes, and what it means: a subtype's number, or whether a means in that
 * state is good (1) or ended (0). */
struct map_row {
    char from[COLUMN_NAME_SIZE];
    uint8_t to;
};

struct column {
    char name[COLUMN_NAME_SIZE]; /* UTF-8; XML: element, or @attribute */
    enum role role;
    enum date_form date_form;
    bool is_optional; /* may be empty */
    uint16_t map_count;
    struct map_row map[MAP_COUNT_MAX];
};

struct register_description {
    char name[WORD_SIZE]; /* "PMLP.persons", "IZM.learner", a list's name */
    enum file_format format;
    enum file_encoding encoding;
    char separator;              /* CSV */
    char row_element[WORD_SIZE]; /* XML */
    enum fact_kind fact;
    uint16_t status_kind; /* FACT_STATUS: index in the vocabulary */
    enum means means;     /* FACT_MEANS */
    /* FACT_MEANS: what was issued before capable_since is of no use, and until ready_since only
     * once it was activated. 0: whatever was issued is ready. */
    uint32_t capable_since, ready_since;
    uint32_t fresh_days; /* a delivery older than this is overdue */
    uint32_t refused_per_mille_max;
    uint32_t change_percent_max; /* gate: rows against the generation before */
    uint16_t column_count;
    struct column columns[COLUMN_COUNT_MAX];
};

/* Reads one from memory and adds its kind to the vocabulary; `where` names it in faults, which are
 * file:line:column: what was wanted, what was found. The vocabulary is untouched on failure. */
MUST_USE bool register_parse(struct register_description *out, struct vocabulary *vocabulary,
                             const char *text, size_t text_size, const char *where,
                             struct fault *fault);

#endif
