/* Any bytes either are a table of corrections, each row of which can be asked under an id of its
 * own and written into a journal, or are refused with a place that is in them. */
#include "protocol/corrections.h"

#include "protocol/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_OF_TEXT (1 << 16)

static size_t told;

static void tell(const char *sentence)
{
    assert(strncmp(sentence, "t:", 2) == 0);
    told++;
}

/* In quotes it is one field: quotes within come in pairs, and it is one line. */
static void check_reason(const struct correction *row)
{
    size_t quotes = 0;
    assert(row->reason_size <= CORRECTIONS_REASON_MAX);
    assert(row->reason_size == 0 || memchr(row->reason, '\n', row->reason_size) == NULL);
    for (size_t i = 0; i < row->reason_size; i++) {
        quotes += row->reason[i] == '"';
        if (row->reason[i] != '"' || i + 1 == row->reason_size) {
            assert(quotes % 2 == 0);
            quotes = 0;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corrections corrections;
    struct fault fault = {""};
    uint8_t frame[ELIG_FRAME_SIZE];
    if (size > SIZE_MAX_OF_TEXT)
        return 0;
    char *text = malloc(size == 0 ? 1 : size); /* no byte more than there is */
    if (text == NULL)
        abort(); /* nothing can be tested without memory */
    if (size > 0)
        memcpy(text, data, size);
    told = 0;
    if (!corrections_parse(&corrections, "t", text, size, "batch", tell, &fault)) {
        assert(strncmp(fault.text, "t:", 2) == 0);
        return 0;
    }
    assert(corrections.wrong_count == told);
    for (size_t i = 0; i < corrections.count; i++) {
        struct elig_request request = correction_request(&corrections.rows[i]);
        assert(elig_encode_request(frame, &request) == ELIG_FINE);
        assert(i == 0 || corrections.rows[i].line > corrections.rows[i - 1].line);
        check_reason(&corrections.rows[i]);
    }
    corrections_free(&corrections);
    return 0;
}
