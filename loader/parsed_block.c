#include "loader/parsed_block.h"

#include "loader/memory.h"
#include "protocol/calendar.h"

#include <assert.h>
#include <string.h>

#define CODE_BITS       37 /* eleven digits */
#define CODE_END        UINT64_C(100000000000)
#define MEANS_BITS      8
#define PLACE_END       10000000 /* seven digits */
#define TEXT_SIZE_SHIFT (CODE_BITS + MEANS_BITS)

static_assert(PERSON_SIZE == PERSON_LINE + 4 && STATUS_SIZE == STATUS_LINE + 4 &&
                  MEANS_TEXT == MEANS_LINE + 4 && REFUSED_SIZE == REFUSED_RESERVED + 2 &&
                  BLOCK_PERSONS == BLOCK_TEXT_SIZE + 4,
              "records have no gaps");

/* How many there are of each, and where they begin. */
struct shape {
    uint32_t persons, statuses, means, refused, text_size;
    size_t statuses_at, means_at, refused_at, size;
};

static void place(struct shape *shape)
{
    size_t means_size = MEANS_TEXT + shape->text_size;
    shape->statuses_at = BLOCK_PERSONS + (size_t)shape->persons * PERSON_SIZE;
    shape->means_at = shape->statuses_at + (size_t)shape->statuses * STATUS_SIZE;
    shape->refused_at = shape->means_at + shape->means * means_size;
    shape->size = shape->refused_at + (size_t)shape->refused * REFUSED_SIZE;
}

/* ---- packing ---- */

static uint32_t longest_text(const struct facts *facts)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < facts->means_count; i++)
        if (facts->means[i].identifier.size > longest)
            longest = facts->means[i].identifier.size;
    return longest;
}

static struct shape shape_of(const struct output *output)
{
    const struct facts *facts = &output->facts;
    assert(facts->person_count <= UINT32_MAX && facts->status_count <= UINT32_MAX &&
           facts->means_count <= UINT32_MAX && output->refused_count <= UINT32_MAX);
    struct shape shape = {.persons = (uint32_t)facts->person_count,
                          .statuses = (uint32_t)facts->status_count,
                          .means = (uint32_t)facts->means_count,
                          .refused = (uint32_t)output->refused_count,
                          .text_size = longest_text(facts)};
    place(&shape);
    return shape;
}

size_t parsed_block_size(const struct output *output)
{
    size_t size = shape_of(output).size;
    bool is_counted = output->row_count <= UINT32_MAX; /* and what is counted of rows is less */
    return is_counted && size <= BLOCK_SIZE_MAX ? size : 0;
}

static void pack_person(uint8_t *to, const struct person_fact *fact)
{
    store_u64(to + PERSON_CODE, fact->code);
    store_u64(to + PERSON_PREVIOUS, fact->previous);
    store_u32(to + PERSON_BIRTH, (uint32_t)fact->birth_day);
    store_u32(to + PERSON_DEATH, fact->death_day);
    store_u32(to + PERSON_PLACE, fact->place);
    store_u32(to + PERSON_LINE, fact->line);
}

static void pack_status(uint8_t *to, const struct status_fact *fact)
{
    store_u64(to + STATUS_CODE, fact->code | (uint64_t)fact->subtype << CODE_BITS);
    store_u32(to + STATUS_FROM, fact->from_day);
    store_u32(to + STATUS_UNTIL, fact->until_day);
    store_u32(to + STATUS_SCHOOL, fact->school);
    store_u32(to + STATUS_LINE, fact->line);
}

static void pack_means(uint8_t *to, const struct means_fact *fact, uint32_t text_size)
{
    const struct identifier *identifier = &fact->identifier;
    store_u64(to + MEANS_CODE, fact->code | (uint64_t)identifier->means << CODE_BITS |
                                   (uint64_t)identifier->size << TEXT_SIZE_SHIFT);
    store_u32(to + MEANS_FROM, fact->from_day);
    store_u32(to + MEANS_UNTIL, fact->until_day);
    store_u32(to + MEANS_ISSUED, fact->issued_day);
    store_u32(to + MEANS_LINE, fact->line);
    memset(to + MEANS_TEXT, 0, text_size);
    memcpy(to + MEANS_TEXT, identifier->text, identifier->size);
}

