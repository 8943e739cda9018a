/* Everything that a HELLO meets, without sockets and without a server: keys, a published catalogue
 * with terminals, a store, the thread of handshakes. For suites of the engine; what must not fail
 * aborts the test. */
#ifndef TESTS_LOBBY_H
#define TESTS_LOBBY_H

#include "engine/handshakes.h"
#include "protocol/elig.h"
#include "protocol/frame.h"
#include "protocol/profile.h"
#include "protocol/revocation.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOBBY_CODE     "32000000001"
#define LOBBY_STRANGER "32999999999"
#define LOBBY_PRODUCT  1001
#define LOBBY_POINT    101
#define LOBBY_LOOPS    2 /* the thread of handshakes is the store's reader after them */
#define LOBBY_PROVIDER UINT64_C(40003619950)
enum { LOBBY_TILL = 7, LOBBY_GATE, LOBBY_ENDED, LOBBY_EARLY, LOBBY_LAST };

/* How long anything may take; twins, of which something never happens, are given less. */
static inline int lobby_wait_ms(void)
{
    const char *text = getenv("LOBBY_WAIT_MS");
    return text != NULL && text[0] != 0 ? (int)strtol(text, NULL, 10) : 20000;
}

struct lobby {
    struct fixture *fixture;
    struct store *store;
    struct guard *guard;
    struct counters *counters;
    struct handshakes *handshakes;
    struct noise_keys server_keys[SERVER_KEY_COUNT_MAX], terminals[LOBBY_LAST];
    struct server_identity identity;
    uint8_t psk[NOISE_KEY_SIZE];
    uint64_t counter; /* of the last HELLO */
    char merchants[512], merchant_key[600], revocations[512];
    atomic_uint wake_counts[LOBBY_LOOPS];
    void (*wake)(uint32_t loop); /* NULL: it is only counted */
};

static inline struct noise_keys lobby_keys(uint8_t number)
{
    struct noise_keys keys;
    uint8_t secret[NOISE_KEY_SIZE] = {1, number};
    noise_keys_of_secret(&keys, secret);
    return keys;
}

static inline void lobby_wake(void *context, uint32_t reader)
{
    struct lobby *lobby = context;
    if (reader == LOBBY_LOOPS) {
        if (lobby->handshakes != NULL)
            handshakes_wake(lobby->handshakes);
        return;
    }
    atomic_fetch_add(&lobby->wake_counts[reader], 1);
    if (lobby->wake != NULL)
        lobby->wake(reader);
}

static inline void lobby_publish_first(struct lobby *lobby)
{
    struct fixture *fixture = lobby->fixture = fixture_open(support_directory());
    uint16_t group = fixture_group(fixture, "half");
    fixture_product(fixture, LOBBY_PRODUCT, "half");
    fixture_clause(fixture, LOBBY_PRODUCT, fixture_relief(fixture, 4711, "half"), group, 5000);
    fixture_person(fixture, MEANS_PERSONAL_CODE, LOBBY_CODE, fixture_set_of(fixture, group));
    fixture_point(fixture, LOBBY_POINT, LOBBY_PROVIDER);
    for (uint32_t i = LOBBY_TILL; i < LOBBY_LAST; i++) {
        lobby->terminals[i] = lobby_keys((uint8_t)i);
        struct terminal *terminal =
            fixture_terminal(fixture, i, lobby->terminals[i].public_key, LOBBY_POINT, LOBBY_POINT);
        terminal->profile = i == LOBBY_GATE ? PROFILE_GATE : PROFILE_INSPECTOR;
        terminal->from_day = i == LOBBY_EARLY ? DAY_NEVER - 1 : 1; /* no day before that */
        terminal->until_day = i == LOBBY_ENDED ? FIXTURE_FROM_DAY : DAY_NEVER;
    }
    fixture_publish(fixture);
}

static inline void lobby_open_store(struct lobby *lobby)
{
    struct fault fault;
    struct snapshot_trust trust = fixture_trust(lobby->fixture);
    struct store_settings settings = {
        .directory = fixture_directory(lobby->fixture),
        .signer = trust.signer,
        .identity = trust.identity,
        .environment = trust.environment,
        .poll_ms = 3600000,
        .reader_count = LOBBY_LOOPS + 1,
        .wake = lobby_wake,
        .context = lobby,
    };
    ck_assert_msg(store_open(&lobby->store, &settings, &fault), "%s", fault.text);
    ck_assert_msg(store_start(lobby->store, &fault), "%s", fault.text);
}

static inline struct handshakes_settings lobby_settings(struct lobby *lobby)
{
    return (struct handshakes_settings){
        .identity = &lobby->identity,
        .merchant_keys = lobby->merchants,
        .environment = FIXTURE_ENVIRONMENT,
        .store = lobby->store,
        .reader = LOBBY_LOOPS,
        .guard = lobby->guard,
        .counters = lobby->counters,
        .loop_count = LOBBY_LOOPS,
        .idle_s = 77,
        .per_minute = 120,
        .wake = lobby_wake,
        .context = lobby,
    };
}

static inline void lobby_open_handshakes(struct lobby *lobby, bool has_revocations)
{
    struct fault fault;
    struct handshakes_settings settings = lobby_settings(lobby);
    struct snapshot_trust trust = fixture_trust(lobby->fixture);
    if (has_revocations) {
        settings.revocations = lobby->revocations;
        settings.revoker = trust.signer; /* one key pair is enough for tests */
    }
    ck_assert_msg(handshakes_open(&lobby->handshakes, &settings, &fault), "%s", fault.text);
}

