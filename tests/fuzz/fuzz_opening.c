/* What a server looks at before it has computed any curve, as fast as it can be tried: a header, a
 * HELLO by its key id and mac1, a record under a key. Nothing here has been sealed, so nothing
 * opens; what a seal would let through is tried by record, session and sealed. One input in many
 * thousands has its mac1 made right, and goes on to the curves. */
#include "tests/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CURVES_ONE_IN 16384 /* they cost a thousand times as much as all the rest */

static struct server_name server;
static struct noise_cipher cipher;

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void open_once(void)
{
    if (server.mac1_key[0] != 0 || server.mac1_key[1] != 0)
        return;
    struct noise_keys keys = sealed_keys_of(SEALED_SERVER);
    expect(noise_ready());
    server_name_make(&server, keys.public_key);
    memset(cipher.key, 0x5a, sizeof(cipher.key));
}

static void try_curves(const uint8_t record[static HELLO_SIZE])
{
    struct sealed_side side = sealed_server();
    uint8_t made[HELLO_SIZE];
    memcpy(made, record, HELLO_SIZE);
    memcpy(made + HEADER_SIZE + HELLO_KEY_ID, server.key_id, KEY_NAME_SIZE);
    mac1_make(made + HEADER_SIZE + HELLO_MAC1, made, &server);
    expect(hello_is_addressed(made, &server));
    expect(!sealed_hear_hello(&side, made));
}

static void try_hello(const uint8_t *data, size_t size)
{
    static uint32_t count;
    if (size < HELLO_SIZE)
        return;
    uint8_t *record = malloc(HELLO_SIZE); /* of its own, so that one byte too far is seen */
    expect(record != NULL);
    memcpy(record, data, HELLO_SIZE);
    expect(!hello_is_addressed(record, &server));
    if (++count % CURVES_ONE_IN == 0) {
        record_header_encode(record, &(struct record_header){RECORD_HELLO, HELLO_BODY_SIZE});
        try_curves(record);
    }
    free(record);
}

static void try_data(const uint8_t *data, size_t size)
{
    uint8_t *record = malloc(size);
    size_t frame_count = 99;
    expect(record != NULL);
    memcpy(record, data, size);
    expect(!record_open(&cipher, record, size, &frame_count) && cipher.counter == 0);
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_header header = {0xa5, 0xa5a5};
    open_once();
    if (size < HEADER_SIZE)
        return 0;
    enum record_fault fault = record_header_decode(&header, data);
    if (fault != RECORD_FINE) {
        expect(header.type == 0xa5 && header.body_size == 0xa5a5);
        return 0;
    }
    expect(header.body_size <= RECORD_SIZE_MAX - HEADER_SIZE);
    if (header.type == RECORD_HELLO)
        try_hello(data, size);
    else if (header.type == RECORD_DATA)
        try_data(data, size);
    else if (header.type == RECORD_BUSY && size >= BUSY_SIZE)
        expect(busy_wait_ms(busy_decode(data), 7) <= BUSY_WAIT_MS_MAX + BUSY_WAIT_MS_MAX / 2);
    return 0;
}
