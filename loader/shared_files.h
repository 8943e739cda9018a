/* What comes with the program: register descriptions and a catalogue. */
#ifndef LOADER_SHARED_FILES_H
#define LOADER_SHARED_FILES_H

#include "protocol/bytes.h"

/* `wanted`, or when it is NULL the file or folder of that name that belongs to the program:
 * TOP/loader/NAME where the program stands in TOP/build.../bin/, else share/elig/NAME where it is
 * installed. The result is owned by the caller. */
MUST_USE char *shared_file_find(const char *wanted, const char *name);

#endif
