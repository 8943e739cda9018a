#include "tests/market.h"

#include "protocol/keyfile.h"
#include "protocol/profile.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROVIDER UINT64_C(40003619950)

struct market market;

static void path_in(char out[static 512], const char *name)
{
    snprintf(out, 512, "%.400s/%s", support_directory(), name);
}

static void make_keys(void)
{
    struct fault fault;
    char path[600];
    path_in(market.log, "eligd.log");
    path_in(market.port_file, "eligd.port");
    path_in(market.server_key, "server.key");
    path_in(market.merchants, "merchants");
    path_in(market.state, "state");
    ck_assert(keyfile_create_server(market.server_key, &fault));
    snprintf(path, sizeof(path), "%s.pub", market.server_key);
    ck_assert(keyfile_read_server_public(market.server_public, path, &fault));
    ck_assert_int_eq(mkdir(market.merchants, 0700), 0);
    ck_assert_int_eq(mkdir(market.state, 0700), 0);
    snprintf(path, sizeof(path), "%s/%011llu.key", market.merchants, (unsigned long long)PROVIDER);
    ck_assert(keyfile_create_merchant(path, &fault));
    ck_assert(keyfile_read_merchant(market.psk, path, &fault));
}

struct noise_keys market_keys(uint32_t number)
{
    struct noise_keys keys;
    uint8_t secret[NOISE_KEY_SIZE] = {2};
    store_u32(secret + 4, number);
    noise_keys_of_secret(&keys, secret);
    return keys;
}

static void enrol(uint32_t number)
{
    struct noise_keys keys = market_keys(number);
    struct terminal *terminal =
        fixture_terminal(market.fixture, number, keys.public_key, MARKET_POINT, MARKET_POINT);
    terminal->profile = PROFILE_INSPECTOR;
    terminal->from_day = 0;
    terminal->until_day = DAY_NEVER;
    if (number == MARKET_RATIONED)
        terminal->per_minute = MARKET_RATION;
}

void market_open(void)
{
    struct fault fault;
    memset(&market, 0, sizeof(market));
    ck_assert(identity_start(&fault));
    make_keys();
    struct fixture *fixture = market.fixture = fixture_open(support_directory());
    uint16_t group = fixture_group(fixture, "half");
    fixture_product(fixture, MARKET_PRODUCT, "half");
    fixture_clause(fixture, MARKET_PRODUCT, fixture_relief(fixture, MARKET_RELIEF, "half"), group,
                   5000);
    fixture_person(fixture, MEANS_PERSONAL_CODE, MARKET_CODE, fixture_set_of(fixture, group));
    fixture_point(fixture, MARKET_POINT, PROVIDER);
    for (uint32_t number = MARKET_TILL; number <= MARKET_RATIONED; number++)
        enrol(number);
    for (uint32_t i = 0; i < MARKET_CROWD; i++)
        enrol(MARKET_FIRST + i);
    fixture_publish(fixture);
}

void market_close(void)
{
    eligd_kill();
    fixture_close(market.fixture);
}

void market_start(uint16_t port, const char *const extra[])
{
    char address[32];
    const char *options[ELIGD_ARGUMENTS_MAX + 1] = {
        "--snapshots",      fixture_directory(market.fixture),
        "--identity-key",   fixture_identity_path(market.fixture),
        "--signing-public", fixture_public_path(market.fixture),
        "--environment",    "7",
        "--listen",         address,
        "--port-file",      market.port_file,
        "--server-key",     market.server_key,
        "--merchant-keys",  market.merchants};
    size_t count = 0;
    snprintf(address, sizeof(address), "127.0.0.1:%u", port);
    while (options[count] != NULL)
        count++;
    for (size_t i = 0; extra[i] != NULL; i++)
        options[count++] = extra[i];
    unlink(market.port_file);
    eligd_start(market.log, options);
    market.port = eligd_read_port(market.port_file);
}

void market_booth(struct booth *booth, uint32_t number)
{
    struct noise_keys keys = market_keys(number);
    booth_make(booth, &keys, market.server_public, market.psk, number);
    booth->counter = market.counter += 1000;
}

void market_frame(uint8_t frame[static FRAME_SIZE], const char *code, uint64_t id)
{
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = id,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
        .product = MARKET_PRODUCT,
        .point_of_sale = MARKET_POINT,
        .unit_price = MARKET_PRICE,
        .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
    };
    memcpy(request.identifier.text, code, 11);
    frame_encode_request(frame, &request);
}

bool market_is_answer(const uint8_t frame[static FRAME_SIZE], const char *code, uint64_t id)
{
    struct response response;
    bool applies = strcmp(code, MARKET_CODE) == 0;
    return frame_decode_response(&response, frame) && response.request_id == id &&
           response.status == (applies ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY) &&
           response.payable == (applies ? MARKET_PRICE / 2 : MARKET_PRICE) &&
           response.relief == (applies ? MARKET_RELIEF : 0);
}

static const char *code_of(size_t i)
{
    return i % 2 == 0 ? MARKET_CODE : MARKET_STRANGER;
}

void market_ask(struct booth *booth, size_t frame_count, uint64_t first_id)
{
    static uint8_t frames[ELIG_FRAMES_MAX * FRAME_SIZE];
    for (size_t i = 0; i < frame_count; i++)
        market_frame(frames + i * FRAME_SIZE, code_of(i), first_id + i);
    ck_assert_msg(booth_ask(booth, frames, frames, frame_count), "the stream has ended: %s",
                  elig_cause_text(booth->event.cause));
    for (size_t i = 0; i < frame_count; i++)
        ck_assert_msg(market_is_answer(frames + i * FRAME_SIZE, code_of(i), first_id + i),
                      "answer %zu", i);
}
