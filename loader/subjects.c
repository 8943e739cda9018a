#include "loader/subjects.h"

#include "loader/memory.h"

#include <string.h>

struct subjects {
    const struct identity_key *key;
    uint64_t *of_rows;
};

/* Persons wait here until there are enough for a batch. */
struct batch {
    struct identifier identifiers[IDENTITY_BATCH_MAX];
    size_t rows[IDENTITY_BATCH_MAX];
    size_t count;
};

static void batch_flush(struct batch *batch, const struct subjects *all)
{
    uint64_t subjects[IDENTITY_BATCH_MAX];
    subject_batch(subjects, all->key, batch->identifiers, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        all->of_rows[batch->rows[i]] = subjects[i];
    batch->count = 0;
}

uint64_t *subjects_of_people(const struct people *people, const uint32_t set_of[],
                             const struct identity_key *key)
{
    size_t row_count = people->facts->person_count;
    struct subjects all = {key, memory_take_zeroed(row_count, sizeof(uint64_t))};
    struct batch batch = {.count = 0};
    for (size_t row = 0; row < row_count; row++) {
        if (set_of[row] == SET_EMPTY)
            continue;
        struct identifier *identifier = &batch.identifiers[batch.count];
        *identifier = (struct identifier){.means = MEANS_PERSONAL_CODE, .size = 11};
        means_unpack_code(identifier->text, people_first_code(people, (uint32_t)row));
        batch.rows[batch.count] = row;
        if (++batch.count == IDENTITY_BATCH_MAX)
            batch_flush(&batch, &all);
    }
    batch_flush(&batch, &all);
    return all.of_rows;
}

uint64_t subject_of_test(const struct identity_key *key, enum test_identity which)
{
    const char *text = means_test_identifier(MEANS_PERSONAL_CODE, which);
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = (uint8_t)strlen(text)};
    memcpy(identifier.text, text, identifier.size);
    return subject_of(key, &identifier);
}
