/* Any bytes of a record decode and encode back to themselves, or are refused and leave no trace;
 * and nothing is opened that was not sealed with the right keys. The first byte chooses what is
 * tried, the second how. */
#include "tests/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void expect_untouched(const void *out, size_t size)
{
    const uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++)
        expect(bytes[i] == 0xa5);
}

/* Both sides in the middle of a handshake and after it: made once, copied for each input. */
static struct sealed_side waiting_terminal, terminal, server;
static uint8_t good_hello[HELLO_SIZE], good_accept[ACCEPT_SIZE];

static void open_once(void)
{
    if (server.hello.terminal_id != 0)
        return;
    expect(noise_ready());
    terminal = sealed_terminal();
    server = sealed_server();
    expect(sealed_say_hello(&terminal, good_hello, &sealed_hello));
    waiting_terminal = terminal;
    expect(sealed_hear_hello(&server, good_hello));
    expect(sealed_say_accept(&server, good_accept));
    expect(sealed_hear_accept(&terminal, good_accept) == ACCEPT_FINE);
}

static void try_header(const uint8_t *data, size_t size)
{
    struct record_header header;
    uint8_t again[HEADER_SIZE];
    if (size < HEADER_SIZE)
        return;
    memset(&header, 0xa5, sizeof(header));
    if (record_header_decode(&header, data) != RECORD_FINE) {
        expect_untouched(&header, sizeof(header));
        return;
    }
    record_header_encode(again, &header);
    expect(memcmp(again, data, HEADER_SIZE) == 0);
}

static void try_hello_payload(const uint8_t *data, size_t size)
{
    struct hello hello;
    uint8_t again[HELLO_PAYLOAD_SIZE];
    if (size != HELLO_PAYLOAD_SIZE)
        return;
    memset(&hello, 0xa5, sizeof(hello));
    if (!hello_decode(&hello, data)) {
        expect_untouched(&hello, sizeof(hello));
        return;
    }
    hello_encode(again, &hello);
    expect(memcmp(again, data, size) == 0);
}

static void try_accept_payload(const uint8_t *data, size_t size)
{
    struct accept accept;
    uint8_t again[ACCEPT_PAYLOAD_SIZE];
    if (size != ACCEPT_PAYLOAD_SIZE)
        return;
    memset(&accept, 0xa5, sizeof(accept));
    if (!accept_decode(&accept, data)) {
        expect_untouched(&accept, sizeof(accept));
        return;
    }
    accept_encode(again, &accept);
    expect(memcmp(again, data, size) == 0);
}

/* With `is_addressed` whoever made it knows the server's public key, and no secret. */
static void try_hello(const uint8_t *data, size_t size, bool is_addressed)
{
    struct sealed_side side = sealed_server();
    uint8_t record[HELLO_SIZE];
    if (size != HELLO_SIZE)
        return;
    memcpy(record, data, size);
    if (is_addressed) {
        record_header_encode(record, &(struct record_header){RECORD_HELLO, HELLO_BODY_SIZE});
        memcpy(record + HEADER_SIZE + HELLO_KEY_ID, side.server.key_id, KEY_NAME_SIZE);
        mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &side.server);
        expect(hello_is_addressed(record, &side.server));
    }
    if (sealed_hear_hello(&side, record))
        expect(memcmp(record, good_hello, HELLO_SIZE) == 0);
    else
        expect(bytes_are_zero((const uint8_t *)&side.handshake, sizeof(side.handshake)));
}

static void try_accept(const uint8_t *data, size_t size)
{
    struct sealed_side side = waiting_terminal;
    if (size != ACCEPT_SIZE)
        return;
    memset(&side.accept, 0xa5, sizeof(side.accept));
    if (sealed_hear_accept(&side, data) == ACCEPT_FINE)
        expect(memcmp(data, good_accept, ACCEPT_SIZE) == 0);
    else
        expect_untouched(&side.accept, sizeof(side.accept));
    expect(bytes_are_zero((const uint8_t *)&side.handshake, sizeof(side.handshake)));
}

/* As it came, and then with its bytes for the frames of a good one. */
static void try_data(const uint8_t *data, size_t size)
{
    static uint8_t record[RECORD_SIZE_MAX], again[RECORD_SIZE_MAX];
    struct noise_cipher send = terminal.send, receive = server.receive;
    size_t count = 0;
    if (size > sizeof(record))
        return;
    memcpy(record, data, size);
    if (record_open(&receive, record, size, &count)) {
        memcpy(again, record, size);
        expect(record_seal(&send, again, count) == size && memcmp(again, data, size) == 0);
        send = terminal.send;
        receive = server.receive;
    }
    count = size / FRAME_SIZE;
    if (count == 0 || count > RECORD_FRAMES_MAX)
        return;
    memcpy(record + HEADER_SIZE, data, FRAME_SIZE * count);
    size = record_seal(&send, record, count);
    size_t found = 0;
    expect(record_open(&receive, record, size, &found) && found == count);
    expect(memcmp(record + HEADER_SIZE, data, FRAME_SIZE * count) == 0);
    size_t told = frames_before_pads(data, count);
    expect(told <= count && (told == 0 || !frame_is_pad(data + FRAME_SIZE * (told - 1))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    open_once();
    uint8_t what = data[0], how = data[1];
    data += 2;
    size -= 2;
    switch (what % 6) {
    case 0:
        try_header(data, size);
        break;
    case 1:
        try_hello_payload(data, size);
        break;
    case 2:
        try_accept_payload(data, size);
        break;
    case 3:
        try_hello(data, size, how % 2 == 1);
        break;
    case 4:
        try_accept(data, size);
        break;
    default:
        try_data(data, size);
        break;
    }
    return 0;
}
