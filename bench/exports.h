/* The country as its registers deliver it: every file in its own form, with the faults that files
 * of that kind have. */
#ifndef BENCH_EXPORTS_H
#define BENCH_EXPORTS_H

#include "bench/breakage.h"
#include "protocol/fault.h"

struct export_summary {
    const char *name, *file;
    uint64_t row_count, byte_count;
    uint64_t broken_count[DEFECT_COUNT]; /* counted in row_count too */
};

/* How many rows are broken beside the good ones, and add nothing: so many of 1,000, all kinds
 * together. `is_every_kind`: at least one of each kind in each file. */
struct breakage {
    uint32_t per_mille;
    bool is_every_kind;
};

/* Writes the registers' files, delivery.csv and broken.csv into the folder. */
MUST_USE bool exports_write(const struct country *country, const char *folder,
                            struct breakage breakage, bool is_quiet,
                            struct export_summary summaries[static SOURCE_COUNT],
                            struct fault *fault);

#endif
