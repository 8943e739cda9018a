/* What registers can deliver and rules can speak of: kinds of status and givers' lists, their
 * subtypes, and for which places their data are missing. Filled from register descriptions and the
 * delivery list, constant afterwards. */
#ifndef LOADER_VOCABULARY_H
#define LOADER_VOCABULARY_H

#include "protocol/bytes.h"

#define KIND_COUNT_MAX    64
#define SUBTYPE_COUNT_MAX 32
#define WORD_SIZE         32 /* with NUL */
#define MISSING_COUNT_MAX 64

#define SUBTYPE_NONE 0    /* in a fact: the register gives none */
#define SUBTYPE_ANY  0xff /* in a condition: whichever */
#define KIND_NONE    0xffff

/* An ATVK code, or the front of one: "0001" matches 0001000. Places are numbers of seven digits. */
#define PLACE_DIGIT_COUNT 7
struct place_prefix {
    uint32_t value;      /* the digits given */
    uint8_t digit_count; /* 1..7 */
};

struct status_kind {
    char name[WORD_SIZE]; /* "IZM.learner"; a list: "riga_staff" */
    bool is_list;
    bool has_school;                                    /* facts carry the place of a school */
    bool is_missing;                                    /* nothing was delivered: all is unknown */
    uint8_t subtype_count;                              /* numbers 1..subtype_count */
    char subtypes[SUBTYPE_COUNT_MAX][WORD_SIZE];        /* [0] is unused */
    uint16_t missing_count;                             /* places whose data were not delivered */
    struct place_prefix missing[2 * MISSING_COUNT_MAX]; /* as named, and what took their place */
};

struct vocabulary {
    struct status_kind kinds[KIND_COUNT_MAX];
    uint16_t kind_count;
};

/* Index of the kind of that name, or KIND_NONE. Names are compared with their case. */
uint16_t vocabulary_kind(const struct vocabulary *vocabulary, const char *name, bool is_list);

/* Number of the subtype, or SUBTYPE_NONE when the kind has none of that name. */
uint8_t vocabulary_subtype(const struct status_kind *kind, const char *name);

/* How many codes have the front: they begin with value * that. */
uint32_t place_prefix_count(struct place_prefix prefix);

bool place_is_in(uint32_t place, struct place_prefix prefix);
bool place_prefix_is_within(struct place_prefix inner, struct place_prefix outer);

/* Whether a person who lives at `place` could have such a status without our being told. */
bool vocabulary_is_missing(const struct status_kind *kind, uint32_t place);

/* "0001" or "0001000"; digits only, 1 to 7. */
MUST_USE bool place_prefix_of_text(struct place_prefix *out, const char *text, size_t text_size);

#endif
