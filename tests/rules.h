/* Rules from texts, for suites of the relief language. */
#ifndef TESTS_RULES_H
#define TESTS_RULES_H

#include "loader/rulelang.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

/* NULL and the fault, or the rules. */
static inline struct rules *rules_of_text(const char *text, size_t text_size, struct fault *fault)
{
    static struct vocabulary vocabulary;
    struct rules *rules = NULL;
    latvia_vocabulary(&vocabulary);
    const char *guarded = (const char *)at_the_edge(text, text_size);
    bool is_good = rules_parse(&rules, guarded, text_size, "t.rules", &vocabulary, fault);
    ck_assert(is_good == (rules != NULL));
    return rules;
}

static inline struct rules *rules_of_good_text(const char *text)
{
    struct fault fault = {""};
    struct rules *rules = rules_of_text(text, strlen(text), &fault);
    if (rules == NULL)
        ck_abort_msg("%s", fault.text);
    return rules;
}

static inline uint32_t day_of(const char *text)
{
    int32_t day;
    ck_assert(day_of_text(&day, text, strlen(text)));
    return (uint32_t)day;
}

#endif
