/* What a merchant sees of a relief under a contract: a number that says nothing about either. */
#ifndef LOADER_CODES_H
#define LOADER_CODES_H

#include "loader/catalogue.h"

/* The code of every contract, by its row. It depends on the relief's name and the contract's number
 * alone, unless another one had it already: of two the contract with the lower number keeps it. */
MUST_USE bool codes_of_contracts(uint32_t codes[], const struct catalogue *catalogue,
                                 struct fault *fault);

/* The same with another hash, for tests: codes that collide. */
MUST_USE bool codes_with_hash(uint32_t codes[], const struct catalogue *catalogue,
                              uint64_t (*hash)(const void *bytes, size_t size),
                              struct fault *fault);

#endif
