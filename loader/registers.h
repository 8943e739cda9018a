/* The registers that are described in a folder: every file *.register in it. */
#ifndef LOADER_REGISTERS_H
#define LOADER_REGISTERS_H

#include "loader/vocabulary.h"
#include "protocol/fault.h"

#define REGISTER_COUNT_MAX 32

struct register_description;

struct registers {
    struct register_description *list; /* owned */
    size_t count;
};

/* In order of the files' names; adds their kinds to the vocabulary. Faults are as of
 * register_parse. */
MUST_USE bool registers_read(struct registers *out, struct vocabulary *vocabulary,
                             const char *folder, struct fault *fault);
void registers_free(struct registers *registers);

/* Their kinds alone, for whoever reads catalogues and no deliveries. `wanted` NULL: the folder that
 * came with the program. */
MUST_USE bool registers_read_kinds(struct vocabulary *vocabulary, const char *wanted,
                                   struct fault *fault);

#endif
