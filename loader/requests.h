/* A log of requests as terminals sent them: separated values under a header of
 *
 *     time,means,identifier,product,point_of_sale,unit_price,quantity,companions,entry
 *
 * in any order; what is not there is not stated. Read line by line, so that a log may be of any
 * size. A line that cannot be read ends it with a fault that says file, line and column, never what
 * stands there. Everything that was read is wiped when the next line is taken. */
#ifndef LOADER_REQUESTS_H
#define LOADER_REQUESTS_H

#include <stdio.h>

#include "protocol/decide.h"
#include "protocol/fault.h"
#include "protocol/means.h"

struct request_line {
    struct purchase purchase;
    struct identifier identifier; /* size 0: nobody was identified */
};

struct requests;

/* Opens the file and reads its header; or takes over a stream, which `name` names in faults and
 * which is closed in any case. `name` is borrowed. */
MUST_USE bool requests_open(struct requests **out, const char *path, struct fault *fault);
MUST_USE bool requests_begin(struct requests **out, FILE *file, const char *name,
                             struct fault *fault);
void requests_close(struct requests *requests); /* NULL: nothing */

/* The next request; `is_there` is false at the end. The caller wipes what it was given:
 * request_wipe. */
MUST_USE bool requests_next(struct requests *requests, struct request_line *out, bool *is_there,
                            struct fault *fault);
void request_wipe(struct request_line *request);

/* How far it has been read, and how far it goes; 0: not known. */
uint64_t requests_offset(const struct requests *requests);
uint64_t requests_size(const struct requests *requests);

#endif
