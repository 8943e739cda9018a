/* Any frames, with a ledger: one answer each, in order, with their own kind and id, whether the
 * ledger has to speak or not; what is asked of it is in the order of its frames and has no
 * identifier; and whoever asks all of it again gets no purchase a second time. */
#include "tests/ledger_fake.h"
#include "tests/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MAX = ANSWER_REQUESTS_MAX };

static struct scene scene;
static struct transactions transactions;

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void open_once(void)
{
    if (scene.edition != NULL)
        return;
    scene_open(&scene);
    scene.answerer.transactions = &transactions;
    scene.answerer.subject_key = &scene.subject_key;
}

/* What is awaited becomes an answer. */
static void settle(struct ledger *ledger, const uint8_t *out, size_t answered_count)
{
    const uint8_t *before = NULL;
    for (uint32_t i = 0; i < transactions.count; i++) {
        uint8_t *place = transactions.places[i];
        struct ledger_verdict verdict;
        expect(place >= out && place < out + answered_count * FRAME_SIZE);
        expect((size_t)(place - out) % FRAME_SIZE == 0 && (before == NULL || place > before));
        before = place;
        transactions.requests[i].ticket = i;
        expect(ledger_submit(ledger, 0, &transactions.requests[i], 1) == 1);
        expect(ledger_take(ledger, 0, &verdict, 1) == 1 && verdict.ticket == i);
        awaited_answer(place, &verdict);
    }
}

static size_t answer(struct ledger *ledger, uint8_t *out, const uint8_t *data, size_t frame_count)
{
    bool is_over;
    transactions.count = 0;
    size_t answered_count =
        answer_frames(&scene.answerer, &scene.moment, out, data, frame_count, &is_over);
    expect(answered_count <= frame_count && (is_over || answered_count == frame_count));
    settle(ledger, out, answered_count);
    return answered_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first[FRAMES_MAX * FRAME_SIZE], again[FRAMES_MAX * FRAME_SIZE];
    open_once();
    size_t frame_count = size / FRAME_SIZE < FRAMES_MAX ? size / FRAME_SIZE : FRAMES_MAX;
    scene.moment.profile = size % FRAME_SIZE % PROFILE_LAST + 1;
    struct ledger *ledger = ledger_fake_open(1, NULL, NULL);
    size_t answered_count = answer(ledger, first, data, frame_count);
    size_t row_count = ledger_fake_count(ledger);
    expect(answer(ledger, again, data, frame_count) == answered_count);
    expect(ledger_fake_count(ledger) <= row_count + transactions.count);
    for (size_t i = 0; i < answered_count; i++) {
        const uint8_t *frame = data + i * FRAME_SIZE, *one = first + i * FRAME_SIZE;
        struct response response, second;
        struct report report;
        if (frame_decode_report(&report, one))
            continue;
        expect(frame_decode_response(&response, one));
        expect(frame_decode_response(&second, again + i * FRAME_SIZE));
        expect(response.kind == frame_kind(frame));
        expect(response.request_id == frame_request_id(frame));
        /* What stands in the ledger stands there. */
        if (kind_is_purchase(response.kind) && second.ledger_sequence != 0)
            expect(second.ledger_sequence == response.ledger_sequence ||
                   second.status == STATUS_CANCELLED);
    }
    ledger_close(ledger);
    return 0;
}
