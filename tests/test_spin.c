/* What sleeps is seen by who wakes it: a timer that is due later ends a sleep, and a turn that
 * polls comes back before it. */
#include "engine/spin.h"
#include "tests/support.h"

#include <sys/socket.h>
#include <unistd.h>

#define FAR_S 0.2

static struct ev_loop *ev;
static struct spin spin;
static ev_io reader;
static ev_timer far;
static int pair[2];
static uint64_t wakeup_count;
static uint32_t read_count, far_count;

static void take(struct ev_loop *loop, ev_io *io, int events)
{
    uint8_t byte;
    (void)loop, (void)events;
    ck_assert_int_eq(read(io->fd, &byte, 1), 1);
    read_count++;
    wakeup_count++;
}

static void be_far(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
    far_count++;
}

static void open_loop(uint64_t busy_us)
{
    read_count = far_count = 0;
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ev_io_init(&reader, take, pair[1], EV_READ);
    ev_io_start(ev, &reader);
    ev_timer_init(&far, be_far, FAR_S, FAR_S);
    ev_timer_start(ev, &far);
    spin_begin(&spin, ev, busy_us, &wakeup_count);
}

static void close_loop(void)
{
    ev_loop_destroy(ev);
    close(pair[0]);
    close(pair[1]);
}

static void ask(void)
{
    ck_assert_int_eq(write(pair[0], "", 1), 1);
    uint32_t had = read_count;
    while (read_count == had)
        spin_turn(&spin);
}

START_TEST(without_it_a_turn_sleeps)
{
    open_loop(0);
    ask();
    far_count = 0;
    spin_turn(&spin);
    ck_assert_uint_eq(far_count, 1);
    close_loop();
}
END_TEST

START_TEST(after_something_came_turns_poll_and_what_comes_is_taken)
{
    open_loop(SPIN_US_MAX);
    ask();
    far_count = 0;
    for (uint32_t i = 0; i < 1000 && far_count == 0; i++) {
        spin_turn(&spin); /* would have slept until the timer */
        ck_assert(far_count == 0 || i > 0);
    }
    ask();
    ck_assert_uint_eq(read_count, 2);
    close_loop();
}
END_TEST

/* Nothing comes but the timer, which ends a sleep; a loop that only polled would turn far more. */
START_TEST(when_nothing_comes_for_so_long_it_sleeps)
{
    open_loop(1);
    ask();
    usleep(1000);
    far_count = 0;
    uint64_t until_ns = spin.until_ns;
    uint32_t turn_count = 0;
    while (far_count < 3 && turn_count < 1000) {
        spin_turn(&spin);
        turn_count++;
    }
    ck_assert_uint_eq(far_count, 3);
    ck_assert_uint_eq(spin.until_ns, until_ns); /* a timer is nothing that came */
    close_loop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spin");
    TCase *tcase = tcase_create("spin");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, without_it_a_turn_sleeps);
    tcase_add_test(tcase, after_something_came_turns_poll_and_what_comes_is_taken);
    tcase_add_test(tcase, when_nothing_comes_for_so_long_it_sleeps);
    return support_run(suite);
}
