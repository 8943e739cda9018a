/* What else than a file's bytes decides what its rows say. */
#ifndef LOADER_PARSED_ORIGIN_H
#define LOADER_PARSED_ORIGIN_H

#include "protocol/bytes.h"

#define PARSED_ORIGIN_SIZE 16

/* A hash of the program, the register's description and, since nobody is born after the delivery,
 * the day of it where persons are told of. Its number in the list and that of its kind of status
 * are not in it: those are put into the rows when they are read back. */
struct source;
void parsed_origin(uint8_t origin[static PARSED_ORIGIN_SIZE], const struct source *source);

#endif
