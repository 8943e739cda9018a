/* The thread of handshakes with a real store behind it: what becomes of HELLOs, how many may wait,
 * and what a list of revoked keys changes while it runs. */
#include "tests/lobby.h"

#include <fcntl.h>
#include <sys/resource.h>

static struct lobby lobby;
static struct elig_session session;
static struct elig_session_settings settings;
static struct handshake_asked asked;
static struct handshake_done done;
static char log_path[512];

static void open_lobby(void)
{
    snprintf(log_path, sizeof(log_path), "%.400s/log", support_directory());
    int fd = open(log_path, O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
    lobby_open(&lobby, 64);
    settings = lobby_terminal(&lobby, LOBBY_TILL);
    asked = (struct handshake_asked){.loop = 1, .conn = 5, .serial = 9};
}

static void close_lobby(void)
{
    lobby_close(&lobby);
}

static uint32_t count_lines_of(FILE *from, const char *text)
{
    char line[4096];
    uint32_t count = 0;
    rewind(from);
    while (fgets(line, sizeof(line), from) != NULL)
        count += strstr(line, text) != NULL;
    return count;
}

static uint32_t count_lines(const char *text)
{
    FILE *from = fopen(log_path, "r");
    uint32_t count = count_lines_of(from, text);
    fclose(from);
    return count;
}

static void wait_for_lines(const char *text, uint32_t count)
{
    for (int ms = 0; ms < lobby_wait_ms() && count_lines(text) < count; ms++)
        usleep(1000);
    ck_assert_msg(count_lines(text) == count, "%s: %u lines", text, count_lines(text));
}

static void open_handshakes(void)
{
    lobby_open_handshakes(&lobby, false);
    lobby_start(&lobby);
}

static void make_hello(void)
{
    elig_session_close(&session);
    lobby_greet(&lobby, &session, &settings, asked.hello);
}

static enum hello_end wait_for_end(void)
{
    for (int ms = 0; ms < lobby_wait_ms(); ms++) {
        if (handshakes_take(lobby.handshakes, asked.loop, &done))
            return done.end;
        usleep(1000);
    }
    ck_abort_msg("nothing was done");
    return HELLO_END_COUNT;
}

static enum hello_end shake(void)
{
    ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
    return wait_for_end();
}

static enum hello_end greet(void)
{
    make_hello();
    return shake();
}

/* ---- what becomes of a HELLO ---- */

START_TEST(an_accepted_hello_makes_both_sides_of_a_session)
{
    struct elig_event event;
    uint8_t record[DATA_SIZE(1)], frame[FRAME_SIZE];
    size_t size, count;
    open_handshakes();
    asked.key_index = (uint8_t)_i;
    if (_i == 1)
        memcpy(settings.server_public, lobby.server_keys[1].public_key, NOISE_KEY_SIZE);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    ck_assert_uint_eq(done.conn, 5);
    ck_assert_uint_eq(done.serial, 9);
    ck_assert_uint_eq(done.terminal_number, LOBBY_TILL);
    ck_assert(memcmp(done.terminal_key, lobby.terminals[LOBBY_TILL].public_key, NOISE_KEY_SIZE) ==
              0);
    ck_assert_uint_eq(elig_session_take(&session, done.accept, ACCEPT_SIZE, &event), ACCEPT_SIZE);
    ck_assert_int_eq(event.kind, ELIG_EVENT_ACCEPTED);
    ck_assert_uint_eq(event.terms.generation, 1);
    ck_assert_uint_eq(event.terms.idle_s, 77);
    ck_assert_uint_eq(event.terms.identifiers_per_min, 120);
    ck_assert_uint_eq(event.terms.records_max, SESSION_RECORDS_MAX);
    ck_assert_uint_ne(event.terms.session_id, 0);
    ck_assert_uint_ge(atomic_load(&lobby.wake_counts[1]), 1);

    lobby_check_frame(frame, LOBBY_CODE, 1);
    ck_assert_int_eq(elig_session_put(&session, frame, 1, record, sizeof(record), &size),
                     ELIG_FINE);
    ck_assert(record_open(&done.receive, record, size, &count));
    ck_assert(memcmp(record + HEADER_SIZE, frame, FRAME_SIZE) == 0);
    size = record_seal(&done.send, record, 1);
    ck_assert_uint_eq(elig_session_take(&session, record, size, &event), size);
    ck_assert_int_eq(event.kind, ELIG_EVENT_FRAMES);
}
END_TEST

START_TEST(two_sessions_have_nothing_in_common)
{
    struct noise_cipher send;
    open_handshakes();
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    send = done.send;
    uint8_t accept[ACCEPT_SIZE];
    memcpy(accept, done.accept, ACCEPT_SIZE);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    ck_assert(memcmp(&send, &done.send, sizeof(send)) != 0);
    for (size_t at = HEADER_SIZE; at + 8 <= ACCEPT_SIZE; at += 8)
        ck_assert(memcmp(accept + at, done.accept + at, 8) != 0);
}
END_TEST

static void other_environment(void)
{
    settings.environment++;
}
static void a_bit_of_the_static_key(void)
{
    asked.hello[HEADER_SIZE + HELLO_STATIC] ^= 1;
}
static void a_bit_of_the_payload(void)
{
    asked.hello[HELLO_SIZE - 1] ^= 1;
}
static void another_key_index(void)
{
    asked.key_index = 1;
}
static void a_point_of_low_order(void)
{
    memset(asked.hello + HEADER_SIZE + HELLO_EPHEMERAL, 0, NOISE_KEY_SIZE);
}
static void an_unknown_key(void)
{
    settings.terminal_secret[9] ^= 1;
}
static void another_number(void)
{
    settings.terminal_id = LOBBY_GATE;
}
static void a_terminal_that_has_ended(void)
{
    settings = lobby_terminal(&lobby, LOBBY_ENDED);
}
static void a_terminal_that_has_not_begun(void)
{
    settings = lobby_terminal(&lobby, LOBBY_EARLY);
}
static void no_merchant_key(void)
{
    ck_assert_int_eq(unlink(lobby.merchant_key), 0);
}
static void a_merchant_key_that_is_none(void)
{
    support_write_file(lobby.merchant_key, "not a key\n", 10, 0600);
}
static void a_merchant_key_that_others_read(void)
{
    ck_assert_int_eq(chmod(lobby.merchant_key, 0644), 0);
}
static void an_old_counter(void)
{
    lobby.counter = 0;
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    lobby.counter = 0;
}

static const struct {
    const char *name;
    void (*before)(void); /* it is made */
    void (*after)(void);
    enum hello_end end;
} refusals[] = {
    {"another environment", other_environment, NULL, HELLO_UNREADABLE},
    {"a bit of the sealed key", NULL, a_bit_of_the_static_key, HELLO_UNREADABLE},
    {"a bit of the payload", NULL, a_bit_of_the_payload, HELLO_UNREADABLE},
    {"opened by the wrong key of the server", NULL, another_key_index, HELLO_UNREADABLE},
    {"a point of low order", NULL, a_point_of_low_order, HELLO_UNREADABLE},
    {"an unknown key", an_unknown_key, NULL, HELLO_STRANGER},
    {"another terminal's number", another_number, NULL, HELLO_STRANGER},
    {"a terminal that has ended", a_terminal_that_has_ended, NULL, HELLO_ENDED},
    {"a terminal that has not begun", a_terminal_that_has_not_begun, NULL, HELLO_ENDED},
    {"no merchant key", no_merchant_key, NULL, HELLO_NO_MERCHANT_KEY},
    {"a merchant key that is none", a_merchant_key_that_is_none, NULL, HELLO_NO_MERCHANT_KEY},
    {"a merchant key that all may read", a_merchant_key_that_others_read, NULL,
     HELLO_NO_MERCHANT_KEY},
    {"a counter that has not risen", an_old_counter, NULL, HELLO_REPLAYED},
};

START_TEST(a_refused_hello_ends_as_it_should_and_leaves_no_keys)
{
    open_handshakes();
    if (refusals[_i].before != NULL)
        refusals[_i].before();
    make_hello();
    if (refusals[_i].after != NULL)
        refusals[_i].after();
    enum hello_end end = shake();
    ck_assert_msg(end == refusals[_i].end, "%s: %d", refusals[_i].name, end);
    ck_assert(bytes_are_zero((const uint8_t *)&done.send, sizeof(done.send)));
    ck_assert(bytes_are_zero((const uint8_t *)&done.receive, sizeof(done.receive)));
    ck_assert(bytes_are_zero(done.accept, sizeof(done.accept)));
}
END_TEST

START_TEST(the_same_hello_is_good_once)
{
    open_handshakes();
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    ck_assert_int_eq(shake(), HELLO_REPLAYED);
    lobby.counter += 5; /* some were lost: never mind */
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    /* a stranger's high counter is nobody's */
    an_unknown_key();
    lobby.counter += 1000;
    ck_assert_int_eq(greet(), HELLO_STRANGER);
    settings = lobby_terminal(&lobby, LOBBY_TILL);
    lobby.counter -= 1000;
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
}
END_TEST

/* Others of whom as many are remembered as may be make way; and who knows who was among them. */
START_TEST(when_counters_are_full_newcomers_are_let_in_above_the_floor)
{
    open_handshakes();
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    for (uint32_t i = 1; i < COUNTERS_MAX; i++)
        ck_assert(counters_rise(lobby.counters, 1000 + i, 50));
    settings = lobby_terminal(&lobby, LOBBY_GATE);
    lobby.counter = 49;
    ck_assert_int_eq(greet(), HELLO_REPLAYED);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    settings = lobby_terminal(&lobby, LOBBY_TILL); /* is in the catalogue: as if nothing was */
    lobby.counter = 0;
    ck_assert_int_eq(greet(), HELLO_REPLAYED);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
}
END_TEST

/* With one place: a refusal that kept it would leave the next terminal to share another. */
START_TEST(refusals_leave_no_place_with_the_guard)
{
    struct guard_settings guard = {.slot_count = 1, .save_s = 10, .key = {4}};
    struct guard_alarm alarm;
    struct fault fault;
    guard_close(lobby.guard);
    ck_assert(guard_open(&lobby.guard, &guard, &fault));
    open_handshakes();
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    guard_leave(lobby.guard, done.guard_slot);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(shake(), HELLO_REPLAYED);
    no_merchant_key();
    ck_assert_int_eq(greet(), HELLO_NO_MERCHANT_KEY);
    support_write_file(lobby.merchant_key, "", 0, 0600);
    unlink(lobby.merchant_key);
    ck_assert(keyfile_create_merchant(lobby.merchant_key, &fault));
    settings = lobby_terminal(&lobby, LOBBY_GATE);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    ck_assert(!guard_take_alarm(lobby.guard, &alarm));
}
END_TEST

/* ---- how many may wait ---- */

START_TEST(as_many_as_may_wait_do_and_the_next_is_told_so)
{
    lobby_open_handshakes(&lobby, false);
    make_hello();
    a_bit_of_the_payload(); /* none of them comes to anything */
    for (uint32_t i = 0; i < HANDSHAKES_WAITING_MAX; i++) {
        asked.loop = i % LOBBY_LOOPS;
        asked.conn = i;
        asked.source = i;
        ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
    }
    ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED_FULL);
    lobby_start(&lobby);
    for (uint32_t loop = 0; loop < LOBBY_LOOPS; loop++)
        for (uint32_t i = loop; i < HANDSHAKES_WAITING_MAX; i += LOBBY_LOOPS) {
            asked.loop = loop;
            ck_assert_int_eq(wait_for_end(), HELLO_UNREADABLE);
            ck_assert_uint_eq(done.conn, i); /* in order */
            if (loop == 0 && i == 0) {       /* one place is free, and only one */
                ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
                ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED_FULL);
            }
        }
    asked.loop = 0;
    ck_assert_int_eq(wait_for_end(), HELLO_UNREADABLE);
    for (uint32_t loop = 0; loop < LOBBY_LOOPS; loop++)
        ck_assert(!handshakes_take(lobby.handshakes, loop, &done));
}
END_TEST

