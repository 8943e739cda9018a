/* What the readers of files of cases share: cases.c reads files, persons and what is known of them,
 * cases_buys.c what they buy and what is expected. */
#ifndef LOADER_CASES_READER_H
#define LOADER_CASES_READER_H

#include "loader/cases.h"
#include "loader/parser.h"

/* What may come next in a case. */
enum stage {
    STAGE_OUTSIDE, /* no case yet */
    STAGE_PERSON,  /* a case without its person */
    STAGE_FACTS,   /* what is known of the person, then what is bought */
    STAGE_EXPECT,  /* what was bought, without what is expected */
    STAGE_BOUGHT,  /* something more that is bought, or the next case */
};

struct reader {
    struct parser parser; /* its symbols are those of the rules */
    struct cases *cases;
    const struct rules *rules;
    enum stage stage;
    struct token case_token;
};

/* Takes a day from `least` on. */
MUST_USE bool cases_take_day_from(struct reader *reader, uint32_t *day, int32_t least);

/* A line from its first word on. */
MUST_USE bool cases_read_buys(struct reader *reader);
MUST_USE bool cases_read_expect(struct reader *reader);

#endif
