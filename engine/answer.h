/* The main path: the frames that one read delivered become their answers. No step allocates, locks,
 * logs or reads a clock. */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/guard.h"
#include "engine/metrics.h"
#include "protocol/decide.h"
#include "protocol/identity.h"
#include "protocol/profile.h"

/* Frames that are digested, looked up and decided together, so that their cache misses overlap. */
#define ANSWER_GROUP_MAX 64
static_assert(ANSWER_GROUP_MAX <= IDENTITY_BATCH_MAX, "a group is one batch of digests");
static_assert(ANSWER_GROUP_MAX <= GUARD_GROUP_MAX, "a group is one question to the guard");
static_assert(ANSWER_GROUP_MAX <= INDEX_BATCH_MAX, "a group is one batch of look-ups");

/* What all answers of one wakeup share. */
struct moment {
    const struct edition *edition; /* NULL: none in service */
    uint64_t now_s;                /* UTC */
    uint16_t drain_wait_ms;        /* 0: serving; else what DRAINING answers say */
    uint8_t profile;               /* enum profile: of whoever asks */
    const struct terminal
        *terminal;       /* of the edition; NULL: plain frames, of nobody in particular */
    uint32_t guard_slot; /* of the terminal */
};

/* Decisions are counted in an array by their distance from the first decision status. */
#define DECISION_COUNT (STATUS_DOES_NOT_APPLY - STATUS_UNKNOWN_PRODUCT + 1)

/* What is known of one CHECK between the steps; nothing of this says who it is about. */
struct check {
    uint8_t frame;        /* which of the group */
    bool is_about_nobody; /* the profile does not look people up */
    struct purchase purchase;
    struct candidates candidates;
};

/* One for each loop. The rows of a group stand beside each other; whatever says who was asked
 * about is wiped when the group is answered. */
struct answerer {
    struct metrics *metrics; /* borrowed, as the next two are */
    const struct metrics_board *board;
    struct guard *guard;        /* NULL: there are no terminals */
    struct guard_limits limits; /* for terminals that have none of their own */
    struct check checks[ANSWER_GROUP_MAX];
    struct identifier identifiers[ANSWER_GROUP_MAX];
    struct digest digests[ANSWER_GROUP_MAX];
    uint32_t views[ANSWER_GROUP_MAX];
    uint64_t
        hashes[ANSWER_GROUP_MAX]; /* under the guard's key, as the next three are the guard's */
    bool is_typed[ANSWER_GROUP_MAX];
    bool is_fresh[ANSWER_GROUP_MAX];
    uint32_t waits_ms[ANSWER_GROUP_MAX];
    uint32_t decided_counts[DECISION_COUNT]; /* of the group, by status */
};

/* Answers `frame_count` frames from `in` into `out`, in order, one each. Returns how many: fewer
 * when a frame speaks another version, which is the last one answered, because what follows it
 * cannot be understood; *is_over tells. */
size_t answer_frames(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                     const uint8_t *in, size_t frame_count, bool *is_over);

#endif
