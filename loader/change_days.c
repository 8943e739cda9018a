#include "loader/change_days.h"

void change_days_add(struct change_days *changes, int64_t day)
{
    if (day <= changes->span.from_day || day >= changes->span.until_day)
        return;
    uint32_t offset = (uint32_t)(day - changes->span.from_day);
    uint64_t bit = UINT64_C(1) << offset % DAYS_PER_WORD;
    uint64_t *word = &changes->words[offset / DAYS_PER_WORD];
    changes->count += (*word & bit) == 0;
    *word |= bit;
}

uint32_t change_days_next(const struct change_days *changes, uint32_t day)
{
    if (changes->count == 0)
        return changes->span.until_day; /* as for nearly everybody */
    uint32_t offset = day + 1 - changes->span.from_day;
    size_t word = offset / DAYS_PER_WORD;
    uint64_t bits = changes->words[word] >> offset % DAYS_PER_WORD << offset % DAYS_PER_WORD;
    while (bits == 0) {
        if (++word == DAYS_WORD_COUNT)
            return changes->span.until_day;
        bits = changes->words[word];
    }
    return changes->span.from_day + (uint32_t)(word * DAYS_PER_WORD) +
           (uint32_t)__builtin_ctzll(bits);
}

struct window person_life(const struct person *person, struct window window)
{
    if (person->birth_day > (int64_t)window.from_day)
        window.from_day = (uint32_t)person->birth_day;
    if (person->death_day < window.until_day)
        window.until_day = person->death_day;
    return window;
}
