#include "protocol/suppress.h"

bool suppress_is_small(uint64_t count, uint64_t bound)
{
    return count > 0 && count < bound;
}

bool suppress_may_tell(const struct counted *line, uint64_t bound)
{
    for (size_t i = 0; i < SUPPRESS_CLASS_COUNT; i++)
        if (suppress_is_small(line->persons[i], bound))
            return false;
    return true;
}

/* How many different persons of a class there are at least in the lines that are not told. */
static uint64_t hidden_persons(struct counted *const lines[], size_t count, size_t class,
                               bool are_disjoint)
{
    uint64_t sum = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t persons = lines[i]->is_told ? 0 : lines[i]->persons[class];
        sum += persons;
        most = persons > most ? persons : most;
    }
    return are_disjoint ? sum : most;
}

static uint64_t all_persons(const struct counted *line)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < SUPPRESS_CLASS_COUNT; i++)
        sum += line->persons[i];
    return sum;
}

/* The smallest line that is told and would hide the few of that class; NULL: there is none. */
static struct counted *find_smallest(struct counted *const lines[], size_t count, size_t class)
{
    struct counted *smallest = NULL;
    for (size_t i = 0; i < count; i++)
        if (lines[i]->is_told && lines[i]->persons[class] > 0 &&
            (smallest == NULL || all_persons(lines[i]) < all_persons(smallest)))
            smallest = lines[i];
    return smallest;
}

void suppress_lines(struct counted *const lines[], size_t count, uint64_t bound, bool are_disjoint)
{
    for (size_t i = 0; i < count; i++)
        lines[i]->is_told = suppress_may_tell(lines[i], bound);
    for (size_t class = 0; class < SUPPRESS_CLASS_COUNT;) {
        struct counted *more =
            suppress_is_small(hidden_persons(lines, count, class, are_disjoint), bound)
                ? find_smallest(lines, count, class)
                : NULL;
        if (more != NULL) {
            more->is_told = false;
            class = 0; /* it may have few, or make a few of others */
        } else {
            class ++;
        }
    }
}
