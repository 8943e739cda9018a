/* What is said of one thing, in words: a list of traits, each with a name and a value, so that two
 * things of a kind can be compared and told without knowing what they are. */
#ifndef LOADER_TRAITS_H
#define LOADER_TRAITS_H

#include "protocol/bytes.h"

#define TRAIT_COUNT_MAX 128

/* Offsets in the text. */
struct trait {
    const char *slot; /* traits of the same slot are compared with each other; static */
    size_t name, value;
    bool is_usual; /* what it is when nobody says so */
};

/* All zero is empty. Owned; traits_free releases it. */
struct traits {
    char *text;
    size_t size, room;
    struct trait list[TRAIT_COUNT_MAX];
    uint32_t count;
    bool is_open;
};

void traits_empty(struct traits *traits); /* keeps its memory */
void traits_free(struct traits *traits);

/* A trait whose value is put together piece by piece between begin and end. The slot is its name,
 * unless it is called otherwise. Beyond TRAIT_COUNT_MAX the last ones flow together. */
void traits_begin(struct traits *traits, const char *slot, const char *name);
void traits_put(struct traits *traits, const char *format, ...) PRINTF_LIKE(2, 3);
void traits_end(struct traits *traits);

/* The whole in one. */
void traits_add(struct traits *traits, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void traits_add_text(struct traits *traits, const char *name, const char *text); /* however long */
/* The last one is usual. */
void traits_usual(struct traits *traits, bool is_usual);

const char *trait_name(const struct traits *traits, uint32_t index);
const char *trait_value(const struct traits *traits, uint32_t index);
/* The trait of `to` in the slot of trait `index`; TRAIT_COUNT_MAX: there is none. */
uint32_t traits_find(const struct traits *to, const struct traits *from, uint32_t index);
bool traits_equal(const struct traits *a, const struct traits *b);

/* "NAME VALUE, NAME VALUE" of all that are not usual. Owned by the caller. */
MUST_USE char *traits_line(const struct traits *traits);

#endif