/* How many of `count` HELLOs from one source may wait; what the last was told. */
static uint32_t submit_from(uint64_t source, uint32_t count, enum submitted *last)
{
    uint32_t submitted_count = 0;
    asked.source = source;
    for (uint32_t i = 0; i < count; i++) {
        *last = handshakes_submit(lobby.handshakes, &asked);
        submitted_count += *last == SUBMITTED;
    }
    return submitted_count;
}

/* The same for a source whose share is not already taken: now and then two are counted as one. */
static uint32_t submit_from_another(uint64_t *source, uint32_t count, enum submitted *last)
{
    uint32_t submitted_count = 0;
    for (int tries = 0; submitted_count == 0 && tries < 8; tries++)
        submitted_count = submit_from((*source)++, count, last);
    return submitted_count;
}

/* Whoever comes from one address has the beginning of the queue and then a share; all others still
 * find room. */
START_TEST(one_source_cannot_keep_the_others_out)
{
    enum submitted last;
    uint64_t source = 1;
    lobby_open_handshakes(&lobby, false);
    make_hello();
    a_bit_of_the_payload();
    ck_assert_uint_eq(submit_from(source++, HANDSHAKES_WAITING_MAX, &last), HANDSHAKES_CROWD_MIN);
    ck_assert_int_eq(last, SUBMITTED_CROWDED);
    uint32_t room = HANDSHAKES_WAITING_MAX - HANDSHAKES_CROWD_MIN;
    for (; room > HANDSHAKES_SHARE_MAX; room -= HANDSHAKES_SHARE_MAX) {
        ck_assert_uint_eq(submit_from_another(&source, HANDSHAKES_WAITING_MAX, &last),
                          HANDSHAKES_SHARE_MAX);
        ck_assert_int_eq(last, SUBMITTED_CROWDED);
    }
    for (; room > 0; room--)
        ck_assert_uint_eq(submit_from_another(&source, 1, &last), 1);
    ck_assert_uint_eq(submit_from(source, 1, &last), 0);
    ck_assert_int_eq(last, SUBMITTED_FULL);
}
END_TEST

