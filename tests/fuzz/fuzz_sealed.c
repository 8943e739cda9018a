/* Whatever a terminal with good keys seals, and whatever becomes of it on the way: the server
 * answers every record that arrives as it was sealed, in its order, as it would answer the frames
 * in clear; it answers nothing else. The input is a play, see
 * step(). */
#include "engine/sealed.h"
#include "protocol/session.h"
#include "tests/fuzz/script.h"
#include "tests/scene.h"
#include "tests/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 64, RECORDS_MAX = 40, FRAMES_MAX = 20, STREAM_MAX = 65536 };
static_assert(RECORDS_MAX * DATA_SIZE(64) < 4 * STREAM_MAX,
              "padded records end it early, if at all");

struct record {
    size_t end; /* in the stream as it was sealed */
    size_t frame_count, asked_count;
    enum sealed_end comes_to;
    uint8_t answers[64 * FRAME_SIZE];
};

struct play {
    struct elig_session terminal;
    struct sealed server;
    struct noise_cipher receive; /* the terminal's */
    uint8_t sealed[STREAM_MAX];  /* as the terminal sealed it */
    uint8_t stream[STREAM_MAX];  /* as it is on its way */
    size_t sealed_size, stream_size, delivered_size;
    struct record records[RECORDS_MAX];
    size_t record_count, answered_count;
    size_t kept_size; /* of in: a beginning of a record */
    enum sealed_end end;
};

static struct play opening;
static struct scene scene;

static void open_once(void)
{
    struct sealed_side side = sealed_terminal(), server = sealed_server();
    struct elig_session_settings settings = {
        .environment = SEALED_ENVIRONMENT, .terminal_id = 70001, .is_padded = 1};
    struct elig_session_fresh fresh = {.counter = 1, .random = {1, 1}};
    struct elig_event event;
    uint8_t hello[HELLO_SIZE], accept[ACCEPT_SIZE];
    if (opening.server.terminal_number != 0)
        return;
    scene_open(&scene);
    memcpy(settings.terminal_secret, side.keys.secret_key, ELIG_KEY_SIZE);
    memcpy(settings.server_public, side.server.public_key, ELIG_KEY_SIZE);
    memcpy(settings.psk, side.psk.bytes, ELIG_KEY_SIZE);
    expect(elig_session_open(&opening.terminal, &settings) == ELIG_FINE);
    expect(elig_session_start(&opening.terminal, &fresh, hello) == ELIG_FINE);
    server.accept.in_flight_max = UINT16_MAX;
    expect(sealed_hear_hello(&server, hello) && sealed_say_accept(&server, accept));
    expect(elig_session_take(&opening.terminal, accept, sizeof(accept), &event) == sizeof(accept));
    expect(event.kind == ELIG_EVENT_ACCEPTED);
    opening.receive = ((const struct session *)&opening.terminal)->receive;
    opening.server =
        (struct sealed){.receive = server.receive, .send = server.send, .terminal_number = 70001};
}

/* ---- sealing ---- */

/* What is to come of a record, by what plain frames come to. */
static void note_record(struct play *play, const uint8_t *frames, size_t frame_count, size_t size)
{
    struct record *record = &play->records[play->record_count++];
    memcpy(play->stream + play->stream_size, play->sealed + play->sealed_size, size);
    play->sealed_size += size;
    play->stream_size += size;
    *record = (struct record){.end = play->sealed_size, .frame_count = frame_count};
    size_t asked_count = frames_before_pads(frames, frame_count);
    if (asked_count == 0) {
        record->comes_to = SEALED_BAD_PADDING;
        return;
    }
    while (record->asked_count < asked_count) { /* another version ends nothing */
        bool is_over;
        size_t at = record->asked_count;
        record->asked_count +=
            answer_frames(&scene.answerer, &scene.moment, record->answers + at * FRAME_SIZE,
                          frames + at * FRAME_SIZE, asked_count - at, &is_over);
    }
    record->comes_to = SEALED_GOES_ON;
}

static bool has_room(const struct play *play)
{
    return play->record_count < RECORDS_MAX && STREAM_MAX - play->sealed_size >= DATA_SIZE(64) &&
           STREAM_MAX - play->stream_size >= DATA_SIZE(64);
}

/* By the core that terminals use, padded. */
static void put_honestly(struct play *play, struct script *script)
{
    uint8_t frames[64 * FRAME_SIZE] = {0};
    size_t count = 1 + next(script) % FRAMES_MAX, size;
    if (!has_room(play))
        return;
    scene_frames(frames, count, next(script));
    if (elig_session_put(&play->terminal, frames, count, play->sealed + play->sealed_size,
                         STREAM_MAX - play->sealed_size, &size) == ELIG_FINE)
        note_record(play, frames, (size - HEADER_SIZE - NOISE_TAG_SIZE) / FRAME_SIZE, size);
}

