/* From a folder of deliveries to facts: reads every register on all cores, refuses broken rows one
 * by one and says where they are, never what they hold. */
#ifndef LOADER_INTAKE_H
#define LOADER_INTAKE_H

#include "loader/facts.h"
#include "loader/register.h"
#include "loader/registers.h"
#include "loader/vocabulary.h"
#include "protocol/fault.h"

/* Why a row was refused: numbers are in the quarantine report; append only. */
#define REFUSAL_LIST(X)                                                                            \
    X(COLUMN_COUNT, 1, "wrong number of columns")                                                  \
    X(QUOTE, 2, "a quote is not closed")                                                           \
    X(LINE_TOO_LONG, 3, "the line is too long")                                                    \
    X(ENCODING, 4, "bytes that are no text in the register's encoding")                            \
    X(CODE_MISSING, 5, "the personal code is missing")                                             \
    X(CODE_FORM, 6, "the personal code has not eleven digits")                                     \
    X(CODE_NOT_PERSON, 7, "the code is not a natural person's")                                    \
    X(NUMBER_FORM, 8, "the number of the means has a wrong form")                                  \
    X(DATE_FORM, 9, "the date is not readable")                                                    \
    X(DATE_NONE_SUCH, 10, "there is no such day")                                                  \
    X(DATE_ORDER, 11, "the end is before the beginning")                                           \
    X(DATE_MISSING, 12, "a date is missing")                                                       \
    X(CLASSIFIER, 13, "a value that the register's description does not list")                     \
    X(PLACE, 14, "the place is not an ATVK code")                                                  \
    X(PERSON_UNKNOWN, 15, "the person is not in the base register")                                \
    X(BIRTH_FUTURE, 16, "born after the delivery")                                                 \
    X(MEANS_CONFLICT, 17, "the same means was given to two persons")                               \
    X(TOO_MANY_CHANGES, 18, "too many changes in the judging window")                              \
    X(CODE_CIRCLE, 19, "the previous personal codes lead in a circle")

enum refusal {
#define REFUSAL_MEMBER(name, number, text) REFUSAL_##name = number,
    REFUSAL_LIST(REFUSAL_MEMBER)
#undef REFUSAL_MEMBER
};
#define REFUSAL_LAST REFUSAL_CODE_CIRCLE

const char *refusal_text(enum refusal refusal);
const char *refusal_name(enum refusal refusal);

/* One refused row. Columns count from 1; 0: the row as a whole. */
struct quarantined {
    uint16_t delivery; /* index in intake.deliveries */
    uint8_t refusal;
    uint8_t column;
    uint32_t line;
};
#define QUARANTINE_COUNT_MAX 1000000 /* kept; all are counted */

/* One file of the delivery list. */
struct delivery {
    const struct register_description *description; /* borrowed */
    char file[256];                                 /* name within the folder */
    uint32_t as_of_day;
    uint64_t rows_announced, row_count, refused_count;
    uint64_t warning_count; /* personal codes whose check digit is wrong: read all the same */
    uint64_t idle_count;    /* means that are of no use: not capable, or not activated yet */
    uint64_t byte_count;
    uint64_t refused_by[REFUSAL_LAST + 1];
    uint64_t parse_ns; /* of all threads together, while they ran */
    bool is_as_before; /* its rows were kept by an earlier build, and not parsed again */
};
#define DELIVERY_COUNT_MAX 32

struct intake {
    struct delivery deliveries[DELIVERY_COUNT_MAX];
    size_t delivery_count;
    struct quarantined *quarantine; /* owned; see intake_order_quarantine */
    size_t quarantine_count, quarantine_room;
    struct fault parsed_fault; /* why something was not kept for the next build; empty: nothing */
};

/* Borrowed. */
struct parsed;
struct intake_settings {
    const char *folder;
    const char *absent;    /* registers, separated by commas, that are not delivered; NULL: none */
    uint32_t thread_count; /* at least 1 */
    bool is_quiet;
    size_t chunk_size;     /* of the pieces that files are cut into; 0: what suits a core */
    struct parsed *parsed; /* what earlier builds kept, and this one will; NULL: nothing */
};

/* Where facts go, piece by piece: those of one delivery in order, the base register's before all
 * others'. One thread at a time. */
struct intake_sink {
    void (*take)(void *context, struct facts *piece); /* which is empty afterwards */
    void (*base_is_read)(void *context);
    void *context;
};

/* Reads FOLDER/delivery.csv and every file it lists. Registers that are described but not listed
 * are a fault unless they are named as absent, and then everything they could say is unknown. Fills
 * the vocabulary's missing places. A file whose rows do not number what the list announced is a
 * fault. */
MUST_USE bool intake_read(struct intake *intake, struct facts *facts, struct vocabulary *vocabulary,
                          const struct registers *registers, const struct intake_settings *settings,
                          struct fault *fault);
/* The same into a sink: what was taken before a fault is for the caller to forget. */
MUST_USE bool intake_read_into(struct intake *intake, const struct intake_sink *sink,
                               struct vocabulary *vocabulary, const struct registers *registers,
                               const struct intake_settings *settings, struct fault *fault);
/* The day of the latest of the deliveries. */
uint32_t intake_latest_as_of(const struct intake *intake);
/* Any thread may. */
void intake_refuse(struct intake *intake, size_t delivery, uint64_t line, uint8_t column,
                   enum refusal refusal);
/* In order of delivery and line, whoever was first; the first QUARANTINE_COUNT_MAX of them. */
void intake_order_quarantine(struct intake *intake);
void intake_free(struct intake *intake);

#endif
