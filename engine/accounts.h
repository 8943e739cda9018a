/* Which account a clause's relief is put down under. */
#ifndef ENGINE_ACCOUNTS_H
#define ENGINE_ACCOUNTS_H

#include "engine/book_parts.h"

/* Its number; one that is new is written. `provider` is that of the point of sale. */
uint32_t account_of_clause(struct book *book, const struct edition *edition,
                           const struct clause *clause, uint64_t provider);

#endif
