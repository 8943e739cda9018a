/* The catalogue's table of terminals, as whoever enrols them reads and changes it: a row more, or
 * another key in a row, and not a byte else. elig-catalogue(5) describes it; eligload checks it
 * against the other tables. */
#ifndef PROTOCOL_ENROLMENT_H
#define PROTOCOL_ENROLMENT_H

#include <sys/stat.h>

#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/keyfile.h"

#define ENROLMENT_COUNT_MAX TERMINAL_COUNT_MAX
#define ENROLMENT_SPANS_MAX                                                                        \
    TERMINAL_SPAN_COUNT_MAX /* of points, and as many of products, of one terminal */
#define ENROLMENT_HEADER                                                                           \
    "number,points,profile,key,products,per_minute,per_day,typed_per_day,from,until"

/* A row of the table. */
struct enrolled {
    uint32_t number; /* not 0 */
    uint8_t profile; /* enum profile */
    bool has_key;
    uint8_t key[NOISE_KEY_SIZE];
    uint32_t from_day, until_day; /* 0 and DAY_NEVER where nothing is said */
    uint32_t line;
    const char *points; /* as written; in the table's text, without NUL */
    size_t points_size;
};

struct enrolment {
    const char *path; /* borrowed; for faults */
    char *text;       /* owned */
    size_t size;
    struct enrolled *terminals; /* in the order of their rows; owned */
    uint32_t count;
};

/* Takes the text, which malloc made, also when it is false. */
MUST_USE bool enrolment_parse(struct enrolment *out, const char *path, char *text, size_t size,
                              struct fault *fault);
/* `info` may be NULL: what the file is, for replace_commit. */
MUST_USE bool enrolment_read(struct enrolment *out, const char *path, struct stat *info,
                             struct fault *fault);
void enrolment_free(struct enrolment *enrolment);

/* The terminal of that number; a fault when there is none, or more than one. */
MUST_USE bool enrolment_find(const struct enrolled **out, const struct enrolment *enrolment,
                             uint32_t number, struct fault *fault);

/* What a new row says. NULL, 0 and DAY_NEVER where it says nothing. */
struct enrolling {
    uint32_t number;
    const char *points, *profile, *products;
    uint32_t per_minute, per_day, typed_per_day;
    uint32_t from_day, until_day;
    uint8_t key[NOISE_KEY_SIZE];
};

/* Whether the loader would take what it says, as far as that can be seen without the other tables.
 */
MUST_USE bool enrolling_check(const struct enrolling *row, struct fault *fault);

/* Each changes the text in memory and reads it again, or leaves all as it was: refused are a number
 * or key that stands already. What is added has passed enrolling_check. */
MUST_USE bool enrolment_add(struct enrolment *enrolment, const struct enrolling *row,
                            struct fault *fault);
MUST_USE bool enrolment_set_key(struct enrolment *enrolment, uint32_t number,
                                const uint8_t key[static NOISE_KEY_SIZE], struct fault *fault);

#endif