/* A share comes back with each HELLO that is taken back, to the source that it was of. */
START_TEST(a_share_comes_back_with_what_is_done)
{
    enum submitted last;
    lobby_open_handshakes(&lobby, false);
    make_hello();
    a_bit_of_the_payload();
    ck_assert_uint_eq(submit_from(1, HANDSHAKES_SHARE_MAX, &last), HANDSHAKES_SHARE_MAX);
    ck_assert_uint_eq(submit_from(2, HANDSHAKES_SHARE_MAX, &last), HANDSHAKES_SHARE_MAX);
    ck_assert_uint_eq(submit_from(3, HANDSHAKES_CROWD_MIN, &last), HANDSHAKES_SHARE_MAX);
    lobby_start(&lobby);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_int_eq(wait_for_end(), HELLO_UNREADABLE);
    ck_assert_uint_eq(submit_from(3, 1, &last), 0);
    ck_assert_uint_eq(submit_from(2, 1, &last), 0);
    ck_assert_uint_eq(submit_from(1, HANDSHAKES_SHARE_MAX, &last), 100);
}
END_TEST

START_TEST(closing_does_not_wait_for_those_who_wait)
{
    lobby_open_handshakes(&lobby, false);
    make_hello();
    if (_i == 1)
        lobby_start(&lobby);
    for (uint32_t i = 0; i < 1000; i++)
        ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
    lobby_close_handshakes(&lobby);
}
END_TEST

