/* Terminals of a bench: any number of them, with keys that follow from a seed, so that none needs a
 * file. For test environments alone: whoever knows the seed is all of them. */
#ifndef BENCH_TERMINALS_H
#define BENCH_TERMINALS_H

#include "protocol/fault.h"
#include "protocol/noise.h"

#define TERMINAL_FIRST 100000 /* the numbers count up from here */

void terminals_keys(struct noise_keys *out, uint64_t seed, uint32_t number);

/* Writes FOLDER/terminals.csv: terminal TERMINAL_FIRST + i sells what frames with remainder i of a
 * workload are about. */
MUST_USE bool terminals_write(const char *folder, uint32_t count, uint64_t seed,
                              struct fault *fault);

/* Copies the key file `key_path` to MERCHANTS/PROVIDER.key for each provider of
 * FOLDER/points_of_sale.csv, so that one secret serves all. */
MUST_USE bool terminals_write_merchants(const char *folder, const char *merchants,
                                        const char *key_path, struct fault *fault);

#endif
