/* The real program with a ledger: killed, started again, swapped, with an older ledger in its
 * place. */
#include "protocol/ledger_head.h"
#include "tests/eligd_ledger.h"

/* ---- killed ---- */

START_TEST(what_was_answered_stands_though_the_server_is_killed)
{
    START("--loops", _i == 0 ? "2" : "1", "--busy-poll", _i == 0 ? "0" : "1000000");
    struct response used = ask(KIND_USE, 1, 0);
    ck_assert_uint_eq(used.status, STATUS_APPLIES);
    ck_assert_uint_eq(used.relief_amount, 15000);
    ck_assert_uint_ne(used.ledger_sequence, 0);
    ck_assert_uint_eq(ask(KIND_RESERVE, 2, 0).status, STATUS_APPLIES);
    eligd_kill();

    START("--loops", "2");
    struct response again = ask(KIND_USE, 1, 0);
    ck_assert_uint_eq(again.status, STATUS_APPLIES);
    ck_assert_uint_eq(again.ledger_sequence, used.ledger_sequence);
    ck_assert_uint_eq(again.relief_amount, used.relief_amount);
    ck_assert_uint_eq(ask(KIND_STATUS, 3, 2).status, STATUS_RESERVED);
    ck_assert_uint_eq(ask(KIND_CONFIRM, 4, 2).status, STATUS_CONFIRMED);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("verdict_applies"), 1);
    ck_assert_uint_eq(eligd_total("verdict_reserved"), 1);
    ck_assert_uint_eq(eligd_total("verdict_confirmed"), 1);
    ck_assert_uint_eq(eligd_total("ledger_waiting"), 0);
}
END_TEST

/* Killed with transactions on their way: whoever was answered has the same answer afterwards, and
 * nothing is done twice. */
START_TEST(what_is_asked_again_after_a_kill_is_done_once)
{
    static uint64_t sequences[MANY];
    START("--loops", "1");
    int fd = connect_unix();
    size_t answered = 0;
    for (size_t i = 0; i < MANY; i += 10) {
        for (size_t j = 0; j < 10; j++)
            put(j, KIND_USE, i + j + 1, 0);
        send_frames(fd, 10);
        if (i < MANY / 2) {
            ck_assert_uint_eq(receive(fd, 10), 10);
            for (size_t j = 0; j < 10; j++)
                sequences[answered++] = response_at(j).ledger_sequence;
        }
    }
    eligd_kill();
    close(fd);

    START("--loops", "1");
    fd = connect_unix();
    for (size_t i = 0; i < MANY; i++)
        put(i, KIND_USE, i + 1, 0);
    send_frames(fd, MANY);
    ck_assert_uint_eq(receive(fd, MANY), MANY);
    uint64_t most = 0;
    for (size_t i = 0; i < MANY; i++) {
        struct response response = response_at(i);
        ck_assert_uint_eq(response.status, STATUS_APPLIES);
        ck_assert_uint_gt(response.ledger_sequence, most);
        most = response.ledger_sequence;
        if (i < answered)
            ck_assert_uint_eq(response.ledger_sequence, sequences[i]);
    }
    close(fd);
    eligd_stop();
}
END_TEST

/* Of somebody who does not know whether the first one arrived. */
START_TEST(the_same_on_two_connections_at_once_is_done_once)
{
    START("--loops", "2");
    for (uint64_t id = 1; id <= 3; id++) {
        int fds[2] = {connect_unix(), connect_unix()};
        uint64_t sequences[2];
        put(0, KIND_RESERVE, id, 0);
        for (int i = 0; i < 2; i++)
            send_frames(fds[i], 1);
        for (int i = 0; i < 2; i++) {
            ck_assert_uint_eq(receive(fds[i], 1), 1);
            ck_assert_uint_eq(response_at(0).status, STATUS_APPLIES);
            sequences[i] = response_at(0).ledger_sequence;
            close(fds[i]);
        }
        ck_assert_uint_eq(sequences[0], sequences[1]);
    }
    eligd_stop();
}
END_TEST

START_TEST(a_swap_while_transactions_are_under_way_loses_none)
{
    START("--loops", "2");
    int fds[4];
    uint64_t request_id = 1;
    for (int i = 0; i < 4; i++)
        fds[i] = connect_unix();
    for (uint32_t round = 1; round <= 5; round++) {
        fixture_publish(fixture);
        while (eligd_count_events("swap") < round)
            for (int i = 0; i < 4; i++) {
                for (size_t j = 0; j < 20; j++)
                    put(j, j % 3 == 0 ? KIND_CHECK : KIND_USE, request_id++, 0);
                send_frames(fds[i], 20);
                ck_assert_uint_eq(receive(fds[i], 20), 20);
                for (size_t j = 0; j < 20; j++)
                    ck_assert_uint_eq(response_at(j).status, STATUS_APPLIES);
            }
    }
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("swaps"), 5);
}
END_TEST

