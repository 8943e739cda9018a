/* The highest rate at which a server keeps up: doubled until it does not, then halved in between.
 * Only arithmetic: whoever asks for the next rate measures it and tells what came of it. */
#ifndef BENCH_KNEE_H
#define BENCH_KNEE_H

#include "protocol/bytes.h"

/* A server keeps up when it answers this part of what is offered, and all but one in a hundred
 * answers take at most as long as the user says: the same for every server. */
#define KNEE_ANSWERED_LEAST 0.99
/* When the rates to both sides of the knee are as near as this, it is found. */
#define KNEE_PRECISION 0.05

struct knee {
    uint64_t rate_first, rate_most;
    double p99_most_ns;
    uint64_t kept_up; /* the highest rate that was; 0: none */
    uint64_t failed;  /* the lowest that was not, tried twice; 0: none */
    uint64_t again;   /* was not once: a second try may have the machine to itself; 0: none */
};

struct knee knee_start(uint64_t rate_first, uint64_t rate_most, double p99_most_ns);

/* The rate to measure; 0: no more, knee->kept_up is the knee. */
uint64_t knee_next(const struct knee *knee);

/* Whether it kept up. */
bool knee_note(struct knee *knee, uint64_t rate, double answers_per_s, double p99_ns);

#endif