/* Nobody is judged by an edition that has gone: once the new one is heard of, it stays. */
START_TEST(an_edition_changes_while_hellos_wait)
{
    bool is_swapped = false;
    uint32_t ended_count = 0;
    open_handshakes();
    for (int i = 0; i < lobby_wait_ms() && ended_count < 20; i++) {
        for (uint32_t j = 0; j < 20; j++) {
            make_hello();
            ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
        }
        if (i == 2) {
            fixture_terminal_at(lobby.fixture, LOBBY_TILL)->until_day = FIXTURE_FROM_DAY;
            fixture_publish(lobby.fixture);
            store_look(lobby.store);
        }
        for (uint32_t j = 0; j < 20; j++) {
            enum hello_end end = wait_for_end();
            ck_assert_int_eq(end, is_swapped || end == HELLO_ENDED ? HELLO_ENDED : HELLO_ACCEPTED);
            is_swapped = end == HELLO_ENDED;
            ended_count += is_swapped;
        }
        for (uint32_t reader = 0; reader < LOBBY_LOOPS; reader++)
            (void)store_take(lobby.store, reader);
    }
    ck_assert_uint_ge(ended_count, 20);
    ck_assert_uint_eq(store_swap_count(lobby.store), 1);
}
END_TEST

START_TEST(a_new_merchant_needs_no_restart)
{
    struct fault fault;
    open_handshakes();
    no_merchant_key();
    ck_assert_int_eq(greet(), HELLO_NO_MERCHANT_KEY);
    ck_assert(keyfile_create_merchant(lobby.merchant_key, &fault));
    ck_assert(keyfile_read_merchant(settings.psk, lobby.merchant_key, &fault));
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
}
END_TEST

