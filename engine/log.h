/* One event, one line on stderr: key=value pairs, for people and for machines. Never says anything
 * about a person. Loops do not log while they serve: a slow reader of the log must not slow them.
 */
#ifndef ENGINE_LOG_H
#define ENGINE_LOG_H

#include "protocol/bytes.h"

#define LOG_LINE_SIZE 4096

/* log_event("swap", "generation=%s", text) writes "eligd event=swap generation=...\n" in one piece.
 */
void log_event(const char *event, const char *format, ...) PRINTF_LIKE(2, 3);

/* A sentence as a value: quoted, with quotes and control characters replaced. */
#define LOG_TEXT_SIZE 1024
const char *log_text(char out[static LOG_TEXT_SIZE], const char *sentence);

#endif
