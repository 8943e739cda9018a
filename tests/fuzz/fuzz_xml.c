/* Any bytes are the same rows, or a fault, whether they come whole or in pieces. */
#include "loader/xml.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct register_description description = {
    .format = FORMAT_XML,
    .row_element = "r",
    .column_count = 3,
    .columns = {{.name = "@k"}, {.name = "a"}, {.name = "b"}},
};

/* What was heard, as one number. */
struct heard {
    uint64_t sum;
    uint32_t row_count, last_line;
};

static void add(struct heard *heard, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        heard->sum = (heard->sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void on_row(void *context, const struct span fields[], uint32_t line, unsigned refusal,
                   uint8_t column)
{
    struct heard *heard = context;
    assert(line >= heard->last_line && (refusal != 0 || column == 0));
    heard->last_line = line;
    heard->row_count++;
    add(heard, &line, sizeof(line));
    add(heard, &refusal, sizeof(refusal));
    for (size_t i = 0; i < 3; i++) {
        assert(fields[i].size <= XML_FIELD_SIZE_MAX);
        assert(refusal != 0 || text_is_utf8(fields[i].text, fields[i].size));
        add(heard, fields[i].text, fields[i].size);
    }
}

static bool read_in_pieces(struct heard *heard, const uint8_t *data, size_t size, size_t step)
{
    struct fault fault;
    struct xml *xml = xml_begin(&description, on_row, heard);
    bool is_fine = true;
    size_t at = 0;
    do {
        size_t piece = size - at < step ? size - at : step;
        is_fine = xml_feed(xml, (const char *)data + at, piece, at + piece == size, &fault);
        at += piece;
    } while (is_fine && at < size);
    xml_end(xml);
    return is_fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct heard whole = {0}, pieces = {0};
    bool is_fine = read_in_pieces(&whole, data + 1, size - 1, SIZE_MAX);
    bool is_fine_too = read_in_pieces(&pieces, data + 1, size - 1, data[0] % 31u + 1u);
    assert(is_fine == is_fine_too);
    assert(!is_fine || (whole.sum == pieces.sum && whole.row_count == pieces.row_count));
    return 0;
}
