#include "loader/vocabulary.h"

#include <string.h>

uint16_t vocabulary_kind(const struct vocabulary *vocabulary, const char *name, bool is_list)
{
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        const struct status_kind *kind = &vocabulary->kinds[i];
        if (kind->is_list == is_list && strcmp(kind->name, name) == 0)
            return i;
    }
    return KIND_NONE;
}

uint8_t vocabulary_subtype(const struct status_kind *kind, const char *name)
{
    for (uint8_t i = 1; i <= kind->subtype_count; i++) {
        if (strcmp(kind->subtypes[i], name) == 0)
            return i;
    }
    return SUBTYPE_NONE;
}

uint32_t place_prefix_count(struct place_prefix prefix)
{
    static const uint32_t counts[PLACE_DIGIT_COUNT + 1] = {10000000, 1000000, 100000, 10000,
                                                           1000,     100,     10,     1};
    return counts[prefix.digit_count];
}

bool place_is_in(uint32_t place, struct place_prefix prefix)
{
    /* 0 is "none declared", which the prefix "0" must not catch. */
    return place != 0 && place / place_prefix_count(prefix) == prefix.value;
}

bool place_prefix_is_within(struct place_prefix inner, struct place_prefix outer)
{
    for (; inner.digit_count > outer.digit_count; inner.digit_count--)
        inner.value /= 10;
    return inner.digit_count == outer.digit_count && inner.value == outer.value;
}

bool vocabulary_is_missing(const struct status_kind *kind, uint32_t place)
{
    if (kind->is_missing)
        return true;
    for (uint16_t i = 0; i < kind->missing_count; i++) {
        if (place_is_in(place, kind->missing[i]))
            return true;
    }
    return false;
}

bool place_prefix_of_text(struct place_prefix *out, const char *text, size_t text_size)
{
    if (text_size < 1 || text_size > PLACE_DIGIT_COUNT)
        return false;
    uint32_t value = 0;
    for (size_t i = 0; i < text_size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *out = (struct place_prefix){.value = value, .digit_count = (uint8_t)text_size};
    return true;
}
