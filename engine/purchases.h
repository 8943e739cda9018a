/* A purchase that nothing stands in the ledger about. */
#ifndef ENGINE_PURCHASES_H
#define ENGINE_PURCHASES_H

#include "engine/book_parts.h"

/* Writes what comes of it: its posting, also into `out`. */
void purchase_apply(struct book *book, const struct ledger_request *request, struct posting *out);

#endif
