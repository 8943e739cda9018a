#include "protocol/frame.h"

#include "protocol/response.h"

#include <string.h>

/* The checks below stand in the order of the status numbers: the lowest that applies is answered.
 * PROTOCOL.md, "Order of checks", has the same numbers. */

/* A purchase that is no CHECK may say how long to hold, or must say when it was. */
static bool has_its_extras(const uint8_t frame[static FRAME_SIZE])
{
    uint8_t kind = frame[REQUEST_KIND];
    uint8_t hold_10s = frame[REQUEST_HOLD_10S];
    bool is_held = hold_10s != 0;
    return load_u64(frame + REQUEST_TARGET_ID) == 0 && is_held == (kind == KIND_RESERVE) &&
           hold_10s <= HOLD_10S_MAX &&
           (kind != KIND_LATE || load_u32(frame + REQUEST_SERVICE_TIME) != 0);
}

/* A purchase says who, what, where, when and for how much. `kind` is the frame's; of a CHECK, which
 * is asked most often by far, a constant. */
static inline __attribute__((always_inline)) enum status
decode_purchase(struct request *out, const uint8_t frame[static FRAME_SIZE], uint8_t kind)
{
    /* 103 */
    uint8_t hold_10s = frame[REQUEST_HOLD_10S];
    bool is_plain = hold_10s == 0 && load_u64(frame + REQUEST_TARGET_ID) == 0;
    if (kind == KIND_CHECK ? !is_plain : !has_its_extras(frame))
        return STATUS_BAD_RESERVED;

    /* 104 */
    uint64_t request_id = load_u64(frame + REQUEST_ID);
    if (request_id == 0)
        return STATUS_BAD_REQUEST_ID;

    /* 105 */
    uint8_t means = frame[REQUEST_MEANS];
    if (means == 0 || means > MEANS_LAST)
        return STATUS_BAD_MEANS;

    /* 106 */
    uint8_t identifier_size = means_canonical_size(means, frame + REQUEST_IDENTIFIER);
    if (identifier_size == 0)
        return STATUS_BAD_IDENTIFIER;

    /* 107 */
    if (frame[REQUEST_ENTRY] > ENTRY_LAST)
        return STATUS_BAD_ENTRY;

    /* 108 */
    uint16_t quantity = load_u16(frame + REQUEST_QUANTITY);
    if (quantity == 0 || quantity > QUANTITY_MAX)
        return STATUS_BAD_QUANTITY;

    out->kind = kind;
    out->entry = frame[REQUEST_ENTRY];
    out->companions = frame[REQUEST_COMPANIONS];
    out->hold_10s = hold_10s;
    out->quantity = quantity;
    out->request_id = request_id;
    out->identifier.means = means;
    out->identifier.size = identifier_size;
    memcpy(out->identifier.text, frame + REQUEST_IDENTIFIER, IDENTIFIER_SIZE_MAX);
    out->product = load_u32(frame + REQUEST_PRODUCT);
    out->point_of_sale = load_u32(frame + REQUEST_POINT_OF_SALE);
    out->unit_price = load_u32(frame + REQUEST_UNIT_PRICE);
    out->service_time_s = load_u32(frame + REQUEST_SERVICE_TIME);
    out->target_id = 0;
    out->target_terminal = 0;
    return STATUS_OK;
}

/* What a request that is no purchase says beside its id. */
static const struct bare {
    bool may_have_target, must_have_target;
    uint16_t quantity_most;
    uint32_t amount_most; /* of UNIT_PRICE, and then of no units */
} bares[KIND_LAST + 1] = {
    [KIND_PING] = {.may_have_target = false},
    [KIND_STATUS] = {.may_have_target = true},
    [KIND_CONFIRM] = {.may_have_target = true,
                      .must_have_target = true,
                      .quantity_most = QUANTITY_MAX},
    [KIND_CANCEL] = {.may_have_target = true, .must_have_target = true},
    [KIND_REFUND] = {.may_have_target = true,
                     .must_have_target = true,
                     .quantity_most = QUANTITY_MAX,
                     .amount_most = UINT32_MAX},
};

static enum status decode_bare(struct request *out, const uint8_t frame[static FRAME_SIZE])
{
    uint8_t kind = frame[REQUEST_KIND];
    const struct bare *bare = &bares[kind];
    uint64_t target_id = load_u64(frame + REQUEST_TARGET_ID);
    uint32_t target_terminal = load_u32(frame + REQUEST_PRODUCT);
    uint32_t amount = load_u32(frame + REQUEST_UNIT_PRICE);

