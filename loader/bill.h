/* What a purchase costs, what was taken off, and who pays for that: in words and as JSON. */
#ifndef LOADER_BILL_H
#define LOADER_BILL_H

#include <stdio.h>

#include "loader/trial.h"
#include "protocol/json.h"

void bill_print(const struct trial *trial, const struct purchase *purchase,
                const struct verdict *verdict, FILE *to);

/* Members of the object that is open: status, amounts in 1/10000 EUR, parts and payers. */
void bill_print_json(const struct trial *trial, const struct purchase *purchase,
                     const struct verdict *verdict, struct json *json);

#endif
