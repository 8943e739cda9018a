#include "tests/shopper.h"

#include "protocol/ledger_read.h"
#include "tests/support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRY_US      1000
#define BUSY_US       2000
#define BATCH_MAX     (2 * SHOPPER_WINDOW)
#define SALES_FIRST   4096
#define IDS_A_SHOPPER (UINT64_C(1) << 40)

struct sale {
    uint8_t kind;
    bool is_answered, is_tombstone; /* cancelled before it was asked for */
    uint16_t status, quantity;
    uint32_t amount; /* asked back */
    uint32_t person;
    uint32_t target; /* which sale */
    uint64_t sequence, relief_amount;
    /* Of a purchase: what has become of it, by the answers. */
    uint8_t state;
    uint16_t quantity_left;
    uint64_t amount_left;
};

static uint64_t draw(struct shopper *shopper, uint64_t below)
{
    return support_random(&shopper->random) % below;
}

/* Whoever starts a server by fork has no copy of it to wait for: that took longer than the server
 * after a million sales. */
static void make_room(struct shopper *shopper)
{
    size_t had = shopper->sale_room * sizeof(struct sale);
    size_t size = had == 0 ? SALES_FIRST * sizeof(struct sale) : 2 * had;
    void *sales = had == 0
                      ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : mremap(shopper->sales, had, size, MREMAP_MAYMOVE);
    if (sales == MAP_FAILED || madvise(sales, size, MADV_DONTFORK) != 0)
        abort();
    shopper->sales = sales;
    shopper->sale_room = size / sizeof(struct sale);
}

static struct sale *add_sale(struct shopper *shopper, uint8_t kind)
{
    if (shopper->sale_count == shopper->sale_room)
        make_room(shopper);
    struct sale *sale = &shopper->sales[shopper->sale_count++];
    *sale = (struct sale){.kind = kind};
    return sale;
}

static uint64_t id_of(const struct shopper *shopper, size_t sale)
{
    return shopper->id_first + sale;
}

static void encode(uint8_t frame[static FRAME_SIZE], const struct shopper *shopper, size_t index)
{
    const struct sale *sale = &shopper->sales[index];
    const struct shopper_goods *goods = shopper->goods;
    struct request request = {.kind = sale->kind, .request_id = id_of(shopper, index)};
    if (kind_is_purchase(sale->kind)) {
        request.identifier = (struct identifier){.means = MEANS_PERSONAL_CODE, .size = 11};
        goods->code_of(request.identifier.text, sale->person);
        request.quantity = sale->quantity;
        request.product = goods->product;
        request.unit_price = goods->unit_price;
        request.service_time_s = goods->service_time_s;
        request.hold_10s = sale->kind == KIND_RESERVE ? HOLD_10S_MAX : 0;
    } else {
        request.target_id = id_of(shopper, sale->target);
        request.quantity = sale->quantity;
        request.unit_price = sale->amount;
    }
    frame_encode_request(frame, &request);
}

/* ---- asking until it is answered ---- */

static void take_answer(struct shopper *shopper)
{
    struct response response;
    shopper->received_size = 0;
    if (!frame_decode_response(&response, shopper->received) ||
        response.request_id - shopper->id_first >= shopper->sale_count) {
        shopper->unequal_count++;
        return;
    }
    struct sale *sale = &shopper->sales[response.request_id - shopper->id_first];
    if (response.status == STATUS_BUSY || response.status == STATUS_DRAINING) {
        shopper->busy_count++;
        return;
    }
    if (!sale->is_answered) {
        sale->is_answered = true;
        sale->status = response.status;
        sale->sequence = response.ledger_sequence;
        sale->relief_amount = response.relief_amount;
        return;
    }
    shopper->repeated_count++;
    if (sale->status != response.status || sale->sequence != response.ledger_sequence ||
        sale->relief_amount != response.relief_amount)
        shopper->unequal_count++;
}

