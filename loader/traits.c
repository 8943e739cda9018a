#include "loader/traits.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE 512 /* longer pieces are cut */

void traits_empty(struct traits *traits)
{
    traits->size = 0;
    traits->count = 0;
    traits->is_open = false;
}

void traits_free(struct traits *traits)
{
    free(traits->text);
    *traits = (struct traits){0};
}

/* With the NUL, which the next piece writes over. */
static void append(struct traits *traits, const char *text)
{
    size_t size = strlen(text) + 1;
    traits->text = memory_room(traits->text, &traits->room, traits->size + size, 1);
    memcpy(traits->text + traits->size, text, size);
    traits->size += size - 1;
}

void traits_begin(struct traits *traits, const char *slot, const char *name)
{
    assert(!traits->is_open);
    traits->is_open = true;
    if (traits->count == TRAIT_COUNT_MAX) {
        traits->size--;
        traits_put(traits, ", %s ", name);
        return;
    }
    struct trait *trait = &traits->list[traits->count++];
    *trait = (struct trait){.slot = slot, .name = traits->size};
    append(traits, name);
    traits->size++;
    trait->value = traits->size;
    append(traits, "");
}

void traits_put(struct traits *traits, const char *format, ...)
{
    char piece[PIECE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    assert(traits->is_open);
    append(traits, piece);
}

void traits_end(struct traits *traits)
{
    assert(traits->is_open);
    traits->is_open = false;
    traits->size++;
}

void traits_add(struct traits *traits, const char *name, const char *format, ...)
{
    char piece[PIECE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    traits_add_text(traits, name, piece);
}

void traits_add_text(struct traits *traits, const char *name, const char *text)
{
    traits_begin(traits, NULL, name);
    append(traits, text);
    traits_end(traits);
}

void traits_usual(struct traits *traits, bool is_usual)
{
    assert(traits->count > 0);
    traits->list[traits->count - 1].is_usual = is_usual;
}

const char *trait_name(const struct traits *traits, uint32_t index)
{
    assert(index < traits->count);
    return traits->text + traits->list[index].name;
}

const char *trait_value(const struct traits *traits, uint32_t index)
{
    assert(index < traits->count);
    return traits->text + traits->list[index].value;
}

static const char *slot_of(const struct traits *traits, uint32_t index)
{
    const char *slot = traits->list[index].slot;
    return slot != NULL ? slot : trait_name(traits, index);
}

/* Several traits may share a slot: the second is compared with the second. */
uint32_t traits_find(const struct traits *to, const struct traits *from, uint32_t index)
{
    const char *slot = slot_of(from, index);
    uint32_t nth = 0;
    for (uint32_t i = 0; i < index; i++)
        nth += strcmp(slot_of(from, i), slot) == 0;
    for (uint32_t i = 0; i < to->count; i++)
        if (strcmp(slot_of(to, i), slot) == 0 && nth-- == 0)
            return i;
    return TRAIT_COUNT_MAX;
}

bool traits_equal(const struct traits *a, const struct traits *b)
{
    return a->count == b->count && a->size == b->size &&
           (a->size == 0 || memcmp(a->text, b->text, a->size) == 0);
}

char *traits_line(const struct traits *traits)
{
    struct traits line = {0};
    traits_begin(&line, NULL, "");
    for (uint32_t i = 0; i < traits->count; i++) {
        if (traits->list[i].is_usual)
            continue;
        append(&line, line.size > 1 ? ", " : "");
        append(&line, trait_name(traits, i));
        append(&line, " ");
        append(&line, trait_value(traits, i));
    }
    memmove(line.text, line.text + 1, line.size); /* the empty name, and with the NUL */
    return line.text;
}