    /* 103 */
    if ((frame[REQUEST_COMPANIONS] | frame[REQUEST_HOLD_10S] |
         load_u32(frame + REQUEST_POINT_OF_SALE) | load_u32(frame + REQUEST_SERVICE_TIME)) != 0 ||
        (target_id != 0 && !bare->may_have_target) || (target_terminal != 0 && target_id == 0) ||
        amount > bare->amount_most)
        return STATUS_BAD_RESERVED;

    /* 104 */
    uint64_t request_id = load_u64(frame + REQUEST_ID);
    if (request_id == 0 || (target_id == 0 && bare->must_have_target))
        return STATUS_BAD_REQUEST_ID;

    /* 105 */
    if (frame[REQUEST_MEANS] != 0)
        return STATUS_BAD_MEANS;

    /* 106 */
    if (!bytes_are_zero(frame + REQUEST_IDENTIFIER, IDENTIFIER_SIZE_MAX))
        return STATUS_BAD_IDENTIFIER;

    /* 107 */
    if (frame[REQUEST_ENTRY] != ENTRY_UNSTATED)
        return STATUS_BAD_ENTRY;

    /* 108 */
    uint16_t quantity = load_u16(frame + REQUEST_QUANTITY);
    if (quantity > bare->quantity_most || (quantity != 0 && amount != 0))
        return STATUS_BAD_QUANTITY;

    *out = (struct request){
        .kind = kind,
        .quantity = quantity,
        .request_id = request_id,
        .unit_price = amount,
        .target_id = target_id,
        .target_terminal = target_terminal,
    };
    return STATUS_OK;
}

enum status frame_decode_request(struct request *out, const uint8_t frame[static FRAME_SIZE])
{
    /* 101 */
    if (frame[REQUEST_VERSION] != FRAME_VERSION)
        return STATUS_BAD_VERSION;

    uint8_t kind = frame[REQUEST_KIND];
    if (kind == KIND_CHECK)
        return decode_purchase(out, frame, KIND_CHECK);

    /* 102 */
    if (kind == 0 || kind > KIND_LAST)
        return STATUS_BAD_KIND;
    return kind_is_purchase(kind) ? decode_purchase(out, frame, kind) : decode_bare(out, frame);
}

void frame_encode_request(uint8_t frame[static FRAME_SIZE], const struct request *in)
{
    frame[REQUEST_VERSION] = FRAME_VERSION;
    frame[REQUEST_KIND] = in->kind;
    frame[REQUEST_MEANS] = in->identifier.means;
    frame[REQUEST_ENTRY] = in->entry;
    store_u16(frame + REQUEST_QUANTITY, in->quantity);
    frame[REQUEST_COMPANIONS] = in->companions;
    frame[REQUEST_HOLD_10S] = in->hold_10s;
    store_u64(frame + REQUEST_ID, in->request_id);
    memcpy(frame + REQUEST_IDENTIFIER, in->identifier.text, IDENTIFIER_SIZE_MAX);
    store_u32(frame + REQUEST_PRODUCT,
              kind_is_purchase(in->kind) ? in->product : in->target_terminal);
    store_u32(frame + REQUEST_POINT_OF_SALE, in->point_of_sale);
    store_u32(frame + REQUEST_UNIT_PRICE, in->unit_price);
    store_u32(frame + REQUEST_SERVICE_TIME, in->service_time_s);
    store_u64(frame + REQUEST_TARGET_ID, in->target_id);
}

bool frame_decode_response(struct response *out, const uint8_t frame[static FRAME_SIZE])
{
    struct response r = {
        .kind = frame[RESPONSE_KIND],
        .status = load_u16(frame + RESPONSE_STATUS),
        .split = load_u16(frame + RESPONSE_SPLIT),
        .remaining = load_u16(frame + RESPONSE_REMAINING),
        .request_id = load_u64(frame + RESPONSE_ID),
        .ledger_sequence = load_u64(frame + RESPONSE_LEDGER_SEQUENCE),
        .generation = load_u64(frame + RESPONSE_GENERATION),
        .relief_amount = load_u64(frame + RESPONSE_RELIEF_AMOUNT),
        .payable = load_u64(frame + RESPONSE_PAYABLE),
        .relief = load_u32(frame + RESPONSE_RELIEF),
        .valid_until_s = load_u32(frame + RESPONSE_VALID_UNTIL),
        .server_time_s = load_u32(frame + RESPONSE_SERVER_TIME),
        .stale_h = load_u16(frame + RESPONSE_STALE_H),
        .wait_ms = load_u16(frame + RESPONSE_WAIT_MS),
    };
    if (frame[RESPONSE_VERSION] != FRAME_VERSION || !response_is_sane(&r))
        return false;
    *out = r;
    return true;
}

