/* What every suite uses. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>

#include "protocol/bytes.h"

/* Runs the suite as CHECK's environment says; what main returns. */
int support_run(Suite *suite);

/* A copy of `bytes` that ends where readable memory ends: one byte too far is a crash. Valid until
 * the process (of a forked test: the test) ends. */
uint8_t *at_the_edge(const void *bytes, size_t size);

/* Hexadecimal text to bytes; aborts on anything else. Returns the number of bytes. */
size_t support_unhex(uint8_t *out, size_t room, const char *hex);
void support_hex(char *out, const uint8_t *bytes, size_t size); /* 2 * size + 1 */

/* A new temporary directory that is removed when the process that asked for it exits. */
const char *support_directory(void);

/* Path of a file in the source tree: tests run from its top or with ELIG_TOP set. */
const char *support_path(const char *relative);

void support_write_file(const char *path, const void *bytes, size_t size, unsigned mode);

/* Reproducible randomness (splitmix64). */
uint64_t support_random(uint64_t *state);

/* Of so many rounds by chance, those that are to be run: all, or one in ROUNDS_SHARE of the
 * environment (under sanitizers and valgrind, see the Makefile), at least one. */
uint64_t support_rounds(uint64_t all);

/* Aborts unless the fault's text is "t:line:column: sentence", where what was read as the file "t"
 * has that line and the line that column. */
void support_check_fault_text(const char *text, const uint8_t *data, size_t size);

#endif
