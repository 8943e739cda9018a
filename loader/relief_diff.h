/* Reliefs of two catalogues compared, version by version and clause by clause. */
#ifndef LOADER_RELIEF_DIFF_H
#define LOADER_RELIEF_DIFF_H

#include "loader/changes.h"
#include "loader/rulelang.h"

/* Adds to `out`. */
void relief_diff(struct changes *out, const struct rules *before, const struct rules *now);

#endif
