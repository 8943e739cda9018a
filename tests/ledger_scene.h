/* A book in a temporary directory, and an edition in memory whose limits a test writes as it goes.
 */
#ifndef TESTS_LEDGER_SCENE_H
#define TESTS_LEDGER_SCENE_H

#include "engine/book.h"
#include "protocol/subject.h"

/* The window is 2026-01-01 to 2027-12-31; today is Monday 2026-11-23. */
enum { LS_FROM = 20454, LS_TODAY = 20780, LS_UNTIL = 21183 };

/* Reliefs, by index; the code of each is 100 and its index. The test relief is 0. */
enum {
    LS_HALF = 1, /* half price for members */
    LS_THIRD,    /* 30 % for members */
    LS_DIME,     /* 0.10 EUR off for everybody, stacks */
    LS_SCHOOL,   /* free for members, two companions likewise, at most 3 units of their own */
    LS_NICKEL,   /* 0.05 EUR off for everybody, stacks */
    LS_RELIEF_COUNT
};
#define LS_CODE(relief) (100u + (relief))

/* Products, by the reliefs on them. */
enum {
    LS_P_HALF = 1001,   /* HALF */
    LS_P_BEST = 1002,   /* HALF, THIRD */
    LS_P_STACK = 1003,  /* HALF, DIME, NICKEL */
    LS_P_SCHOOL = 1004, /* SCHOOL */
    LS_P_DIME = 1005,   /* DIME */
    LS_P_THIRD = 1006,  /* THIRD */
};

/* Views: nobody, a member since LS_FROM, one since LS_TERM. */
enum { LS_NOBODY, LS_MEMBER, LS_NEW_MEMBER };
enum { LS_TERM = LS_TODAY - 10 };

#define LS_POINT    42 /* LS_PROVIDER's */
#define LS_PROVIDER UINT64_C(40000000001)
#define LS_OTHER    UINT64_C(40000000002)
/* Terminals: two of LS_PROVIDER, one of LS_OTHER. */
enum { LS_TERMINAL = 7, LS_TERMINAL_BESIDE = 8, LS_TERMINAL_OTHER = 9 };

struct ledger_scene {
    struct book *book;
    const char *directory;
    struct edition *edition;
    uint64_t now_ms;
    uint64_t next_id; /* of a request */
    uint64_t map_size;
};

void ls_open(struct ledger_scene *scene); /* in memory where there is any */
void ls_close(struct ledger_scene *scene);
void ls_reopen(struct ledger_scene *scene);
void ls_begin(struct ledger_scene *scene); /* an empty book in place of this one */

/* Limits of all reliefs, from here on; in any order. */
void ls_limits(struct ledger_scene *scene, const struct limit limits[], size_t count);

/* 08:00 in Riga on that day, UTC. */
uint64_t ls_morning(uint32_t day);

/* A purchase by a member at LS_TERMINAL: a new id, one unit of 1.00 EUR, this morning. */
struct ledger_request ls_purchase(struct ledger_scene *scene, uint8_t kind, uint64_t subject,
                                  uint32_t product);
/* What is asked about a transaction. */
struct ledger_request ls_about(struct ledger_scene *scene, uint8_t kind,
                               const struct ledger_request *target);

/* Works out candidates and body. */
void ls_fill(struct ledger_scene *scene, struct ledger_request *request);
/* The same, applies and commits. */
struct ledger_verdict ls_ask(struct ledger_scene *scene, struct ledger_request *request);
/* Lets what has come due by then run out; how many did. */
uint32_t ls_expire(struct ledger_scene *scene, uint64_t now_ms);

/* Postings of a kind that stand in the book. */
unsigned ls_posting_count(struct ledger_scene *scene, uint8_t kind);

#endif
