/* Any frames get one answer each, in order, with their own kind and id and a status on the list,
 * and the same whether they are asked together or alone; only another version ends the stream. And
 * no profile sees more than an inspector. */
#include "protocol/index.h"
#include "tests/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MAX = 200 };

static struct scene *scene_get(void)
{
    static struct scene scene;
    if (scene.edition == NULL)
        scene_open(&scene);
    return &scene;
}

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void expect_answer(const uint8_t *answer, const uint8_t *frame)
{
    struct response response;
    struct report report;
    expect(frame_decode_response(&response, answer) || frame_decode_report(&report, answer));
    expect(answer[RESPONSE_KIND] == frame[REQUEST_KIND]);
    expect(load_u64(answer + RESPONSE_ID) == load_u64(frame + REQUEST_ID));
    expect(load_u64(answer + RESPONSE_GENERATION) == SCENE_GENERATION);
    expect((load_u16(answer + RESPONSE_STATUS) == STATUS_BAD_VERSION) ==
           (frame[REQUEST_VERSION] != FRAME_VERSION));
}

/* A report counts what was answered before it: it differs from one time to the next. */
static bool is_report(const uint8_t *answer)
{
    return answer[RESPONSE_KIND] == KIND_STATUS && load_u16(answer + RESPONSE_STATUS) == STATUS_OK;
}

/* What another profile sees is what the inspector saw, or less. Administrators see other people. */
static void expect_less(const uint8_t *seen, const uint8_t *all, uint8_t profile)
{
    struct response less, whole;
    if (!frame_decode_response(&whole, all) || profile == PROFILE_ADMINISTRATOR)
        return;
    expect(frame_decode_response(&less, seen));
    expect(less.relief_amount == whole.relief_amount && less.payable == whole.payable);
    expect(less.relief == whole.relief || less.relief == RELIEF_UNTOLD);
    expect(less.split == whole.split || less.split == 0);
    expect(less.valid_until_s <= whole.valid_until_s);
    expect(less.status == whole.status || whole.status == STATUS_NO_DATA);
    expect(profile != PROFILE_GATE || less.status != STATUS_NO_DATA);
}

static void ask_as(struct scene *scene, uint8_t *answer, const uint8_t *frame, uint8_t profile)
{
    bool is_last;
    scene->moment.profile = profile;
    expect(answer_frames(&scene->answerer, &scene->moment, answer, frame, 1, &is_last) == 1);
    scene->moment.profile = PROFILE_INSPECTOR;
    expect_answer(answer, frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene *scene = scene_get();
    static uint8_t together[FRAMES_MAX * FRAME_SIZE];
    size_t frame_count = size / FRAME_SIZE < FRAMES_MAX ? size / FRAME_SIZE : FRAMES_MAX;
    bool is_over;
    size_t answered_count =
        answer_frames(&scene->answerer, &scene->moment, together, data, frame_count, &is_over);
    expect(answered_count <= frame_count);
    expect(is_over || answered_count == frame_count);

    for (size_t i = 0; i < answered_count; i++) {
        const uint8_t *frame = data + i * FRAME_SIZE;
        uint8_t alone[FRAME_SIZE];
        bool is_last;
        expect(answer_frames(&scene->answerer, &scene->moment, alone, frame, 1, &is_last) == 1);
        expect(is_last == (is_over && i + 1 == answered_count));
        expect_answer(alone, frame);
        expect(is_report(alone) || memcmp(alone, together + i * FRAME_SIZE, FRAME_SIZE) == 0);
        for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++) {
            uint8_t seen[FRAME_SIZE];
            ask_as(scene, seen, frame, profile);
            expect_less(seen, alone, profile);
        }
    }
    return 0;
}
