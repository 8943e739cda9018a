/* Text in HTML and SVG. */
#ifndef BENCH_MARKUP_H
#define BENCH_MARKUP_H

#include <stdio.h>

#include "protocol/bytes.h"

/* `text` so that it is text and nothing else, between tags and within quotes, whatever bytes it
 * has: what has a meaning is escaped, what may not stand in a document becomes U+FFFD. */
void markup_text(FILE *to, const char *text);

/* How many letters a person sees: a byte that begins none counts as one. */
size_t markup_length(const char *text);

#endif
