/* A catalogue: the tables of a folder and its rules files, read and checked against each other. */
#ifndef LOADER_CATALOGUE_H
#define LOADER_CATALOGUE_H

#include "loader/rulelang.h"
#include "loader/trade.h"

struct catalogue {
    struct rules *rules;
    struct trade trade;
};

/* `path` is a folder (its *.rules in order of their names, its tables), or one rules file without
 * tables. Checks that contracts name reliefs of their giver, that givers of reliefs are known where
 * there is a table of them, that points of sale named in clauses exist. Zeros are an empty
 * catalogue; catalogue_free releases it. */
MUST_USE bool catalogue_read(struct catalogue *out, const char *path,
                             const struct vocabulary *vocabulary, struct fault *fault);
void catalogue_free(struct catalogue *catalogue);

#endif
