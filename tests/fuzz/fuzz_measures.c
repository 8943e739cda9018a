/* Any bytes either are measures, whose words are all of the file, and of which a page is made that
 * has nothing in it but text and drawings, or are refused with their place. */
#include "bench/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct measures *measures, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < measures->row_count; i++) {
        const struct measures_row *row = &measures->rows[i];
        assert(row->part < MEASURES_PART_COUNT && row->round <= MEASURES_ROUND_MAX);
        assert(row->value >= 0);
        length += strlen(row->subject) + strlen(row->setting) + strlen(row->measure);
    }
    for (size_t i = 0; i < measures->fact_count; i++)
        length += strlen(measures->facts[i].name) + strlen(measures->facts[i].value);
    assert(length < size);
}

static void check_page(const struct measures *measures)
{
    char *page = NULL;
    size_t size;
    FILE *to = open_memstream(&page, &size);
    if (to == NULL)
        abort(); /* nothing can be tested without memory */
    report_write(to, PAGE_HTML, measures);
    if (fclose(to) != 0)
        abort(); /* likewise */
    assert(strlen(page) == size);
    assert(strstr(page, "<script") == NULL && strstr(page, "\"nan") == NULL);
    free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct measures measures;
    struct fault fault = {""};
    char *text = malloc(size + 1);
    if (text == NULL)
        abort(); /* nothing can be tested without memory */
    if (size > 0)
        memcpy(text, data, size);
    if (measures_parse(&measures, "t", text, size, &fault)) {
        check(&measures, size);
        check_page(&measures);
        measures_free(&measures);
    } else {
        assert(strncmp(fault.text, "t:", 2) == 0);
    }
    return 0;
}
