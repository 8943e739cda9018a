/* What a rules file has defined so far, by sort and name. */
#ifndef LOADER_SYMBOLS_H
#define LOADER_SYMBOLS_H

#include "loader/vocabulary.h"
#include "protocol/catalogue.h"

/* The last ones hold numbers and fingerprints as text: whatever may stand only once is found in the
 * same way. */
enum symbol_sort {
    SYMBOL_PLACE,   /* one or a set of them */
    SYMBOL_PRODUCT, /* likewise */
    SYMBOL_CALENDAR,
    SYMBOL_EXTENSION,
    SYMBOL_GROUP,
    SYMBOL_RELIEF,
    SYMBOL_SPLIT,
    SYMBOL_PRODUCT_NUMBER,
    SYMBOL_RELIEF_CODE,
    SYMBOL_DAYS,   /* the days that a clause lists */
    SYMBOL_CLAUSE, /* a clause's version, group, product and conditions */
};

#define SYMBOL_FILE_ELSEWHERE 0xffff /* of no rules file: the catalogue's tables */

struct symbol {
    char name[NAME_SIZE];
    enum symbol_sort sort;
    uint16_t file;         /* where it was defined, index in rules->files */
    uint32_t line;         /* 0: it is reserved */
    uint32_t value, count; /* what the sort calls for: an index or the first of several, a number */
};

/* All zero is empty. Owned; symbols_free releases it. */
struct symbols {
    struct symbol *list; /* in order of definition */
    uint32_t *slots;     /* number in the list + 1, or 0 */
    uint32_t count, room, slot_count;
};

/* Valid until the next symbols_add; NULL: not defined. */
const struct symbol *symbols_find(const struct symbols *symbols, enum symbol_sort sort,
                                  const char *name, size_t name_size);
/* The name fits and is not there yet: find first. Aborts when memory runs out. */
void symbols_add(struct symbols *symbols, const struct symbol *symbol);
void symbols_free(struct symbols *symbols);

#endif
