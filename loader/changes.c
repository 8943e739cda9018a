#include "loader/changes.h"

#include "loader/memory.h"
#include "protocol/json.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return text != NULL ? memory_text("%s", text) : NULL;
}

static struct change *add(struct changes *changes, enum change_kind kind, const char *what,
                          const char *name)
{
    changes->list =
        memory_room(changes->list, &changes->room, changes->count + 1, sizeof(changes->list[0]));
    struct change *change = &changes->list[changes->count++];
    *change = (struct change){.kind = kind, .what = what, .name = copy(name)};
    return change;
}

void changes_add_new(struct changes *changes, const char *what, const char *name, const char *part,
                     const struct traits *as)
{
    struct change *change = add(changes, CHANGE_ADDED, what, name);
    change->trait = copy(part);
    change->is = as != NULL ? traits_line(as) : copy("");
    change->sentence =
        memory_text("%s %s: new%s%s%s%s", what, name, part != NULL ? " " : "",
                    part != NULL ? part : "", change->is[0] != '\0' ? ", " : "", change->is);
}

void changes_add_gone(struct changes *changes, const char *what, const char *name, const char *part,
                      const struct traits *as)
{
    struct change *change = add(changes, CHANGE_REMOVED, what, name);
    change->trait = copy(part);
    change->was = as != NULL ? traits_line(as) : copy("");
    change->sentence = memory_text("%s %s: %s%sgone%s%s", what, name, part != NULL ? part : "",
                                   part != NULL ? " is " : "",
                                   change->was[0] != '\0' ? ", was " : "", change->was);
}

/* "points were all" */
static bool is_plural(const char *trait)
{
    return trait[strlen(trait) - 1] == 's';
}

/* Either is NULL: nobody says so. */
static void add_trait(struct changes *changes, const char *what, const char *name,
                      const char *trait, const char *was, const char *is)
{
    struct change *change = add(changes, CHANGE_CHANGED, what, name);
    change->trait = copy(trait);
    change->was = copy(was);
    change->is = copy(is);
    change->sentence =
        memory_text("%s %s: %s %s %s, %s %s", what, name, trait, is_plural(trait) ? "were" : "was",
                    was != NULL ? was : "not said", is_plural(trait) ? "are" : "is",
                    is != NULL ? is : "no longer said");
}

/* "discount 50%" that is "amount 1.00" now. */
static void add_other(struct changes *changes, const char *what, const char *name,
                      const struct traits *was, uint32_t before, const struct traits *is,
                      uint32_t now)
{
    char *old = memory_text("%s %s", trait_name(was, before), trait_value(was, before));
    char *new = memory_text("%s %s", trait_name(is, now), trait_value(is, now));
    struct change *change = add(changes, CHANGE_CHANGED, what, name);
    change->trait = copy(was->list[before].slot);
    change->sentence = memory_text("%s %s: was %s, is %s", what, name, old, new);
    change->was = old;
    change->is = new;
}

static void compare_trait(struct changes *changes, const char *what, const char *name,
                          const struct traits *was, const struct traits *is, uint32_t now)
{
    uint32_t before = traits_find(was, is, now);
    const char *value = trait_value(is, now);
    bool are_usual =
        before != TRAIT_COUNT_MAX && was->list[before].is_usual && is->list[now].is_usual;
    if (are_usual)
        return;
    if (before == TRAIT_COUNT_MAX)
        add_trait(changes, what, name, trait_name(is, now), NULL, value);
    else if (strcmp(trait_name(was, before), trait_name(is, now)) != 0)
        add_other(changes, what, name, was, before, is, now);
    else if (strcmp(trait_value(was, before), value) != 0)
        add_trait(changes, what, name, trait_name(is, now), trait_value(was, before), value);
}

void changes_add_traits(struct changes *changes, const char *what, const char *name,
                        const struct traits *was, const struct traits *is)
{
    if (traits_equal(was, is))
        return;
    for (uint32_t i = 0; i < is->count; i++)
        compare_trait(changes, what, name, was, is, i);
    for (uint32_t i = 0; i < was->count; i++)
        if (traits_find(is, was, i) == TRAIT_COUNT_MAX)
            add_trait(changes, what, name, trait_name(was, i), trait_value(was, i), NULL);
}

void changes_free(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct change *change = &changes->list[i];
        free(change->name);
        free(change->trait);
        free(change->was);
        free(change->is);
        free(change->sentence);
    }
    free(changes->list);
    *changes = (struct changes){0};
}

void changes_print(const struct changes *changes, FILE *to)
{
    for (size_t i = 0; i < changes->count; i++)
        fprintf(to, "%s\n", changes->list[i].sentence);
}

static void print_member(struct json *json, const char *name, const char *value)
{
    if (value != NULL)
        json_text(json, name, value);
}

void changes_print_json(const struct changes *changes, FILE *to)
{
    static const char *const kinds[] = {
        [CHANGE_ADDED] = "added", [CHANGE_REMOVED] = "removed", [CHANGE_CHANGED] = "changed"};
    struct json json;
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_open_array(&json, "changes");
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        json_open_object(&json, NULL);
        json_text(&json, "what", change->what);
        json_text(&json, "name", change->name);
        json_text(&json, "change", kinds[change->kind]);
        print_member(&json, "trait", change->trait);
        print_member(&json, "was", change->was);
        print_member(&json, "is", change->is);
        json_text(&json, "sentence", change->sentence);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}
