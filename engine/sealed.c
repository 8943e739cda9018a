#include "engine/sealed.h"

#include <string.h>

static enum sealed_end end_of_header(enum record_fault fault, uint8_t type)
{
    switch (fault) {
    case RECORD_BAD_TYPE:
        return SEALED_BAD_TYPE;
    case RECORD_BAD_VERSION:
        return SEALED_BAD_VERSION;
    case RECORD_BAD_SIZE:
        return SEALED_BAD_SIZE;
    case RECORD_FINE:
        break;
    }
    return type == RECORD_DATA ? SEALED_GOES_ON : SEALED_BAD_TYPE;
}

/* One whole record: opened where it stands, and its frames taken. */
static enum sealed_end take_record(struct sealed_step *step, struct sealed *session,
                                   struct answerer *answerer, const struct moment *moment,
                                   uint8_t *out, uint8_t *record, size_t record_size)
{
    size_t frame_count;
    if (!record_open(&session->receive, record, record_size, &frame_count))
        return SEALED_UNOPENED;
    session->is_confirmed = true;
    const uint8_t *frames = record + HEADER_SIZE;
    uint8_t *answers = out + HEADER_SIZE;
    size_t asked_count = frames_before_pads(frames, frame_count);
    if (asked_count == 0)
        return SEALED_BAD_PADDING;

    /* In a record the size of a frame is known: one of another version ends nothing. Padding is
     * answered by padding: the size of an answer says no more than that of the question. */
    size_t taken_count = 0;
    while (taken_count < asked_count) {
        bool is_over;
        taken_count +=
            answer_take(answerer, moment, answers + taken_count * FRAME_SIZE,
                        frames + taken_count * FRAME_SIZE, asked_count - taken_count, &is_over);
    }
    memset(answers + asked_count * FRAME_SIZE, 0, (frame_count - asked_count) * FRAME_SIZE);
    store_u32(out, (uint32_t)frame_count); /* where its header will be */
    step->answer_size += DATA_SIZE(frame_count);
    step->frame_count += asked_count;
    return session->receive.counter < SESSION_RECORDS_MAX ? SEALED_GOES_ON : SEALED_IS_OVER;
}

void sealed_take(struct sealed_step *out_step, struct sealed *session, struct answerer *answerer,
                 const struct moment *moment, uint8_t *out, uint8_t *in, size_t size)
{
    struct sealed_step step = {.end = SEALED_GOES_ON};
    while (step.end == SEALED_GOES_ON && size - step.taken_size >= HEADER_SIZE) {
        uint8_t *record = in + step.taken_size;
        struct record_header header = {0};
        enum record_fault fault = record_header_decode(&header, record);
        step.end = end_of_header(fault, header.type);
        size_t record_size = HEADER_SIZE + header.body_size;
        if (step.end != SEALED_GOES_ON || size - step.taken_size < record_size)
            break;
        step.end = take_record(&step, session, answerer, moment, out + step.answer_size, record,
                               record_size);
        step.taken_size += record_size;
    }
    *out_step = step;
}

void sealed_seal(struct sealed *session, uint8_t *out, size_t size)
{
    for (size_t at = 0; at < size;)
        at += record_seal(&session->send, out + at, load_u32(out + at));
}
