/* Two catalogues compared, in words: what is new, what is gone, what is otherwise. Things are known
 * by their numbers and names, never by where they stand in a file. A new version of a relief is
 * compared with the version before it. */
#ifndef LOADER_CATALOGUE_DIFF_H
#define LOADER_CATALOGUE_DIFF_H

#include "loader/catalogue.h"
#include "loader/changes.h"

/* Adds to `out`, which its owner frees. */
void catalogue_diff(struct changes *out, const struct catalogue *before,
                    const struct catalogue *now, const struct vocabulary *vocabulary);

#endif
