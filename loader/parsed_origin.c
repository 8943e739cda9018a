#include "loader/parsed_origin.h"

#include "loader/source.h"
#include "protocol/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

static void add_number(XXH3_state_t *state, uint64_t number)
{
    uint8_t bytes[8];
    store_u64(bytes, number);
    XXH3_128bits_update(state, bytes, sizeof(bytes));
}

static void add_text(XXH3_state_t *state, const char *text)
{
    XXH3_128bits_update(state, text, strlen(text) + 1);
}

/* Another program may understand rows otherwise. */
static void add_program(XXH3_state_t *state)
{
    struct stat info;
    add_text(state, ELIG_VERSION);
    if (stat("/proc/self/exe", &info) != 0)
        return;
    add_number(state, (uint64_t)info.st_ino);
    add_number(state, (uint64_t)info.st_size);
    add_number(state, (uint64_t)info.st_mtim.tv_sec);
    add_number(state, (uint64_t)info.st_mtim.tv_nsec);
}

static void add_column(XXH3_state_t *state, const struct column *column)
{
    add_text(state, column->name);
    add_number(state, column->role);
    add_number(state, column->date_form);
    add_number(state, column->is_optional);
    add_number(state, column->map_count);
    for (uint16_t i = 0; i < column->map_count; i++) {
        add_text(state, column->map[i].from);
        add_number(state, column->map[i].to);
    }
}

static void add_description(XXH3_state_t *state, const struct register_description *description)
{
    add_number(state, description->format);
    add_number(state, description->encoding);
    add_number(state, (uint8_t)description->separator);
    add_text(state, description->row_element);
    add_number(state, description->fact);
    add_number(state, description->means);
    add_number(state, description->capable_since);
    add_number(state, description->ready_since);
    add_number(state, description->column_count);
    for (uint16_t i = 0; i < description->column_count; i++)
        add_column(state, &description->columns[i]);
}

void parsed_origin(uint8_t origin[static PARSED_ORIGIN_SIZE], const struct source *source)
{
    XXH3_state_t *state = XXH3_createState();
    XXH128_canonical_t canonical;
    static_assert(sizeof(canonical) == PARSED_ORIGIN_SIZE, "a hash has 128 bits");
    if (state == NULL || XXH3_128bits_reset(state) != XXH_OK)
        abort(); /* no memory: there is nothing to save */
    add_program(state);
    add_description(state, source->description);
    if (source->description->fact == FACT_PERSON)
        add_number(state, source->plan.as_of_day);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(origin, &canonical, sizeof(canonical));
    XXH3_freeState(state);
}
