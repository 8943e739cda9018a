#include "bench/replay.h"
#include "protocol/day.h"
#include "tests/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY         20775
#define COUNT       2000
#define RELIEF      7
#define GIVEN       500 /* by each purchase and each CONFIRM */
#define RETURNED    100
#define BREAK_AFTER 97 /* frames of a connection */
#define BUSY_EVERY  50

/* A server of few words: what it answers follows from the frame alone, unless it is asked to be
 * bad. */
enum manner { GOOD, FORGETFUL, BREAKING, BUSY_NOW_AND_THEN, FOREIGN };

static const char truth[] = "P,01018000012,\n";
static char address[512];
static pid_t server_pid;
static struct crowd crowd;
static struct visits visits;
static struct sellers sellers;
static struct replay_result result;
static struct fault fault;

static struct response answer_to(const struct request *request, enum manner manner)
{
    static _Atomic uint64_t sequence;
    struct response answer = {.kind = request->kind,
                              .status = STATUS_CONFIRMED,
                              .relief = RELIEF,
                              .relief_amount = GIVEN,
                              .remaining = REMAINING_UNPUBLISHED,
                              .request_id = request->request_id,
                              .ledger_sequence = request->request_id};
    uint64_t count = ++sequence;
    if (kind_is_purchase(request->kind))
        answer.status = STATUS_APPLIES;
    if (request->kind == KIND_CANCEL)
        answer.status = STATUS_CANCELLED;
    if (request->kind == KIND_REFUND)
        answer.relief_amount = RETURNED;
    if (manner == FORGETFUL)
        answer.ledger_sequence = count;
    if (manner == BUSY_NOW_AND_THEN && count % BUSY_EVERY == 0)
        answer = (struct response){.kind = request->kind,
                                   .status = STATUS_BUSY,
                                   .remaining = REMAINING_UNPUBLISHED,
                                   .request_id = request->request_id,
                                   .wait_ms = 1};
    if (manner == FOREIGN)
        answer.request_id++;
    return answer;
}

struct caller {
    int fd;
    enum manner manner;
};

static void *serve_one(void *of)
{
    struct caller caller = *(struct caller *)of;
    uint8_t frame[FRAME_SIZE];
    free(of);
    for (uint32_t count = 1; recv(caller.fd, frame, FRAME_SIZE, MSG_WAITALL) == FRAME_SIZE;
         count++) {
        struct request request;
        if (frame_decode_request(&request, frame) != STATUS_OK)
            break;
        struct response answer = answer_to(&request, caller.manner);
        if (caller.manner == BREAKING && count == BREAK_AFTER)
            break;
        frame_encode_response(frame, &answer);
        if (send(caller.fd, frame, FRAME_SIZE, MSG_NOSIGNAL) != FRAME_SIZE)
            break;
    }
    close(caller.fd);
    return NULL;
}

static void serve(int listener, enum manner manner)
{
    for (;;) {
        pthread_t thread;
        struct caller *caller = malloc(sizeof(*caller));
        if (caller == NULL)
            _exit(1);
        *caller = (struct caller){accept(listener, NULL, NULL), manner};
        if (caller->fd < 0 || pthread_create(&thread, NULL, serve_one, caller) != 0)
            _exit(1);
        pthread_detach(thread);
    }
}

static void start(enum manner manner)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s/sock", support_directory());
    snprintf(address, sizeof(address), "unix:%s", name.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    server_pid = fork();
    ck_assert_int_ge(server_pid, 0);
    if (server_pid == 0)
        serve(listener, manner);
    close(listener);
}

static void stop(void)
{
    int ended;
    kill(server_pid, SIGKILL);
    waitpid(server_pid, &ended, 0);
    books_free(&result.books);
    visits_free(&visits);
    crowd_free(&crowd);
    sellers_free(&sellers);
}

static struct replay_plan prepare(void)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/truth.csv", support_directory());
    support_write_file(path, truth, sizeof(truth) - 1, 0600);
    ck_assert_msg(crowd_read(&crowd, path, DAY, &fault), "%s", fault.text);
    ck_assert_msg(sellers_read(&sellers, support_path("loader/catalogue"), &fault), "%s",
                  fault.text);
    struct day_draw draw = {.seed = 5, .day = DAY, .visit_count = COUNT, .repeat_percent = 5};
    visits_draw(&visits, &crowd, &draw);
    return (struct replay_plan){.address = address,
                                .visits = &visits,
                                .crowd = &crowd,
                                .sellers = &sellers,
                                .id_first = 1000,
                                .day = DAY,
                                .connection_count = 4,
                                .depth = 8,
                                .patience_ms = 2000,
                                .is_quiet = true};
}