START_TEST(what_is_under_way_when_it_shall_stop_is_answered)
{
    START("--loops", "1");
    int fd = connect_unix();
    for (size_t i = 0; i < MANY; i++)
        put(i, KIND_USE, i + 1, 0);
    send_frames(fd, MANY);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_uint_eq(receive(fd, MANY), MANY);
    for (size_t i = 0; i < MANY; i++) {
        uint16_t status = response_at(i).status;
        ck_assert(status == STATUS_APPLIES || status == STATUS_DRAINING);
    }
    close(fd);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
}
END_TEST

/* ---- refused ---- */

START_TEST(a_snapshot_without_subjects_or_of_another_key_refuses_the_start)
{
    struct fault fault;
    char other[500];
    snprintf(other, sizeof(other), "%s/other.key", folder);
    ck_assert(keyfile_create_subject(other, &fault));
    check_refused((const char *const[]){"--subject-key", other, NULL}, "with another key");
    unlink(other);
}
END_TEST

/* A head of another ledger says nothing of how old this one is. */
START_TEST(a_head_of_another_environment_is_never_accepted)
{
    char kept[600];
    struct fault fault;
    struct sign_secret *secret;
    struct ledger_head other = {.format = LEDGER_FORMAT, .environment = 8, .subject_key = 1};
    ck_assert(keyfile_open_secret(&secret, head_key, &fault));
    ck_assert(ledger_head_write(folder, &other, secret, &fault));
    keyfile_close_secret(secret);
    snprintf(kept, sizeof(kept), "%s/head", folder);
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", kept,
                                        "--accept-older-ledger", NULL},
                  "of another environment");
    unlink(kept);
}
END_TEST

START_TEST(an_older_ledger_than_the_head_says_refuses_the_start_unless_it_is_accepted)
{
    char head[600], kept[600], old[600];
    static uint8_t bytes[256];
    snprintf(head, sizeof(head), "%s/head", ledger);
    snprintf(kept, sizeof(kept), "%s/kept-head", folder);
    START("--ledger-head-key", head_key);
    ck_assert_uint_eq(ask(KIND_USE, 1, 0).status, STATUS_APPLIES);
    eligd_stop();
    FILE *from = fopen(head, "r");
    ck_assert_ptr_nonnull(from);
    size_t size = fread(bytes, 1, sizeof(bytes), from);
    fclose(from);
    support_write_file(kept, bytes, size, 0644);

    /* The same ledger, gone on: it is fine. */
    START("--ledger-head-key", head_key, "--ledger-head", kept);
    ck_assert_uint_eq(ask(KIND_USE, 2, 0).status, STATUS_APPLIES);
    eligd_stop();

    remove_ledger();
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", kept, NULL},
                  "it is an older copy");
    START("--ledger-head-key", head_key, "--ledger-head", kept, "--accept-older-ledger");
    ck_assert_uint_eq(eligd_count_events("ledger_accepted"), 1);
    for (uint64_t i = 11; i < 14; i++)
        ck_assert_uint_eq(ask(KIND_USE, i, 0).status, STATUS_APPLIES);
    eligd_stop();

    /* It has gone on from there, and is another one by now. */
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", kept, NULL},
                  "is another one than the head says");
    bytes[20] ^= 1;
    snprintf(old, sizeof(old), "%s/forged-head", folder);
    support_write_file(old, bytes, size, 0644);
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", old, NULL},
                  "the signature does not fit");
    unlink(kept);
    unlink(old);
}
END_TEST

static const struct bad {
    const char *extra[6];
    const char *text;
} bads[] = {
    {{NULL}, "--ledger: wants --subject-key FILE"},
    {{"--subject-key", "k", "--ledger-head", "h", NULL}, "wants --ledger-head-key FILE"},
    {{"--subject-key", "k", "--accept-older-ledger", NULL}, "older than what?"},
};

START_TEST(options_that_do_not_go_together_are_named)
{
    static char said[1 << 16];
    spawn(bads[_i].extra);
    ck_assert_int_eq(eligd_wait_for_exit(), 2);
    eligd_read_log(said, sizeof(said));
    ck_assert_msg(strstr(said, bads[_i].text) != NULL, "%s", said);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eligd_ledger");
    TCase *tcase = tcase_create("eligd_ledger");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_loop_test(tcase, what_was_answered_stands_though_the_server_is_killed, 0, 2);
    tcase_add_test(tcase, what_is_asked_again_after_a_kill_is_done_once);
    tcase_add_test(tcase, the_same_on_two_connections_at_once_is_done_once);
    tcase_add_test(tcase, a_swap_while_transactions_are_under_way_loses_none);
    tcase_add_test(tcase, what_is_under_way_when_it_shall_stop_is_answered);
    tcase_add_test(tcase, a_snapshot_without_subjects_or_of_another_key_refuses_the_start);
    tcase_add_test(tcase, a_head_of_another_environment_is_never_accepted);
    tcase_add_test(tcase,
                   an_older_ledger_than_the_head_says_refuses_the_start_unless_it_is_accepted);
    tcase_add_loop_test(tcase, options_that_do_not_go_together_are_named, 0,
                        (int)(sizeof(bads) / sizeof(bads[0])));
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
