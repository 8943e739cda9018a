/* An identifier from standard input, where nobody sees it in a list of processes. */
#ifndef PROTOCOL_IDENTIFIER_INPUT_H
#define PROTOCOL_IDENTIFIER_INPUT_H

#include "protocol/bytes.h"

#define IDENTIFIER_INPUT 512 /* bytes of standard input that are looked at */

/* The first line, without its end; what is wrong with it, or NULL. All of it or nothing: the
 * beginning of a longer line may be the identifier of somebody else. The caller wipes it. */
const char *identifier_read_line(char line[static IDENTIFIER_INPUT], size_t *size);

#endif
