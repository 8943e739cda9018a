/* Clauses, purchases and verdicts in words, for whoever gives reliefs. */
#ifndef LOADER_WORDING_H
#define LOADER_WORDING_H

#include "loader/absence.h"
#include "loader/trial.h"

#define WORDING_SIZE ABSENCE_SIZE

/* All write a text and return it. */

/* "2 city.ticket at 1.50 EUR, point of sale 101, on 2026-11-25 10:05, by eid, read chip" */
const char *wording_purchase(char text[static WORDING_SIZE], const struct trial *trial,
                             const struct purchase *purchase);

/* What a clause takes off: "discount 50%, at most 2.00 EUR each, for 1 unit" */
const char *wording_terms(char text[static WORDING_SIZE], const struct clause *clause);

/* What is against a compiled clause that does not fit: "10:00-15:00, it was 15:30". Of days it
 * tells why the clause is not there on the day. */
const char *wording_misfit(char text[static WORDING_SIZE], const struct trial *trial,
                           const struct clause *clause, enum fit fit,
                           const struct candidates *candidates, const struct purchase *purchase);

/* A verdict as cases say it: "RIGA-CITY takes 1.50 pays 0.00 split 1", "no-data pays 1.50" */
const char *wording_verdict(char text[static WORDING_SIZE], const struct trial *trial,
                            const struct verdict *verdict);

/* "2026-11-25 10:05", by the clock in Riga. */
#define CLOCK_TEXT_SIZE 20
const char *wording_time(char text[static CLOCK_TEXT_SIZE], uint64_t utc_s);

/* Name of a product, or its number when the catalogue has none of that number. */
const char *wording_product(char text[static NAME_SIZE], const struct trial *trial,
                            uint32_t number);

#endif
