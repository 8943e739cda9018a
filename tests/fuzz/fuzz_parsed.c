/* Any bytes are no block of parsed rows, or rows that a file could have had: packed again they are
 * the same bytes, but for room that no text needed. */
#include "loader/parsed_block.h"
#include "loader/source.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct facts *facts)
{
    for (size_t i = 0; i < facts->person_count; i++)
        assert(facts->persons[i].code >> 37 == 0 && facts->persons[i].code != NO_CODE);
    for (size_t i = 0; i < facts->status_count; i++)
        assert(facts->statuses[i].subtype < SUBTYPE_COUNT_MAX && facts->statuses[i].kind == 3);
    for (size_t i = 0; i < facts->means_count; i++) {
        const struct identifier *identifier = &facts->means[i].identifier;
        assert(means_is_canonical(identifier->means, identifier->text, identifier->size));
    }
}

static void pack_again(const struct output *output, const uint8_t *block, size_t size)
{
    size_t new_size = parsed_block_size(output);
    assert(new_size != 0 && new_size <= size);
    uint8_t *again = malloc(new_size);
    if (again == NULL)
        abort();
    parsed_block_pack(again, output);
    assert(new_size < size || memcmp(again, block, size) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct output output = {0};
    if (size == 0)
        return 0;
    struct register_description description = {.fact = (enum fact_kind)(data[0] % 3)};
    struct source source = {.description = &description,
                            .plan = {.fact = description.fact,
                                     .means = data[0] % 2 == 0 ? MEANS_EID : MEANS_ETALONS,
                                     .status_kind = 3,
                                     .delivery = 5}};
    if (parsed_block_unpack(&output, data + 1, size - 1, &source)) {
        look_at(&output.facts);
        pack_again(&output, data + 1, size - 1);
    }
    output_free(&output);
    return 0;
}
