/* What one run comes to, as numbers with the names that files of measures and JSON have. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "bench/driver.h"
#include "bench/measures.h"

#define FIGURE_LIST(X)                                                                             \
    X(OFFERED_PER_S, "offered_per_s") /* of an open loop */                                        \
    X(ANSWERS_PER_S, "answers_per_s")                                                              \
    X(P50, "p50_ns")                                                                               \
    X(P90, "p90_ns")                                                                               \
    X(P99, "p99_ns")                                                                               \
    X(P999, "p999_ns")                                                                             \
    X(P9999, "p9999_ns")                                                                           \
    X(MAX, "max_ns")                                                                               \
    X(CPU, "cpu_ns") /* of the server, per answer */                                               \
    X(CLIENT_CPU, "client_cpu_ns")                                                                 \
    X(FAILED, "failed")                                                                            \
    X(WRONG, "wrong")

enum figure {
#define FIGURE_MEMBER(member, name) FIGURE_##member,
    FIGURE_LIST(FIGURE_MEMBER)
#undef FIGURE_MEMBER
        FIGURE_COUNT
};

struct figures {
    double by[FIGURE_COUNT];
};

const char *figure_name(enum figure figure);
void figures_of(struct figures *out, const struct plan *plan, const struct result *result);

/* One row each; `like` has the others of their fields. */
void figures_add(struct measures_writer *writer, const struct figures *figures,
                 const struct measures_row *like);

#endif