void frame_encode_response(uint8_t frame[static FRAME_SIZE], const struct response *in)
{
    response_encode(frame, in);
}

/* Only a STATUS that is answered OK has a report; nothing in it waits or has a funding split. */
static bool is_report(const uint8_t frame[static FRAME_SIZE])
{
    return frame[RESPONSE_VERSION] == FRAME_VERSION && frame[RESPONSE_KIND] == KIND_STATUS &&
           load_u16(frame + RESPONSE_STATUS) == STATUS_OK &&
           load_u16(frame + RESPONSE_SPLIT) == 0 &&
           load_u16(frame + RESPONSE_REMAINING) == REMAINING_UNPUBLISHED &&
           load_u16(frame + RESPONSE_WAIT_MS) == 0;
}

bool frame_decode_report(struct report *out, const uint8_t frame[static FRAME_SIZE])
{
    if (!is_report(frame))
        return false;
    *out = (struct report){
        .status = STATUS_OK,
        .request_id = load_u64(frame + RESPONSE_ID),
        .check_count = load_u64(frame + REPORT_CHECK_COUNT),
        .generation = load_u64(frame + RESPONSE_GENERATION),
        .identifier_count = load_u64(frame + REPORT_IDENTIFIER_COUNT),
        .person_count = load_u64(frame + REPORT_PERSON_COUNT),
        .uptime_s = load_u32(frame + REPORT_UPTIME_S),
        .connection_count = load_u32(frame + REPORT_CONNECTION_COUNT),
        .server_time_s = load_u32(frame + RESPONSE_SERVER_TIME),
        .stale_h = load_u16(frame + RESPONSE_STALE_H),
        .wait_ms = 0,
    };
    return true;
}

void frame_encode_report(uint8_t frame[static FRAME_SIZE], const struct report *in)
{
    assert(in->status == STATUS_OK && in->wait_ms == 0);
    frame[RESPONSE_VERSION] = FRAME_VERSION;
    frame[RESPONSE_KIND] = KIND_STATUS;
    store_u16(frame + RESPONSE_STATUS, in->status);
    store_u16(frame + RESPONSE_SPLIT, 0);
    store_u16(frame + RESPONSE_REMAINING, REMAINING_UNPUBLISHED);
    store_u64(frame + RESPONSE_ID, in->request_id);
    store_u64(frame + REPORT_CHECK_COUNT, in->check_count);
    store_u64(frame + RESPONSE_GENERATION, in->generation);
    store_u64(frame + REPORT_IDENTIFIER_COUNT, in->identifier_count);
    store_u64(frame + REPORT_PERSON_COUNT, in->person_count);
    store_u32(frame + REPORT_UPTIME_S, in->uptime_s);
    store_u32(frame + REPORT_CONNECTION_COUNT, in->connection_count);
    store_u32(frame + RESPONSE_SERVER_TIME, in->server_time_s);
    store_u16(frame + RESPONSE_STALE_H, in->stale_h);
    store_u16(frame + RESPONSE_WAIT_MS, in->wait_ms);
}

static const char *const entry_names[] = {
    [ENTRY_UNSTATED] = "unstated", [ENTRY_CHIP] = "chip",   [ENTRY_CONTACTLESS] = "contactless",
    [ENTRY_OPTICAL] = "optical",   [ENTRY_TYPED] = "typed",
};
static_assert(sizeof(entry_names) / sizeof(entry_names[0]) == ENTRY_LAST + 1,
              "a name for every entry");

const char *entry_name(uint8_t entry)
{
    assert(entry <= ENTRY_LAST);
    return entry_names[entry];
}

bool entry_of_name(uint8_t *entry, const char *name, size_t name_size)
{
    for (uint8_t i = 0; i <= ENTRY_LAST; i++) {
        if (strlen(entry_names[i]) == name_size && memcmp(entry_names[i], name, name_size) == 0) {
            *entry = i;
            return true;
        }
    }
    return false;
}
