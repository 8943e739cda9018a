/* Whether a snapshot says what is true: every line of truth.csv against what an engine would find.
 */
#ifndef BENCH_AGREE_H
#define BENCH_AGREE_H

#include "protocol/fault.h"
#include "protocol/snapshot.h"

/* One way in which a line and the snapshot differ. */
#define DIFFERENCE_LIST(X)                                                                         \
    X(NOT_FOUND, "is not in the snapshot")                                                         \
    X(FOUND, "is in the snapshot, and must not be")                                                \
    X(VIEW_DAYS, "is good on other days")                                                          \
    X(MEMBERSHIP, "has another membership")                                                        \
    X(SUBJECT, "has not the subject of its owner")                                                 \
    X(IDENTIFIER_COUNT, "the snapshot has another number of identifiers")                          \
    X(TEST_IDENTITY, "a test identity is not as it must be")

enum difference {
#define DIFFERENCE_MEMBER(name, text) DIFFERENCE_##name,
    DIFFERENCE_LIST(DIFFERENCE_MEMBER)
#undef DIFFERENCE_MEMBER
};
#define DIFFERENCE_COUNT (DIFFERENCE_TEST_IDENTITY + 1)

/* The first so many differences are kept; all are counted. */
#define DIFFERENCES_KEPT_MAX 50

struct agreement {
    uint64_t identifier_count; /* lines that must be found, and the test identities */
    uint64_t membership_count; /* compared, one by one, for every identifier */
    uint64_t absent_count;     /* lines that must not be found */
    uint64_t difference_count;
    uint64_t by[DIFFERENCE_COUNT];
    struct {
        uint64_t line;  /* of truth.csv; 0: none */
        uint32_t group; /* of MEMBERSHIP */
        enum difference kind;
    } kept[DIFFERENCES_KEPT_MAX];
    uint32_t kept_count;
};

const char *difference_text(enum difference difference);

/* Differences are no fault; a file that is not truth.csv is. */
MUST_USE bool agree_compare(struct agreement *out, const char *truth_path,
                            const struct snapshot *snapshot, const struct identity_key *key,
                            struct fault *fault);

#endif
