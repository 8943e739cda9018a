/* What a change of the catalogue does to people: the same deliveries judged by the old rules and by
 * the new ones, person by person, on one day. Counts only, and none that would point at a handful
 * of persons. */
#ifndef LOADER_IMPACT_H
#define LOADER_IMPACT_H

#include "loader/build.h"
#include "protocol/suppress.h"

/* What a person chose. Texts are borrowed from argv. */
struct impact_settings {
    struct build_settings build; /* those of reading deliveries */
    const char *old_path, *new_path;
    const char *requests; /* NULL: none */
    uint64_t suppress_below;
};

enum impact_time { TIME_BEFORE, TIME_NOW, TIME_COUNT };

/* What becomes of a person, or of a request. */
enum impact_class {
    CLASS_SAME,
    CLASS_LOST,
    CLASS_GAINED,
    CLASS_CHANGED, /* of requests: another amount */
};
static_assert(CLASS_CHANGED < SUPPRESS_CLASS_COUNT, "every class is counted");

/* A catalogue, and what follows from it. Places are those that it knows. */
struct impact_side {
    struct catalogue catalogue;
    struct compiled compiled;
    struct vocabulary vocabulary;
    struct memberships memberships;
    uint16_t common[GROUP_COUNT_MAX]; /* its group -> index in impact.groups */
};
#define COMMON_NONE UINT16_MAX /* a group that no file says */

struct impact_group {
    char name[NAME_SIZE];
    bool is_there[TIME_COUNT];
    struct counted persons;
    uint32_t first_cell, cell_count;
    uint32_t suppressed_count; /* of its cells */
};

/* A group in a municipality in which somebody gained or lost it. */
struct impact_cell {
    uint32_t place;
    struct counted persons;
};

/* Zero before the first call; impact_close releases whatever is there. */
struct impact {
    struct impact_side sides[TIME_COUNT];
    struct registers registers;
    struct vocabulary vocabulary; /* as the deliveries left it */
    struct intake intake;
    struct facts facts;
    struct people people;
    struct window window;
    uint32_t as_of_day, thread_count;
    struct impact_group *groups; /* those of the new catalogue first, as they are written */
    struct impact_cell *cells;   /* by group, then place */
    uint32_t group_count, cell_count;
};

/* Both catalogues, then the deliveries; a fault when anything is refused. */
MUST_USE bool impact_read(struct impact *impact, const struct impact_settings *settings,
                          struct fault *fault);

/* Every group of both for every person. */
void impact_evaluate(struct impact *impact, const struct impact_settings *settings);
void impact_close(struct impact *impact);

/* Persons in the group: those that keep it and those that lose it, or gain it. */
uint64_t impact_before(const struct counted *persons);
uint64_t impact_now(const struct counted *persons);

#endif
