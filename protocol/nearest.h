/* What a mistyped word was most likely meant to be. */
#ifndef PROTOCOL_NEAREST_H
#define PROTOCOL_NEAREST_H

#include "protocol/bytes.h"

/* The one of `words` that `word` is nearest to, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const words[], size_t word_count);

/* The same for the end of a sentence: `before`, the word, `after`; "" when none is near. Returns
 * `text`. */
#define NEAREST_TEXT_SIZE 128
const char *nearest_text(char text[static NEAREST_TEXT_SIZE], const char *before, const char *after,
                         const char *word, const char *const words[], size_t word_count);

#endif
