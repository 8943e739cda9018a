/* What was measured, as a file that commands append to and a report is made of: CSV, one row per
 * value. Line 1 is
 *
 *     part,subject,setting,round,measure,value
 *
 * part     compare, sweep, latency, stages or loader
 * subject  whom it is about: echo, elig, elig-sealed, redis ...; "country floor" has the floors of
 *          "country", stage by stage
 * setting  under which it was measured: "depth 64", "rate 20000", "knee"; "-" when there is none
 * round    from 0; medians are made over rounds
 * measure  what: cpu_ns, p99_ns, at_99.9, the name of a step
 * value    a number from 0, "1234.5"
 *
 * Texts are of [a-z0-9 ._+-]. Lines that begin with # are facts, "# name: value": the machine, the
 * commands, the day. They may stand anywhere behind line 1, and a name may come again: all values
 * of it are kept. A file of measures is only appended to. */
#ifndef BENCH_MEASURES_H
#define BENCH_MEASURES_H

#include <stdio.h>

#include "protocol/fault.h"

#define MEASURES_SIZE_MAX       (4u << 20) /* of a file */
#define MEASURES_TEXT_MAX       63         /* of a subject, setting, measure or a fact's name */
#define MEASURES_FACT_VALUE_MAX 1024
#define MEASURES_FACT_COUNT_MAX 1000
#define MEASURES_ROUND_MAX      999

enum measures_part {
    MEASURES_COMPARE,
    MEASURES_SWEEP,
    MEASURES_LATENCY,
    MEASURES_STAGES,
    MEASURES_LOADER,
    MEASURES_PART_COUNT
};

struct measures_row {
    enum measures_part part;
    uint32_t round;
    const char *subject, *setting, *measure;
    double value;
};

/* `value` is whatever somebody wrote, in which control characters became blanks. */
struct measures_fact {
    const char *name, *value;
};

struct measures {
    struct measures_row *rows; /* in the file's order */
    size_t row_count;
    struct measures_fact *facts;
    size_t fact_count;
    char *text; /* what the others point into */
};

const char *measures_part_name(enum measures_part part);

/* Faults are path:line: sentence. */
MUST_USE bool measures_read(struct measures *out, const char *path, struct fault *fault);
/* The same of `size` bytes, which become the measures' own, whether it succeeds or not: from
 * malloc, with room for one more. `path` is for faults. */
MUST_USE bool measures_parse(struct measures *out, const char *path, char *text, size_t size,
                             struct fault *fault);
void measures_free(struct measures *measures);

/* ---- writing ---- */

struct measures_writer {
    FILE *file;
    const char *path; /* borrowed */
};

/* Line 1 is written when the file is new or empty; of another file's beginning it is a fault. */
MUST_USE bool measures_open(struct measures_writer *out, const char *path, struct fault *fault);
/* Texts must be of the letters above, and the value finite and not below 0. */
void measures_add(struct measures_writer *writer, const struct measures_row *row);
/* Errors of all that was added come out here. */
MUST_USE bool measures_close(struct measures_writer *writer, struct fault *fault);

#endif