static void pack_refused(uint8_t *to, const struct quarantined *refused)
{
    store_u32(to + REFUSED_LINE, refused->line);
    to[REFUSED_REFUSAL] = refused->refusal;
    to[REFUSED_COLUMN] = refused->column;
    store_u16(to + REFUSED_RESERVED, 0);
}

void parsed_block_pack(uint8_t *block, const struct output *output)
{
    struct shape shape = shape_of(output);
    assert(output->row_count <= UINT32_MAX && output->warning_count <= UINT32_MAX &&
           output->idle_count <= UINT32_MAX);
    store_u32(block + BLOCK_PERSON_COUNT, shape.persons);
    store_u32(block + BLOCK_STATUS_COUNT, shape.statuses);
    store_u32(block + BLOCK_MEANS_COUNT, shape.means);
    store_u32(block + BLOCK_REFUSED_COUNT, shape.refused);
    store_u32(block + BLOCK_ROW_COUNT, (uint32_t)output->row_count);
    store_u32(block + BLOCK_WARNING_COUNT, (uint32_t)output->warning_count);
    store_u32(block + BLOCK_IDLE_COUNT, (uint32_t)output->idle_count);
    store_u32(block + BLOCK_TEXT_SIZE, shape.text_size);
    for (size_t i = 0; i < shape.persons; i++)
        pack_person(block + BLOCK_PERSONS + i * PERSON_SIZE, &output->facts.persons[i]);
    for (size_t i = 0; i < shape.statuses; i++)
        pack_status(block + shape.statuses_at + i * STATUS_SIZE, &output->facts.statuses[i]);
    for (size_t i = 0; i < shape.means; i++)
        pack_means(block + shape.means_at + i * (MEANS_TEXT + shape.text_size),
                   &output->facts.means[i], shape.text_size);
    for (size_t i = 0; i < shape.refused; i++)
        pack_refused(block + shape.refused_at + i * REFUSED_SIZE, &output->refused[i]);
}

/* ---- unpacking: whatever the bytes are, nothing comes out that no row could have said ---- */

static bool read_shape(struct shape *shape, const uint8_t *block, size_t block_size,
                       enum fact_kind fact)
{
    if (block_size < BLOCK_PERSONS || block_size > BLOCK_SIZE_MAX)
        return false;
    *shape = (struct shape){.persons = load_u32(block + BLOCK_PERSON_COUNT),
                            .statuses = load_u32(block + BLOCK_STATUS_COUNT),
                            .means = load_u32(block + BLOCK_MEANS_COUNT),
                            .refused = load_u32(block + BLOCK_REFUSED_COUNT),
                            .text_size = load_u32(block + BLOCK_TEXT_SIZE)};
    if (shape->text_size > IDENTIFIER_SIZE_MAX || (shape->means == 0 && shape->text_size > 0) ||
        (fact != FACT_PERSON && shape->persons > 0) ||
        (fact != FACT_STATUS && shape->statuses > 0) || (fact != FACT_MEANS && shape->means > 0))
        return false;
    place(shape);
    return shape->size == block_size;
}

static bool is_code(uint64_t code)
{
    return code != NO_CODE && code < CODE_END;
}

static bool is_day(uint32_t day) /* or the one after the last */
{
    return day <= CALENDAR_DAY_END || day == DAY_NEVER;
}

static bool is_birth_day(int32_t day)
{
    return -CALENDAR_DAY_END < day && day < CALENDAR_DAY_END;
}

static uint64_t code_of(uint64_t word)
{
    return word & ((UINT64_C(1) << CODE_BITS) - 1);
}

static bool unpack_person(struct facts *facts, const uint8_t *from, const struct source *source)
{
    struct person_fact *fact = facts_add_person(facts);
    *fact = (struct person_fact){.code = load_u64(from + PERSON_CODE),
                                 .previous = load_u64(from + PERSON_PREVIOUS),
                                 .birth_day = (int32_t)load_u32(from + PERSON_BIRTH),
                                 .death_day = load_u32(from + PERSON_DEATH),
                                 .place = load_u32(from + PERSON_PLACE),
                                 .line = load_u32(from + PERSON_LINE),
                                 .delivery = source->plan.delivery};
    return is_code(fact->code) && (fact->previous == NO_CODE || is_code(fact->previous)) &&
           is_birth_day(fact->birth_day) && is_day(fact->death_day) && fact->place < PLACE_END;
}

