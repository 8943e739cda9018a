/* A purchase as commands of eligctl are told it: check, use, reserve and late. */
#ifndef PROTOCOL_ELIGCTL_PURCHASE_H
#define PROTOCOL_ELIGCTL_PURCHASE_H

#include "protocol/elig.h"
#include "protocol/frame.h"
#include "protocol/options.h"

struct purchase_settings {
    const char *means, *identifier, *price, *entry;
    uint64_t product, quantity, companions, point_of_sale;
};

/* The options of a command whose settings have a member `struct purchase_settings purchase`. */
#define PURCHASE_AT(settings, field) offsetof(settings, purchase.field)
#define PURCHASE_ROWS(settings)                                                                    \
    {"means",                                                                                      \
     OPTION_TEXT,                                                                                  \
     PURCHASE_AT(settings, means),                                                                 \
     "NAME",                                                                                       \
     "personal-code",                                                                              \
     0,                                                                                            \
     0,                                                                                            \
     "kind of the identifier: personal-code, eid, e-talons or card"},                              \
        {"identifier",                                                                             \
         OPTION_TEXT,                                                                              \
         PURCHASE_AT(settings, identifier),                                                        \
         "TEXT",                                                                                   \
         "-",                                                                                      \
         0,                                                                                        \
         0,                                                                                        \
         "who is asked about; - reads it from standard input, out of others' sight"},              \
        {"product",                                                                                \
         OPTION_NUMBER,                                                                            \
         PURCHASE_AT(settings, product),                                                           \
         "NUMBER",                                                                                 \
         NULL,                                                                                     \
         0,                                                                                        \
         UINT32_MAX,                                                                               \
         "required: number of the product in the catalogue"},                                      \
        {"price",                                                                                  \
         OPTION_TEXT,                                                                              \
         PURCHASE_AT(settings, price),                                                             \
         "EUR",                                                                                    \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "required: price of one, such as 1.50, with up to four decimals"},                        \
        {"quantity",   OPTION_NUMBER, PURCHASE_AT(settings, quantity), "NUMBER", "1", 1,           \
         QUANTITY_MAX, "how many"},                                                                \
        {"companions",                                                                             \
         OPTION_NUMBER,                                                                            \
         PURCHASE_AT(settings, companions),                                                        \
         "NUMBER",                                                                                 \
         "0",                                                                                      \
         0,                                                                                        \
         UINT8_MAX,                                                                                \
         "persons who come along, whose units are among the quantity"},                            \
        {"point-of-sale",                                                                          \
         OPTION_NUMBER,                                                                            \
         PURCHASE_AT(settings, point_of_sale),                                                     \
         "NUMBER",                                                                                 \
         "0",                                                                                      \
         0,                                                                                        \
         UINT32_MAX,                                                                               \
         "number of the till or gate in the catalogue; 0 is unstated"},                            \
    {                                                                                              \
        "entry", OPTION_TEXT, PURCHASE_AT(settings, entry), "HOW", "unstated", 0, 0,               \
            "how the identifier was read: unstated, chip, contactless, optical or typed"           \
    }

/* What --at says. */
#define PURCHASE_TIME_HELP                                                                         \
    "when the service is used, by the clock in Riga: 2026-11-23T10:00. Seconds since 1970 UTC "    \
    "are "                                                                                         \
    "taken too"

/* Fills all of the request but kind, request id and hold. `at` NULL: now; `at_option` is what its
 * option is called. EXIT_YES, or EXIT_USAGE after saying what is wrong, never with the identifier
 * in the sentence. The caller wipes the request. */
int purchase_read(struct elig_request *request, const char *command,
                  const struct purchase_settings *settings, const char *at_option, const char *at);

#endif
