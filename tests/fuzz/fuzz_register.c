/* Any text is a description that a delivery can be read by, or a fault that names its line. */
#include "loader/register.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_columns(const struct register_description *description)
{
    unsigned code_count = 0;
    assert(description->column_count >= 1 && description->column_count <= COLUMN_COUNT_MAX);
    for (uint16_t i = 0; i < description->column_count; i++) {
        const struct column *column = &description->columns[i];
        code_count += column->role == ROLE_CODE;
        assert(memchr(column->name, '\0', sizeof(column->name)) != NULL && column->name[0] != '\0');
        assert(column->map_count <= MAP_COUNT_MAX);
        bool wants_map = column->role == ROLE_SUBTYPE || column->role == ROLE_STATE;
        assert(wants_map == (column->map_count > 0));
    }
    assert(code_count == 1);
}

static void check_kind(const struct register_description *description,
                       const struct vocabulary *vocabulary)
{
    if (description->fact != FACT_STATUS) {
        assert(vocabulary->kind_count == 0);
        return;
    }
    assert(vocabulary->kind_count == 1 && description->status_kind == 0);
    const struct status_kind *kind = &vocabulary->kinds[0];
    assert(strcmp(kind->name, description->name) == 0);
    assert(kind->subtype_count < SUBTYPE_COUNT_MAX && kind->missing_count == 0);
    for (uint8_t i = 1; i <= kind->subtype_count; i++)
        assert(vocabulary_subtype(kind, kind->subtypes[i]) == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct register_description description;
    static struct vocabulary vocabulary;
    struct fault fault = {""};
    vocabulary.kind_count = 0;
    if (register_parse(&description, &vocabulary, (const char *)data, size, "x", &fault)) {
        check_columns(&description);
        check_kind(&description, &vocabulary);
        return 0;
    }
    assert(strncmp(fault.text, "x:", 2) == 0 && strstr(fault.text, " wanted, ") != NULL);
    assert(strstr(fault.text, " found") != NULL && vocabulary.kind_count == 0);
    return 0;
}