/* ---- revoked keys ---- */

static void wait_for_list(uint32_t count)
{
    for (int ms = 0; ms < lobby_wait_ms() && handshakes_revocation_count(lobby.handshakes) < count;
         ms++)
        usleep(1000);
    ck_assert_uint_eq(handshakes_revocation_count(lobby.handshakes), count);
}

static bool is_revoked(uint32_t number)
{
    return handshakes_has_revoked(lobby.handshakes, lobby.terminals[number].public_key);
}

static void open_with_list(void)
{
    lobby_revoke(&lobby, 5, LOBBY_GATE, 0);
    lobby_open_handshakes(&lobby, true);
    lobby_start(&lobby);
}

START_TEST(a_new_list_is_heard_of_by_every_loop_and_holds_at_once)
{
    open_with_list();
    ck_assert(is_revoked(LOBBY_GATE) && !is_revoked(LOBBY_TILL));
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    uint32_t before[LOBBY_LOOPS];
    for (uint32_t i = 0; i < LOBBY_LOOPS; i++)
        before[i] = atomic_load(&lobby.wake_counts[i]);
    lobby_revoke(&lobby, 6, LOBBY_GATE, LOBBY_TILL);
    wait_for_list(2);
    wait_for_lines("event=revocations sequence=6 count=2", 1);
    ck_assert_int_eq(greet(), HELLO_REVOKED);
    for (uint32_t i = 0; i < LOBBY_LOOPS; i++)
        ck_assert_uint_gt(atomic_load(&lobby.wake_counts[i]), before[i]);

    /* And when one is taken off again. */
    lobby_revoke(&lobby, 7, LOBBY_GATE, 0);
    wait_for_list(3);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
}
END_TEST

static void an_older_list(void)
{
    lobby_revoke(&lobby, 4, 0, 0);
}
static void garbage(void)
{
    support_write_file(lobby.revocations, "whatever", 8, 0600);
}
static void an_empty_file(void)
{
    support_write_file(lobby.revocations, "", 0, 0600);
}
static void a_spoilt_list(void)
{
    uint8_t bytes[REVOCATIONS_SIZE(1)];
    FILE *file = fopen(lobby.revocations, "r");
    ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes), file), sizeof(bytes));
    fclose(file);
    bytes[REVOCATION_HEAD_SIZE] ^= 1;
    support_write_file(lobby.revocations, bytes, sizeof(bytes), 0600);
}
static void a_folder(void)
{
    ck_assert_int_eq(unlink(lobby.revocations), 0);
    ck_assert_int_eq(mkdir(lobby.revocations, 0700), 0);
}

static void (*const spoilers[])(void) = {an_older_list, garbage, an_empty_file, a_spoilt_list,
                                         a_folder};
#define SPOILERS (sizeof(spoilers) / sizeof(spoilers[0]))

START_TEST(a_list_that_is_refused_changes_nothing_and_is_said_once)
{
    open_with_list();
    spoilers[_i]();
    wait_for_lines("event=revocations_refused", 1);
    settings = lobby_terminal(&lobby, LOBBY_GATE);
    ck_assert_int_eq(greet(), HELLO_REVOKED);
    settings = lobby_terminal(&lobby, LOBBY_TILL);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    (void)rmdir(lobby.revocations);
    lobby_revoke(&lobby, 6, LOBBY_TILL, 0);
    wait_for_list(2);
    ck_assert_int_eq(greet(), HELLO_REVOKED);
    ck_assert_uint_eq(count_lines("event=revocations_refused"), 1);
}
END_TEST

