/* Whether a build may become current: what it holds, against what is in service and against the
 * calendar. Pure. A gate that fails holds the build back until a person has looked at the data and
 * says --accept with the gate's name; warnings never hold anything. */
#ifndef LOADER_GATES_H
#define LOADER_GATES_H

#include "loader/vocabulary.h"
#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/manifest.h"

/* The names are what --accept takes; append only. */
#define GATE_LIST(X)                                                                               \
    X(PARENT, "parent", "the snapshot in service cannot be compared with")                         \
    X(REFUSED_ROWS, "refused-rows", "too many rows of a register were refused")                    \
    X(ROW_CHANGE, "row-change", "a register shrank or grew beyond its bound")                      \
    X(AS_OF_OLDER, "as-of-older", "a register is older than in the snapshot in service")           \
    X(AS_OF_FUTURE, "as-of-future", "a register says that it is of a day to come")                 \
    X(GROUP_CHANGE, "group-change", "a group shrank or grew beyond the bound")                     \
    X(GROUP_EMPTY, "group-empty", "a group that had persons has none")                             \
    X(GROUP_GONE, "group-gone", "a group that had persons is not in the rules")                    \
    X(OVERDUE, "overdue", "a register should have been delivered by now (a warning)")              \
    X(ABSENT, "absent", "a register in service is not delivered (a warning)")                      \
    X(RELIEF_GONE, "relief-gone", "a relief in force is not in the rules")                         \
    X(WINDOW, "window", "today could be judged, and could not any more")                           \
    X(CASES, "cases", "a case of the catalogue is not answered as its owner expects")

enum gate {
#define GATE_MEMBER(name, text, about) GATE_##name,
    GATE_LIST(GATE_MEMBER)
#undef GATE_MEMBER
};

const char *gate_name(enum gate gate);
bool gate_is_warning(enum gate gate);

/* Fewer than this in both builds: any change is possible, no gate. */
#define GATE_COUNT_LEAST 100

/* A register as delivered, all its files together. */
struct source {
    char name[WORD_SIZE];
    uint32_t as_of_day, overdue_day;
    uint64_t row_count, refused_count;
    uint32_t refused_per_mille_max, change_percent_max;
};

struct gate_input {
    const struct source *sources;
    size_t source_count;
    const struct group *groups;
    uint32_t group_count;
    const struct manifest *parent; /* NULL: nothing to compare with */
    const struct group *parent_groups;
    uint32_t parent_group_count;
    const struct relief *reliefs, *parent_reliefs;
    uint32_t relief_count, parent_relief_count;
    uint32_t from_day, until_day;           /* that this build can judge */
    uint32_t failed_case_count, case_count; /* of the catalogue */
    const char *first_failed_case;          /* where it is, and what it got */
    const char *parent_fault; /* why the parent cannot be read; NULL: it can, or there is none */
    uint32_t today;
    uint32_t group_change_percent_max;
    const char *accept; /* "row-change,group-change:pupil"; NULL: nothing */
};

struct finding {
    enum gate gate;
    char subject[NAME_SIZE]; /* register or group; empty: the build */
    char text[FAULT_TEXT_SIZE];
    bool is_accepted;
};

#define FINDING_COUNT_MAX 64 /* told; all are counted */

struct gates {
    struct finding list[FINDING_COUNT_MAX];
    size_t count, told_count;
    size_t held_count; /* neither warnings nor accepted: with any, nothing is published */
};

void gates_check(struct gates *out, const struct gate_input *in);

/* Whether every name in an --accept list is a gate's. */
MUST_USE bool gates_accept_is_known(const char *accept, struct fault *fault);

/* How a register is called in a manifest, where there is less room: cut at the end. */
void source_short_name(char out[static SOURCE_NAME_SIZE], const char *name);

#endif