/* One answer, whole. */
static bool receive(struct shopper *shopper)
{
    do {
        ssize_t got = recv(shopper->fd, shopper->received + shopper->received_size,
                           FRAME_SIZE - shopper->received_size, 0);
        if (got <= 0)
            return false;
        shopper->received_size += (size_t)got;
    } while (shopper->received_size < FRAME_SIZE);
    take_answer(shopper);
    return true;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t sent = send(fd, bytes + at, size - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

/* Sends once and reads as many answers as were asked for. */
static bool exchange(struct shopper *shopper, const uint32_t list[], size_t count)
{
    static _Thread_local uint8_t frames[BATCH_MAX * FRAME_SIZE];
    for (size_t i = 0; i < count; i++)
        encode(frames + i * FRAME_SIZE, shopper, list[i]);
    if (!send_all(shopper->fd, frames, count * FRAME_SIZE))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!receive(shopper))
            return false;
    return true;
}

static void hang_up(struct shopper *shopper)
{
    close(shopper->fd);
    shopper->fd = -1;
    shopper->received_size = 0;
    shopper->broken_count++;
}

static void call(struct shopper *shopper)
{
    while (shopper->fd < 0) {
        shopper->fd = shopper->connect(shopper->context);
        if (shopper->fd < 0)
            usleep(RETRY_US);
    }
}

static size_t keep_unanswered(const struct shopper *shopper, uint32_t list[], size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!shopper->sales[list[i]].is_answered)
            list[kept++] = list[i];
    return kept;
}

static void ask(struct shopper *shopper, uint32_t list[], size_t count)
{
    while (count > 0) {
        call(shopper);
        if (!exchange(shopper, list, count))
            hang_up(shopper);
        size_t left = keep_unanswered(shopper, list, count);
        if (left == count)
            usleep(BUSY_US);
        count = left;
    }
}

/* The same once more: whatever comes must be what came. One try. */
static void ask_again(struct shopper *shopper, const uint32_t list[], size_t count)
{
    call(shopper);
    if (!exchange(shopper, list, count))
        hang_up(shopper);
}

/* ---- shopping ---- */

static bool is_done(uint16_t status)
{
    return status == STATUS_CONFIRMED || status == STATUS_OVER_LIMIT || status == STATUS_REFUNDED ||
           status == STATUS_CANCELLED;
}

static void note_purchase(struct sale *sale)
{
    bool is_given = sale->status == STATUS_APPLIES || sale->status == STATUS_OVER_LIMIT;
    sale->state = !is_given                    ? STATE_DENIED
                  : sale->kind == KIND_RESERVE ? STATE_RESERVED
                                               : STATE_CONFIRMED;
    if (sale->status == STATUS_CANCELLED)
        sale->state = STATE_CANCELLED;
    sale->quantity_left = is_given ? sale->quantity : 0;
    sale->amount_left = sale->relief_amount;
}

/* LEDGER.md, "Parts and money": one part, so it is simple. */
static void note_confirmed(struct sale *target, uint16_t quantity)
{
    target->state = STATE_CONFIRMED;
    if (quantity == 0 || quantity == target->quantity_left)
        return;
    target->amount_left = target->amount_left * quantity / target->quantity_left;
    target->quantity_left = quantity;
}

static void note_refunded(struct sale *target, uint16_t quantity, uint32_t amount)
{
    if (amount != 0) {
        target->amount_left -= amount;
    } else if (quantity != 0 && quantity < target->quantity_left) {
        target->amount_left -= target->amount_left * quantity / target->quantity_left;
        target->quantity_left = (uint16_t)(target->quantity_left - quantity);
    } else {
        target->amount_left = 0;
    }
    if (target->amount_left > 0)
        return;
    target->quantity_left = 0;
    target->state = STATE_REFUNDED;
}

static void note_change(struct shopper *shopper, const struct sale *sale)
{
    struct sale *target = &shopper->sales[sale->target];
    if (!is_done(sale->status))
        return;
    if (sale->kind == KIND_CONFIRM)
        note_confirmed(target, sale->quantity);
    else if (sale->kind == KIND_REFUND)
        note_refunded(target, sale->quantity, sale->amount);
    else
        *target = (struct sale){.kind = target->kind,
                                .is_answered = true,
                                .status = target->status,
                                .sequence = target->sequence,
                                .relief_amount = target->relief_amount,
                                .state = STATE_CANCELLED};
}