/* What the books must say, from the visits alone: all are granted. */
static void check_books(void)
{
    uint64_t given = 0, returned = 0, wanted_given = 0, wanted_returned = 0;
    for (size_t i = 0; i < result.books.lines.count; i++) {
        const struct books_line *line = totals_entry(&result.books.lines, i);
        ck_assert_uint_eq(line->relief, RELIEF);
        ck_assert_uint_ne(line->provider, 0);
        given += line->given;
        returned += line->returned;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct visit *visit = &visits.list[i];
        bool is_confirmed = visit->kind != KIND_RESERVE || visit->settling == SETTLE_CONFIRM ||
                            visit->settling == SETTLE_CONFIRM_ONE;
        wanted_given += is_confirmed ? GIVEN : 0;
        wanted_returned += is_confirmed && visit->refunding != REFUND_NOTHING ? RETURNED : 0;
    }
    ck_assert_uint_eq(given, wanted_given);
    ck_assert_uint_eq(returned, wanted_returned);
    ck_assert_uint_gt(returned, 0);
}

static const enum manner well_behaved[] = {GOOD, BREAKING, BUSY_NOW_AND_THEN};

START_TEST(the_books_are_right_whatever_breaks)
{
    struct replay_plan plan = prepare();
    start(well_behaved[_i]);
    ck_assert_msg(replay_run(&result, &plan, &fault), "%s", fault.text);
    check_books();
    ck_assert_uint_gt(result.alike_count, COUNT / 50);
    ck_assert_uint_eq(result.unlike_count, 0);
    ck_assert(!result.is_interrupted);
    ck_assert((well_behaved[_i] == BREAKING) == (result.broken_count > 0));
    ck_assert((well_behaved[_i] == GOOD) == (result.resent_count == 0));
    stop();
}
END_TEST

START_TEST(every_answer_is_in_the_journal_once)
{
    char path[512], line[128];
    uint64_t count = 0;
    struct replay_plan plan = prepare();
    snprintf(path, sizeof(path), "%s/journal", support_directory());
    plan.journal_path = path;
    start(BREAKING);
    ck_assert_msg(replay_run(&result, &plan, &fault), "%s", fault.text);
    FILE *journal = fopen(path, "re");
    ck_assert_ptr_nonnull(journal);
    while (fgets(line, sizeof(line), journal) != NULL) {
        char *end;
        ck_assert_int_eq(strncmp(line, "0 ", 2), 0);
        ck_assert_uint_ge(strtoull(line + 2, &end, 10), plan.id_first);
        count++;
    }
    fclose(journal);
    ck_assert_uint_eq(count, result.answered_count);
    stop();
}
END_TEST

START_TEST(another_answer_to_the_same_frame_is_noticed)
{
    struct replay_plan plan = prepare();
    start(FORGETFUL);
    ck_assert_msg(replay_run(&result, &plan, &fault), "%s", fault.text);
    ck_assert_uint_eq(result.alike_count, 0);
    ck_assert_uint_gt(result.unlike_count, COUNT / 50);
    stop();
}
END_TEST

START_TEST(an_answer_to_something_else_is_a_fault)
{
    struct replay_plan plan = prepare();
    start(FOREIGN);
    ck_assert(!replay_run(&result, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "no answer to what was asked"));
    stop();
}
END_TEST

START_TEST(a_server_that_stays_away_is_a_fault_that_says_where)
{
    struct replay_plan plan = prepare();
    plan.address = "unix:/nonexistent/sock";
    plan.patience_ms = 50;
    ck_assert(!replay_run(&result, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/sock"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, the_books_are_right_whatever_breaks, 0,
                        (int)(sizeof(well_behaved) / sizeof(well_behaved[0])));
    tcase_add_test(all, every_answer_is_in_the_journal_once);
    tcase_add_test(all, another_answer_to_the_same_frame_is_noticed);
    tcase_add_test(all, an_answer_to_something_else_is_a_fault);
    tcase_add_test(all, a_server_that_stays_away_is_a_fault_that_says_where);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
