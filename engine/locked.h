/* Memory for keys: not swapped out, not in a core dump, all zeros at first. */
#ifndef ENGINE_LOCKED_H
#define ENGINE_LOCKED_H

#include <stddef.h>

#include "protocol/bytes.h"

/* NULL: no memory. Pages are locked when they are first touched. */
void *locked_take(size_t count, size_t size);

/* Wipes and frees; NULL: nothing. The same numbers as before. */
void locked_free(void *memory, size_t count, size_t size);

/* Whether the system has refused to lock any of it (RLIMIT_MEMLOCK): the server runs on, and says
 * so. */
bool locked_was_refused(void);

#endif