static void add_purchases(struct shopper *shopper, uint32_t list[], size_t *count)
{
    static const uint8_t kinds[] = {KIND_USE, KIND_USE, KIND_USE, KIND_RESERVE, KIND_LATE};
    for (size_t i = 0; i < SHOPPER_WINDOW; i++) {
        list[(*count)++] = (uint32_t)shopper->sale_count;
        struct sale *sale = add_sale(shopper, kinds[draw(shopper, COUNT_OF(kinds))]);
        sale->quantity = (uint16_t)(1 + draw(shopper, 3));
        sale->person = (uint32_t)draw(shopper, shopper->goods->person_count);
    }
}

/* What follows a purchase that was given, mostly; 0: nothing. */
static uint8_t draw_following(struct shopper *shopper, const struct sale *purchase)
{
    uint64_t chance = draw(shopper, 20);
    if (purchase->state == STATE_RESERVED)
        return chance < 15 ? KIND_CONFIRM : KIND_CANCEL;
    if (purchase->state == STATE_CONFIRMED && chance < 3)
        return KIND_REFUND;
    return 0;
}

static void add_following(struct shopper *shopper, uint32_t list[], size_t *count, size_t first)
{
    for (size_t i = first; i < first + SHOPPER_WINDOW; i++) {
        uint8_t kind = draw_following(shopper, &shopper->sales[i]);
        if (kind == 0)
            continue;
        list[(*count)++] = (uint32_t)shopper->sale_count;
        struct sale *sale = add_sale(shopper, kind);
        const struct sale *target = &shopper->sales[i];
        sale->target = (uint32_t)i;
        uint64_t chance = draw(shopper, 4);
        if (chance == 0 && kind != KIND_CANCEL)
            sale->quantity = (uint16_t)(1 + draw(shopper, target->quantity_left));
        if (chance == 1 && kind == KIND_REFUND)
            sale->amount = (uint32_t)(1 + draw(shopper, target->amount_left));
    }
}

/* A cancellation comes before what it cancels, now and then: then that is not done. */
static void cancel_beforehand(struct shopper *shopper)
{
    uint32_t list[2] = {(uint32_t)shopper->sale_count, (uint32_t)shopper->sale_count + 1};
    struct sale *cancel = add_sale(shopper, KIND_CANCEL);
    cancel->target = list[1];
    struct sale *purchase = add_sale(shopper, KIND_USE);
    purchase->quantity = 1;
    purchase->is_tombstone = true;
    ask(shopper, list, 1);
    ask(shopper, list + 1, 1);
    purchase = &shopper->sales[list[1]];
    purchase->state = STATE_CANCELLED;
    if (purchase->status != STATUS_CANCELLED || shopper->sales[list[0]].status != STATUS_CANCELLED)
        shopper->unequal_count++;
}

static void go_shopping(struct shopper *shopper)
{
    uint32_t list[BATCH_MAX], again[SHOPPER_WINDOW];
    size_t count = 0, again_count = 0, first = shopper->sale_count;
    add_purchases(shopper, list, &count);
    for (size_t i = 0; i < count; i++)
        if (draw(shopper, 16) == 0)
            again[again_count++] = list[i];
    ask(shopper, list, count);
    for (size_t i = first; i < first + SHOPPER_WINDOW; i++)
        note_purchase(&shopper->sales[i]);
    ask_again(shopper, again, again_count);

    count = 0;
    size_t following = shopper->sale_count;
    add_following(shopper, list, &count, first);
    ask(shopper, list, count);
    for (size_t i = following; i < shopper->sale_count; i++)
        note_change(shopper, &shopper->sales[i]);
    if (draw(shopper, 8) == 0)
        cancel_beforehand(shopper);
}

static void *shopper_run(void *argument)
{
    struct shopper *shopper = argument;
    while (!atomic_load(&shopper->is_ending) &&
           (shopper->sale_most == 0 || shopper->sale_count < shopper->sale_most))
        go_shopping(shopper);
    if (shopper->fd >= 0)
        close(shopper->fd);
    atomic_store(&shopper->has_ended, true);
    return NULL;
}

void shopper_start(struct shopper *shopper, uint32_t number, uint64_t sale_most)
{
    shopper->id_first = (number + 1) * IDS_A_SHOPPER;
    shopper->sale_most = sale_most;
    shopper->random = UINT64_C(77) * (number + 1);
    shopper->fd = -1;
    if (pthread_create(&shopper->thread, NULL, shopper_run, shopper) != 0)
        abort();
}

