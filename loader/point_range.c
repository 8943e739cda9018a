#include "loader/point_range.h"

#include "loader/text.h"

#include <string.h>

bool point_range_of_text(struct point_range *out, const char *text, size_t text_size)
{
    const char *dash = memchr(text, '-', text_size);
    size_t first_size = dash != NULL ? (size_t)(dash - text) : text_size;
    uint64_t first, last;
    if (!span_number((struct span){text, (uint32_t)first_size}, &first))
        return false;
    last = first;
    if (dash != NULL &&
        !span_number((struct span){dash + 1, (uint32_t)(text_size - first_size - 1)}, &last))
        return false;
    if (first == 0 || first > last || last > UINT32_MAX)
        return false;
    *out = (struct point_range){(uint32_t)first, (uint32_t)last};
    return true;
}

bool point_ranges_have(const struct point_range ranges[], uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (number >= ranges[i].first && number <= ranges[i].last)
            return true;
    return false;
}
