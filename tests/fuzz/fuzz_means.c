/* The canonical form of a canonical form is itself, is at most 24 of A-Z and 0-9 with zeros after
 * it, and is what the look at three words takes for canonical. First byte: the means. */
#include "protocol/means.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void expect_canonical(const struct identifier *id)
{
    struct identifier again;
    expect(id->size >= 1 && id->size <= IDENTIFIER_SIZE_MAX);
    for (size_t i = 0; i < IDENTIFIER_SIZE_MAX; i++) {
        bool is_plain = (id->text[i] >= '0' && id->text[i] <= '9') ||
                        (id->text[i] >= 'A' && id->text[i] <= 'Z');
        expect(i < id->size ? is_plain : id->text[i] == '\0');
    }
    expect(means_is_canonical(id->means, id->text, id->size));
    expect(means_normalise(&again, (enum means)id->means, id->text, id->size) == MEANS_FINE);
    expect(again.means == id->means && again.size == id->size);
    expect(memcmp(again.text, id->text, sizeof(id->text)) == 0);
}

/* A code that is canonical is a number too, and every question about it has an answer. */
static void try_code(const struct identifier *id)
{
    char digits[11];
    uint64_t code = means_pack_code(id->text);
    means_unpack_code(digits, code);
    expect(memcmp(digits, id->text, sizeof(digits)) == 0);
    expect(code / 1000000000 < 32 || means_code_checks(code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct identifier identifier;
    if (size == 0)
        return 0;
    uint8_t means = (uint8_t)(1 + data[0] % MEANS_LAST);
    const char *text = (const char *)data + 1;
    bool was_canonical = means_is_canonical(means, text, size - 1);
    memset(&identifier, 0xa5, sizeof(identifier));
    if (means_normalise(&identifier, (enum means)means, text, size - 1) != MEANS_FINE) {
        expect(!was_canonical);
        for (size_t i = 0; i < sizeof(identifier); i++)
            expect(((const uint8_t *)&identifier)[i] == 0xa5);
        return 0;
    }
    expect(identifier.means == means);
    expect_canonical(&identifier);
    bool is_same =
        identifier.size == size - 1 && memcmp(identifier.text, text, identifier.size) == 0;
    expect(was_canonical == is_same);
    if (means == MEANS_PERSONAL_CODE)
        try_code(&identifier);
    return 0;
}
