/* Any 64 bytes either decode and encode back to themselves, or are refused and leave no trace: as a
 * request, as a response and as a report. */
#include "protocol/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came out of a refused frame must be what was there before. */
static void expect_untouched(const void *out, size_t size)
{
    const uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0xa5)
            abort();
    }
}

static void expect_same(const uint8_t *frame, const uint8_t *again)
{
    if (memcmp(frame, again, FRAME_SIZE) != 0)
        abort();
}

static void try_request(const uint8_t *frame)
{
    uint8_t again[FRAME_SIZE];
    struct request request;
    memset(&request, 0xa5, sizeof(request));
    enum status status = frame_decode_request(&request, frame);
    if (status == STATUS_OK) {
        frame_encode_request(again, &request);
        expect_same(frame, again);
        return;
    }
    if (status < STATUS_BAD_VERSION || status > STATUS_BAD_QUANTITY)
        abort(); /* only transport statuses refuse a frame */
    expect_untouched(&request, sizeof(request));
}

static bool try_response(const uint8_t *frame)
{
    uint8_t again[FRAME_SIZE];
    struct response response;
    memset(&response, 0xa5, sizeof(response));
    bool is_taken = frame_decode_response(&response, frame);
    if (is_taken) {
        frame_encode_response(again, &response);
        expect_same(frame, again);
    } else {
        expect_untouched(&response, sizeof(response));
    }
    return is_taken;
}

static bool try_report(const uint8_t *frame)
{
    uint8_t again[FRAME_SIZE];
    struct report report;
    memset(&report, 0xa5, sizeof(report));
    bool is_taken = frame_decode_report(&report, frame);
    if (is_taken) {
        frame_encode_report(again, &report);
        expect_same(frame, again);
    } else {
        expect_untouched(&report, sizeof(report));
    }
    return is_taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size != FRAME_SIZE)
        return 0;
    try_request(data);
    if (try_response(data) && try_report(data))
        abort(); /* no answer is both */
    return 0;
}
