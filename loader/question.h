/* What `try` and `explain` ask about: one identifier from standard input, and a purchase in
 * options. Against the deliveries and the catalogue as they are now; nothing is published. */
#ifndef LOADER_QUESTION_H
#define LOADER_QUESTION_H

#include "loader/build.h"
#include "loader/trial.h"

/* The options' values. `product` NULL: no purchase. */
struct question_settings {
    const char *means, *product, *price, *read, *at;
    uint64_t quantity, companions, point;
    bool with_drafts;
};

/* Rows for a settings struct `type` that has a struct question_settings as its member `question`.
 */
#define QUESTION_OPTION(type, name, kind, field, argument, initial, least, most, help)             \
    {                                                                                              \
        name, kind, offsetof(type, question.field), argument, initial, least, most, help           \
    }
#define QUESTION_OPTIONS(type, product_help)                                                       \
    QUESTION_OPTION(type, "means", OPTION_TEXT, means, "KIND", "personal-code", 0, 0,              \
                    "what is read: personal-code, eid, e-talons or card"),                         \
        QUESTION_OPTION(type, "product", OPTION_TEXT, product, "PRODUCT", NULL, 0, 0,              \
                        product_help),                                                             \
        QUESTION_OPTION(type, "price", OPTION_TEXT, price, "EUR", NULL, 0, 0,                      \
                        "price of one, such as 1.50, with up to four decimals; without it the "    \
                        "usual one, if the catalogue has one"),                                    \
        QUESTION_OPTION(type, "quantity", OPTION_NUMBER, quantity, "NUMBER", "1", 1, QUANTITY_MAX, \
                        "how many"),                                                               \
        QUESTION_OPTION(type, "point", OPTION_NUMBER, point, "NUMBER", "0", 0, UINT32_MAX,         \
                        "number of the point of sale; 0 is unstated"),                             \
        QUESTION_OPTION(type, "companions", OPTION_NUMBER, companions, "NUMBER", "0", 0,           \
                        UINT8_MAX, "persons who come along on the same relief"),                   \
        QUESTION_OPTION(type, "read", OPTION_TEXT, read, "HOW", "unstated", 0, 0,                  \
                        "how the means was read: unstated, chip, contactless, optical or typed"),  \
        QUESTION_OPTION(type, "at", OPTION_TEXT, at, "TIME", NULL, 0, 0,                           \
                        "when the service is used, by the clock in Riga: 2026-11-23T10:00. "       \
                        "Seconds since 1970 UTC are taken too. Without it: noon of the day in "    \
                        "question"),                                                               \
        QUESTION_OPTION(type, "with-drafts", OPTION_FLAG, with_drafts, NULL, NULL, 0, 0,           \
                        "reliefs in state draft count as if they were active")

/* The person behind an identifier, and the days on which the means is good. */
struct sought {
    uint32_t base_row; /* NOBODY: the means leads to nobody */
    uint32_t from_day, until_day;
    uint8_t means; /* enum means; 0: ANYBODY, which is the number of no card */
};

/* Reads one identifier from a line of standard input, then the deliveries, and finds what they say
 * of the person; all zeros when there is nobody. The identifier is not kept and never told. Returns
 * EXIT_YES, or an exit status and a fault; question_release then has nothing to do. */
MUST_USE int question_begin(struct sought *sought, struct person *person, struct build *build,
                            const struct build_settings *build_settings,
                            const struct question_settings *settings, struct fault *fault);
void question_release(struct person *person);

/* The purchase that the options describe; `day` is the one whose noon it is when they do not say.
 */
MUST_USE bool question_purchase(struct purchase *out, const struct question_settings *settings,
                                const struct catalogue *catalogue, const struct sought *sought,
                                uint32_t day, struct fault *fault);

/* A trial of the build's catalogue, with the person in it (nobody for NOBODY). `person` must
 * outlive it. */
MUST_USE bool question_trial(struct trial **out, const struct build *build,
                             const struct question_settings *settings, const struct sought *sought,
                             const struct person *person, struct fault *fault);

#endif
