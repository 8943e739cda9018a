/* The main path: the frames that one read delivered become their answers. No step allocates, locks,
 * logs or reads a clock. */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/audit.h"
#include "engine/awaited.h"
#include "engine/guard.h"
#include "engine/metrics.h"
#include "protocol/decide.h"
#include "protocol/identity.h"
#include "protocol/profile.h"
#include "protocol/subject.h"

/* Frames that are digested, looked up and decided together, so that their cache misses overlap. */
#define ANSWER_GROUP_MAX 64
static_assert(ANSWER_GROUP_MAX <= IDENTITY_BATCH_MAX, "a group is one batch of digests");
static_assert(ANSWER_GROUP_MAX <= GUARD_GROUP_MAX, "a group is one question to the guard");
static_assert(ANSWER_GROUP_MAX <= INDEX_BATCH_MAX, "a group is one batch of look-ups");

/* Transactions of one read, at most: every frame of it may be one. */
#define ANSWER_REQUESTS_MAX 256

/* What all answers to one read share. */
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
    const struct moment *moment;
    const uint8_t *in;    /* its frame */
    uint8_t *out;         /* where its answer is made */
    bool is_about_nobody; /* the profile does not look people up */
    uint16_t request;     /* of a transaction: which of the answerer's requests it is */
    struct purchase purchase;
    struct candidates candidates;
};

/* What a read asks of the ledger. Whoever calls answer_frames begins it with none, submits it, and
 * puts verdicts where answers are awaited. */
struct transactions {
    uint32_t count;
    struct ledger_request requests[ANSWER_REQUESTS_MAX]; /* in the order of their frames */
    uint8_t *places[ANSWER_REQUESTS_MAX];                /* where their answers are awaited */
};

/* One for each loop. The rows of a group stand beside each other, whoever asks; whatever says who
 * was asked about is wiped when the group is answered. */
struct answerer {
    struct metrics *metrics; /* borrowed, as the next two are */
    const struct metrics_board *board;
    struct guard *guard;                    /* NULL: there are no terminals */
    struct guard_limits limits;             /* for terminals that have none of their own */
    const struct identity_key *subject_key; /* with a ledger; borrowed, as the next is */
    struct transactions *transactions;      /* NULL: there is no ledger */
    struct audit_ring *audit; /* the loop's, of the journal of checks; NULL: there is none */
    bool audit_refuses;       /* what the journal has no room for is not answered */
    struct riga_time now;     /* the moment's, on the clocks of Riga */
    uint32_t check_count;     /* rows of the group that is being gathered */
    uint32_t row_count;       /* rows that hold something of somebody: those sent away, too */
    struct check checks[ANSWER_GROUP_MAX];
    struct identifier identifiers[ANSWER_GROUP_MAX];
    struct digest digests[ANSWER_GROUP_MAX];
    uint32_t views[ANSWER_GROUP_MAX];
    uint64_t subjects[ANSWER_GROUP_MAX];     /* of transactions only */
    bool is_fresh[ANSWER_GROUP_MAX];         /* new to its terminal, as the guard says */
    bool is_rationed;                        /* somebody of the group asks from a terminal */
    uint32_t decided_counts[DECISION_COUNT]; /* of the group, by status */
};

/* Answers `frame_count` frames from `in` into `out`, in order, one each. Returns how many: fewer
 * when a frame speaks another version, which is the last one answered, because what follows it
 * cannot be understood; *is_over tells. What is for the ledger to answer is added to the answerer's
 * transactions, and its place in `out` is awaited. `out` may be `in`: each answer is made in the
 * place of its question. */
size_t answer_frames(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                     const uint8_t *in, size_t frame_count, bool *is_over);

/* The same in two parts, so that questions of many connections make one group: answers to CHECK may
 * only be there after answer_finish, those beside a transaction too, and until then `moment`, `out`
 * and `in` must stay. All moments of a group have one edition. */
size_t answer_take(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                   const uint8_t *in, size_t frame_count, bool *is_over);
void answer_finish(struct answerer *answerer);

#endif