void shopper_ask_to_end(struct shopper *shopper)
{
    atomic_store(&shopper->is_ending, true);
}

void shopper_join(struct shopper *shopper)
{
    pthread_join(shopper->thread, NULL);
}

void shopper_free(struct shopper *shopper)
{
    if (shopper->sale_room > 0)
        munmap(shopper->sales, shopper->sale_room * sizeof(struct sale));
}

/* ---- what the ledger says ---- */

static bool is_posted(const struct shopper *shopper, const struct sale *sale)
{
    if (kind_is_purchase(sale->kind))
        return !sale->is_tombstone;
    (void)shopper;
    return is_done(sale->status);
}

uint64_t shopper_posting_count(const struct shopper *shopper)
{
    uint64_t count = 0;
    for (size_t i = 0; i < shopper->sale_count; i++)
        count += is_posted(shopper, &shopper->sales[i]);
    return count;
}

static bool agree_on(struct ledger_reader *reader, const struct shopper *shopper, size_t index,
                     struct fault *fault)
{
    const struct sale *sale = &shopper->sales[index];
    struct transaction transaction;
    bool is_there;
    uint64_t id = id_of(shopper, index), amount = 0;
    if (!ledger_reader_transaction(&transaction, &is_there, reader, 0, id, fault))
        return false;
    if (!is_there)
        return fault_set(fault, "request %" PRIu64 " was answered and is not there", id);
    for (size_t i = 0; i < transaction.part_count; i++)
        amount += transaction.parts[i].amount;
    if (sale->is_tombstone && transaction.state == STATE_CANCELLED)
        return true;
    if (transaction.first != sale->sequence && kind_is_purchase(sale->kind))
        return fault_set(fault, "request %" PRIu64 " was answered with another sequence", id);
    if (transaction.state != sale->state || amount != sale->amount_left ||
        transaction.quantity != sale->quantity_left)
        return fault_set(fault,
                         "request %" PRIu64 ": wanted state %u, %u units and %" PRIu64
                         ", found %u, %u and %" PRIu64,
                         id, sale->state, sale->quantity_left, sale->amount_left, transaction.state,
                         transaction.quantity, amount);
    return true;
}

static bool agree_one(struct ledger_reader *reader, const struct shopper *shopper,
                      struct fault *fault)
{
    if (shopper->unequal_count > 0)
        return fault_set(fault, "%" PRIu64 " answers were not what had been answered before",
                         shopper->unequal_count);
    for (size_t i = 0; i < shopper->sale_count; i++)
        if (kind_is_purchase(shopper->sales[i].kind) && !agree_on(reader, shopper, i, fault))
            return false;
    return true;
}

/* Every posting is of something that was asked: as many as were answered. */
static bool agree_in_number(struct ledger_reader *reader, uint64_t wanted, struct fault *fault)
{
    struct ledger_head head;
    struct postings *postings;
    uint64_t found = 0;
    if (!ledger_reader_head(&head, reader, fault) ||
        !postings_open(&postings, reader, head.pruned + 1, head.sequence, fault))
        return false;
    const struct posting *posting = NULL;
    bool is_read;
    while ((is_read = postings_next(&posting, postings, fault)) && posting != NULL)
        found += posting->request_id != 0;
    postings_close(postings);
    if (is_read && found != wanted)
        return fault_set(fault, "wanted %" PRIu64 " postings that were asked for, found %" PRIu64,
                         wanted, found);
    return is_read;
}

bool shoppers_agree(const struct shopper shoppers[], size_t count, const char *ledger,
                    struct fault *fault)
{
    struct ledger_reader *reader;
    uint64_t posting_count = 0;
    if (!ledger_reader_open(&reader, ledger, fault))
        return false;
    bool agree = true;
    for (size_t i = 0; i < count && agree; i++) {
        agree = agree_one(reader, &shoppers[i], fault);
        posting_count += shopper_posting_count(&shoppers[i]);
    }
    agree = agree && agree_in_number(reader, posting_count, fault);
    ledger_reader_close(reader);
    return agree;
}
