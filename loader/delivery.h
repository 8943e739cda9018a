/* The list of a delivery's files: FOLDER/delivery.csv, with the header
 * register,file,as_of,rows,missing. */
#ifndef LOADER_DELIVERY_H
#define LOADER_DELIVERY_H

#include "loader/intake.h"

#define DELIVERY_LIST_NAME     "delivery.csv"
#define DELIVERY_LIST_SIZE_MAX (256u << 10)

/* Fills deliveries (description, file, as_of_day, rows_announced) and the vocabulary's missing
 * places from the list's text. Every described register must be listed, or named in `absent`
 * (separated by commas; NULL: none): then all it could say is unknown. Faults begin with
 * delivery.csv:line. */
MUST_USE bool delivery_list_parse(struct intake *intake, struct vocabulary *vocabulary,
                                  const struct registers *registers, const char *text,
                                  size_t text_size, const char *absent, struct fault *fault);

#endif