static inline void lobby_start(struct lobby *lobby)
{
    struct fault fault;
    ck_assert_msg(handshakes_start(lobby->handshakes, &fault), "%s", fault.text);
}

/* All but the handshakes. */
static inline void lobby_open(struct lobby *lobby, uint32_t guard_slot_count)
{
    struct fault fault;
    struct guard_settings guard = {.slot_count = guard_slot_count, .save_s = 10, .key = {3}};
    memset(lobby, 0, sizeof(*lobby));
    ck_assert(identity_start(&fault));
    ck_assert_int_ge(sodium_init(), 0);
    lobby_publish_first(lobby);
    snprintf(lobby->merchants, sizeof(lobby->merchants), "%.400s/merchants", support_directory());
    snprintf(lobby->merchant_key, sizeof(lobby->merchant_key), "%s/%011llu.key", lobby->merchants,
             (unsigned long long)LOBBY_PROVIDER);
    snprintf(lobby->revocations, sizeof(lobby->revocations), "%.400s/revoked", support_directory());
    ck_assert_int_eq(mkdir(lobby->merchants, 0700), 0);
    ck_assert(keyfile_create_merchant(lobby->merchant_key, &fault));
    ck_assert(keyfile_read_merchant(lobby->psk, lobby->merchant_key, &fault));
    lobby->identity.key_count = SERVER_KEY_COUNT_MAX;
    for (uint8_t i = 0; i < SERVER_KEY_COUNT_MAX; i++) {
        lobby->server_keys[i] = lobby_keys((uint8_t)(200 + i));
        lobby->identity.keys[i] = &lobby->server_keys[i];
        server_name_make(&lobby->identity.names[i], lobby->server_keys[i].public_key);
    }
    ck_assert_msg(guard_open(&lobby->guard, &guard, &fault), "%s", fault.text);
    ck_assert(counters_open(&lobby->counters, &fault));
    lobby_open_store(lobby);
}

static inline void lobby_close_handshakes(struct lobby *lobby)
{
    handshakes_close(lobby->handshakes);
    lobby->handshakes = NULL;
}

static inline void lobby_close(struct lobby *lobby)
{
    lobby_close_handshakes(lobby);
    for (uint32_t i = 0; i <= LOBBY_LOOPS; i++)
        store_leave(lobby->store, i);
    store_close(lobby->store);
    counters_close(lobby->counters);
    guard_close(lobby->guard);
    fixture_close(lobby->fixture);
}

/* A session of a terminal, not started yet. */
static inline struct elig_session_settings lobby_terminal(const struct lobby *lobby,
                                                          uint32_t number)
{
    struct elig_session_settings settings = {.environment = FIXTURE_ENVIRONMENT,
                                             .terminal_id = number};
    memcpy(settings.terminal_secret, lobby->terminals[number].secret_key, NOISE_KEY_SIZE);
    memcpy(settings.server_public, lobby->server_keys[0].public_key, NOISE_KEY_SIZE);
    memcpy(settings.server_public_next, lobby->server_keys[1].public_key, NOISE_KEY_SIZE);
    memcpy(settings.psk, lobby->psk, NOISE_KEY_SIZE);
    return settings;
}

/* Its next HELLO. */
static inline void lobby_greet(struct lobby *lobby, struct elig_session *session,
                               const struct elig_session_settings *settings,
                               uint8_t hello[static HELLO_SIZE])
{
    struct elig_session_fresh fresh = {.counter = ++lobby->counter};
    store_u64(fresh.random, lobby->counter);
    if (elig_session_state(session) == ELIG_SESSION_CLOSED)
        ck_assert_int_eq(elig_session_open(session, settings), ELIG_FINE);
    ck_assert_int_eq(elig_session_start(session, &fresh, hello), ELIG_FINE);
}

/* A list with these terminals on it, signed by its revoker; 0 ends them. */
static inline void lobby_revoke(const struct lobby *lobby, uint64_t sequence, uint32_t first,
                                uint32_t second)
{
    struct fault fault;
    struct revocations *list = revocations_none(FIXTURE_ENVIRONMENT);
    const uint32_t numbers[] = {first, second};
    for (size_t i = 0; i < 2 && numbers[i] != 0; i++) {
        struct revocation entry = {.terminal = numbers[i], .revoked_s = 1};
        memcpy(entry.key, lobby->terminals[numbers[i]].public_key, NOISE_KEY_SIZE);
        ck_assert_msg(revocations_add(&list, &entry, &fault), "%s", fault.text);
    }
    list->sequence = sequence;
    list->signed_s = 1;
    ck_assert_msg(
        revocations_write(list, lobby->revocations, fixture_secret(lobby->fixture), &fault), "%s",
        fault.text);
    revocations_free(list);
}

static inline void lobby_check_frame(uint8_t frame[static FRAME_SIZE], const char *code,
                                     uint64_t id)
{
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = id,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
        .product = LOBBY_PRODUCT,
        .point_of_sale = LOBBY_POINT,
        .unit_price = 15000,
        .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
    };
    memcpy(request.identifier.text, code, 11);
    frame_encode_request(frame, &request);
}

#endif
