/* What a mistyped word was most likely meant to be. */
#ifndef PROTOCOL_NEAREST_H
#define PROTOCOL_NEAREST_H

#include "protocol/bytes.h"

/* The one of `words` that `word` is nearest to, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const words[], size_t word_count);

#endif