static bool unpack_status(struct facts *facts, const uint8_t *from, const struct source *source)
{
    struct status_fact *fact = facts_add_status(facts);
    uint64_t word = load_u64(from + STATUS_CODE);
    *fact = (struct status_fact){.code = code_of(word),
                                 .from_day = load_u32(from + STATUS_FROM),
                                 .until_day = load_u32(from + STATUS_UNTIL),
                                 .school = load_u32(from + STATUS_SCHOOL),
                                 .line = load_u32(from + STATUS_LINE),
                                 .kind = source->plan.status_kind,
                                 .subtype = (uint8_t)(word >> CODE_BITS),
                                 .delivery = source->plan.delivery};
    return is_code(fact->code) && word >> CODE_BITS < SUBTYPE_COUNT_MAX && is_day(fact->from_day) &&
           is_day(fact->until_day) && fact->school < PLACE_END;
}

static bool unpack_means(struct facts *facts, const uint8_t *from, uint32_t text_size,
                         const struct source *source)
{
    struct means_fact *fact = facts_add_means(facts);
    uint64_t word = load_u64(from + MEANS_CODE);
    *fact = (struct means_fact){.code = code_of(word),
                                .from_day = load_u32(from + MEANS_FROM),
                                .until_day = load_u32(from + MEANS_UNTIL),
                                .issued_day = load_u32(from + MEANS_ISSUED),
                                .line = load_u32(from + MEANS_LINE),
                                .delivery = source->plan.delivery,
                                .identifier = {.means = (uint8_t)(word >> CODE_BITS),
                                               .size = (uint8_t)(word >> TEXT_SIZE_SHIFT)}};
    memcpy(fact->identifier.text, from + MEANS_TEXT, text_size);
    return is_code(fact->code) && is_day(fact->from_day) && is_day(fact->until_day) &&
           is_day(fact->issued_day) && word >> TEXT_SIZE_SHIFT <= text_size &&
           fact->identifier.means == source->plan.means && fact->identifier.size > 0 &&
           means_canonical_size(fact->identifier.means, (const uint8_t *)fact->identifier.text) ==
               fact->identifier.size;
}

static bool unpack_refused(struct output *output, const uint8_t *from, const struct source *source)
{
    struct quarantined refused = {.delivery = source->plan.delivery,
                                  .refusal = from[REFUSED_REFUSAL],
                                  .column = from[REFUSED_COLUMN],
                                  .line = load_u32(from + REFUSED_LINE)};
    output->refused = memory_room(output->refused, &output->refused_room, output->refused_count + 1,
                                  sizeof(output->refused[0]));
    output->refused[output->refused_count++] = refused;
    return refused.refusal > 0 && refused.refusal <= REFUSAL_LAST &&
           load_u16(from + REFUSED_RESERVED) == 0;
}

static bool unpack_records(struct output *output, const uint8_t *block, const struct shape *shape,
                           const struct source *source)
{
    bool is_good = true;
    for (size_t i = 0; i < shape->persons && is_good; i++)
        is_good = unpack_person(&output->facts, block + BLOCK_PERSONS + i * PERSON_SIZE, source);
    for (size_t i = 0; i < shape->statuses && is_good; i++)
        is_good =
            unpack_status(&output->facts, block + shape->statuses_at + i * STATUS_SIZE, source);
    for (size_t i = 0; i < shape->means && is_good; i++)
        is_good = unpack_means(&output->facts,
                               block + shape->means_at + i * (MEANS_TEXT + shape->text_size),
                               shape->text_size, source);
    for (size_t i = 0; i < shape->refused && is_good; i++)
        is_good = unpack_refused(output, block + shape->refused_at + i * REFUSED_SIZE, source);
    return is_good;
}

bool parsed_block_unpack(struct output *output, const uint8_t *block, size_t block_size,
                         const struct source *source)
{
    struct shape shape;
    if (!read_shape(&shape, block, block_size, source->description->fact))
        return false;
    output->row_count = load_u32(block + BLOCK_ROW_COUNT);
    output->warning_count = load_u32(block + BLOCK_WARNING_COUNT);
    output->idle_count = load_u32(block + BLOCK_IDLE_COUNT);
    if (unpack_records(output, block, &shape, source))
        return true;
    output_empty(output);
    return false;
}