/* Whatever the script says, under a good seal. */
static void put_anything(struct play *play, struct script *script)
{
    uint8_t frames[64 * FRAME_SIZE] = {0};
    size_t count = 1 + next(script) % 8;
    if (!has_room(play))
        return;
    scene_frames(frames, count, next(script));
    for (int i = 0; i < 3; i++) {
        uint8_t at = next(script), value = next(script);
        if (value % 4 == 0) /* a frame of zeros */
            memset(frames + at % count * FRAME_SIZE, 0, FRAME_SIZE);
        else
            frames[(size_t)at * 2 % (count * FRAME_SIZE)] = value;
    }
    uint8_t *record = play->sealed + play->sealed_size;
    memcpy(record + HEADER_SIZE, frames, count * FRAME_SIZE);
    size_t size = record_seal(&((struct session *)&play->terminal)->send, record, count);
    note_record(play, frames, count, size);
}

/* ---- delivering ---- */

/* How far the two are the same. */
static size_t untouched_size(const struct play *play)
{
    size_t size = 0;
    while (size < play->stream_size && size < play->sealed_size &&
           play->stream[size] == play->sealed[size])
        size++;
    return size;
}

static void check_answers(struct play *play, uint8_t *out, size_t size)
{
    while (size > 0) {
        size_t found = 0;
        expect(play->answered_count < play->record_count);
        const struct record *record = &play->records[play->answered_count++];
        size_t record_size = DATA_SIZE(record->frame_count);
        expect(size >= record_size && record->comes_to != SEALED_BAD_PADDING);
        expect(record_open(&play->receive, out, record_size, &found));
        expect(found == record->frame_count);
        const uint8_t *frames = out + HEADER_SIZE;
        expect(memcmp(frames, record->answers, record->asked_count * FRAME_SIZE) == 0);
        expect(bytes_are_zero(frames + record->asked_count * FRAME_SIZE,
                              (record->frame_count - record->asked_count) * FRAME_SIZE));
        out += record_size;
        size -= record_size;
    }
}

/* Of what has arrived untouched: every whole record, up to the first that ends the session. */
static void check_progress(const struct play *play)
{
    size_t good_size = untouched_size(play), want_count = 0;
    enum sealed_end want = SEALED_GOES_ON;
    if (good_size > play->delivered_size)
        good_size = play->delivered_size;
    for (size_t i = 0; i < play->record_count && want == SEALED_GOES_ON; i++) {
        if (play->records[i].end > good_size)
            break;
        want = play->records[i].comes_to;
        want_count += want != SEALED_BAD_PADDING;
    }
    expect(play->answered_count == want_count);
    if (want != SEALED_GOES_ON)
        expect(play->end == want);
    else if (good_size == play->delivered_size)
        expect(play->end == SEALED_GOES_ON);
    else
        expect(play->end != SEALED_IS_OVER && play->end != SEALED_BAD_PADDING);
}

static void deliver(struct play *play, size_t size)
{
    static uint8_t in[STREAM_MAX + RECORD_SIZE_MAX], out[sizeof(in)];
    struct sealed_step step;
    if (play->end != SEALED_GOES_ON)
        return;
    if (size > play->stream_size - play->delivered_size)
        size = play->stream_size - play->delivered_size;
    memcpy(in + play->kept_size, play->stream + play->delivered_size, size);
    size_t have = play->kept_size + size;
    sealed_take(&step, &play->server, &scene.answerer, &scene.moment, out, in, have);
    answer_finish(&scene.answerer);
    sealed_seal(&play->server, out, step.answer_size);
    play->delivered_size += size;
    play->end = step.end;
    expect(step.taken_size <= have && step.answer_size <= step.taken_size);
    play->kept_size = have - step.taken_size;
    expect(step.end != SEALED_GOES_ON || play->kept_size < RECORD_SIZE_MAX);
    memmove(in, in + step.taken_size, play->kept_size);
    check_answers(play, out, step.answer_size);
    check_progress(play);
}

/* ---- meddling with what has not arrived ---- */

static void meddle(struct play *play, struct script *script, int how)
{
    size_t left = play->stream_size - play->delivered_size;
    size_t from = (size_t)next(script) << 8 | next(script);
    size_t span = 1 + next(script);
    if (left == 0)
        return;
    uint8_t *at = play->stream + play->delivered_size + from % left;
    size_t rest = left - from % left;
    if (span > rest)
        span = rest;
    if (how == 0) {
        *at ^= (uint8_t)(1u << span % 8);
    } else if (how == 1) {
        memmove(at, at + span, rest - span);
        play->stream_size -= span;
    } else if (STREAM_MAX - play->stream_size >= span) { /* once more */
        memmove(at + span, at, rest);
        play->stream_size += span;
    }
}

static void step(struct play *play, struct script *script)
{
    uint8_t what = next(script) % 10;
    switch (what) {
    case 0:
    case 1:
    case 2:
        put_honestly(play, script);
        break;
    case 3:
        put_anything(play, script);
        break;
    case 4:
        deliver(play, next(script));
        break;
    case 5:
        deliver(play, (size_t)next(script) << 4);
        break;
    case 6:
        deliver(play, STREAM_MAX);
        break;
    default:
        meddle(play, script, what - 7);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct script script = {.at = data, .size = size};
    open_once();
    play = opening;
    for (int i = 0; i < STEPS_MAX && script.size > 0; i++)
        step(&play, &script);
    deliver(&play, STREAM_MAX);
    return 0;
}
