/* What a rules file has defined so far, by sort and name. */
#ifndef LOADER_SYMBOLS_H
#define LOADER_SYMBOLS_H

#include "loader/vocabulary.h"
#include "protocol/catalogue.h"

/* The last three hold numbers as text: whatever may stand only once is found in the same way. */
enum symbol_sort {
    SYMBOL_PLACE,
    SYMBOL_PRODUCT,
    SYMBOL_GROUP,
    SYMBOL_RELIEF,
    SYMBOL_PRODUCT_NUMBER,
    SYMBOL_RELIEF_CODE,
    SYMBOL_CLAUSE, /* "relief/group/product" */
};

struct symbol {
    char name[NAME_SIZE];
    enum symbol_sort sort;
    uint32_t line;             /* where it was defined; 0: it is reserved */
    uint32_t value;            /* what the sort calls for: an index, a number */
    struct place_prefix place; /* SYMBOL_PLACE */
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