/* What was in the way passes, and the file is as it was: it is read all the same. */
START_TEST(a_list_that_could_not_be_read_for_a_while_is_read_then)
{
    static struct lobby elsewhere;
    struct rlimit limit;
    open_with_list();
    elsewhere.fixture = lobby.fixture;
    memcpy(elsewhere.terminals, lobby.terminals, sizeof(elsewhere.terminals));
    snprintf(elsewhere.revocations, sizeof(elsewhere.revocations), "%.500s.next",
             lobby.revocations);
    lobby_revoke(&elsewhere, 6, LOBBY_TILL, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {0, limit.rlim_max}; /* whoever has a file open keeps it */
    FILE *log = fopen(log_path, "r");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int renamed = rename(elsewhere.revocations, lobby.revocations);
    for (int ms = 0; ms < lobby_wait_ms() && count_lines_of(log, "event=revocations_refused") == 0;
         ms++)
        usleep(1000);
    usleep(2 * REVOCATIONS_POLL_MS * 1000); /* to be refused again, and not to say so */
    fclose(log);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(renamed, 0);
    wait_for_list(2);
    ck_assert_int_eq(greet(), HELLO_REVOKED);
    ck_assert_uint_eq(count_lines("event=revocations_refused"), 1);
}
END_TEST

START_TEST(a_list_that_is_gone_revokes_as_before)
{
    open_with_list();
    ck_assert_int_eq(unlink(lobby.revocations), 0);
    settings = lobby_terminal(&lobby, LOBBY_GATE);
    ck_assert_int_eq(greet(), HELLO_REVOKED);
    wait_for_lines("event=revocations_gone", 1);
    lobby_revoke(&lobby, 9, LOBBY_TILL, 0);
    wait_for_list(2);
    ck_assert_int_eq(greet(), HELLO_ACCEPTED);
    ck_assert_uint_eq(count_lines("event=revocations_refused"), 0);
}
END_TEST

/* A server that does not know which terminals were stolen does not serve. */
START_TEST(without_a_good_list_there_are_no_handshakes)
{
    struct fault fault = {""};
    struct handshakes *none = NULL;
    struct handshakes_settings wanted = lobby_settings(&lobby);
    struct snapshot_trust trust = fixture_trust(lobby.fixture);
    wanted.revocations = lobby.revocations;
    wanted.revoker = trust.signer;
    ck_assert(!handshakes_open(&none, &wanted, &fault)); /* there is none */
    lobby_revoke(&lobby, 5, LOBBY_GATE, 0);
    wanted.environment++;
    ck_assert(!handshakes_open(&none, &wanted, &fault));
    wanted.environment--;
    a_spoilt_list();
    ck_assert(!handshakes_open(&none, &wanted, &fault));
    ck_assert(fault.text[0] != '\0');
    ck_assert_ptr_null(none);
    handshakes_close(NULL);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_lobby, close_lobby);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("handshakes");
    TCase *tcase = add_case(suite, "hellos");
    tcase_add_loop_test(tcase, an_accepted_hello_makes_both_sides_of_a_session, 0,
                        SERVER_KEY_COUNT_MAX);
    tcase_add_test(tcase, two_sessions_have_nothing_in_common);
    tcase_add_loop_test(tcase, a_refused_hello_ends_as_it_should_and_leaves_no_keys, 0,
                        sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_test(tcase, the_same_hello_is_good_once);
    tcase_add_test(tcase, when_counters_are_full_newcomers_are_let_in_above_the_floor);
    tcase_add_test(tcase, refusals_leave_no_place_with_the_guard);
    tcase = add_case(suite, "waiting");
    tcase_add_test(tcase, as_many_as_may_wait_do_and_the_next_is_told_so);
    tcase_add_test(tcase, one_source_cannot_keep_the_others_out);
    tcase_add_test(tcase, a_share_comes_back_with_what_is_done);
    tcase_add_loop_test(tcase, closing_does_not_wait_for_those_who_wait, 0, 2);
    tcase_add_test(tcase, an_edition_changes_while_hellos_wait);
    tcase_add_test(tcase, a_new_merchant_needs_no_restart);
    tcase = add_case(suite, "revocations");
    tcase_add_test(tcase, a_new_list_is_heard_of_by_every_loop_and_holds_at_once);
    tcase_add_loop_test(tcase, a_list_that_is_refused_changes_nothing_and_is_said_once, 0,
                        SPOILERS);
    tcase_add_test(tcase, a_list_that_could_not_be_read_for_a_while_is_read_then);
    tcase_add_test(tcase, a_list_that_is_gone_revokes_as_before);
    tcase_add_test(tcase, without_a_good_list_there_are_no_handshakes);
    return support_run(suite);
}
