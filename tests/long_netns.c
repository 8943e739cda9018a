/* Faults that the network itself makes: in a network namespace of its own, where nft drops what it
 * is told to. tests/faults_netns.sh runs it; the numbers are those of tests/README.md, "Faults". */
#include "tests/market.h"
#include "tests/support.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASKED      40
#define SYNS       20000
#define RULES_SIZE 1024

static struct booth booth, other;

static void shell(const char *command)
{
    ck_assert_msg(system(command) == 0, "%s", command);
}

/* What the namespace does to packets from now on. */
static void rule(const char *what)
{
    char command[RULES_SIZE];
    snprintf(command, sizeof(command),
             "nft flush ruleset && nft add table ip t && "
             "nft 'add chain ip t in { type filter hook input priority 0; }' && "
             "nft 'add rule ip t in %s'",
             what);
    shell(command);
}

static void no_rules(void)
{
    shell("nft flush ruleset");
}

static void open_market(void)
{
    market_open();
    market_booth(&booth, MARKET_TILL);
    market_booth(&other, MARKET_OTHER);
}

static void close_market(void)
{
    no_rules();
    booth_close(&booth);
    booth_close(&other);
    market_close();
}

/* ---- 22: packets are lost ---- */

static const int losses[] = {1, 3, 10, 30};

START_TEST(fault_22_lost_packets_change_no_answer)
{
    char what[200];
    MARKET_START("--per-minute", "0", "--hello-ms", "60000", "--frame-ms", "60000");
    snprintf(what, sizeof(what), "tcp dport %u numgen random mod 100 < %d drop", market.port,
             losses[_i]);
    rule(what);
    booth_open(&booth, market.port);
    for (uint64_t i = 1; i <= ASKED; i++)
        market_ask(&booth, 1 + i % 5, i);
    booth_close(&booth);
    no_rules();
    eligd_stop();
    ck_assert_uint_eq(eligd_total("record_unopened"), 0);
    ck_assert_uint_eq(eligd_total("sessions"), 1);
    printf("fault 22: %d %% lost: %d records in one session, all answered rightly\n", losses[_i],
           ASKED);
}
END_TEST

/* ---- 31: a flood of SYNs ---- */

static uint16_t checksum(const uint8_t *bytes, size_t size, uint32_t sum)
{
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* From any of the namespace's own addresses, none of which wants it. */
static void send_syn(int fd, uint64_t *random)
{
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } packet = {.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP}};
    uint64_t x = support_random(random);
    uint8_t pseudo[12] = {
        127,         (uint8_t)x, (uint8_t)(x >> 8), (uint8_t)(x >> 16 | 2), 127, 0, 0, 1, 0,
        IPPROTO_TCP, 0,          sizeof(packet.tcp)};
    memcpy(&packet.ip.saddr, pseudo, 4);
    memcpy(&packet.ip.daddr, pseudo + 4, 4);
    packet.ip.tot_len = htons(sizeof(packet));
    packet.tcp.source = htons((uint16_t)(1024 + (x >> 24) % 60000));
    packet.tcp.dest = htons(market.port);
    packet.tcp.seq = (uint32_t)(x >> 32);
    packet.tcp.doff = 5;
    packet.tcp.syn = 1;
    packet.tcp.window = htons(1024);
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof(pseudo); i += 2)
        sum += (uint32_t)(pseudo[i] << 8 | pseudo[i + 1]);
    uint8_t tcp[sizeof(packet.tcp)];
    memcpy(tcp, &packet.tcp, sizeof(tcp));
    packet.tcp.check = checksum(tcp, sizeof(tcp), sum);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = packet.ip.daddr};
    (void)sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
}

static int count_half_open(void)
{
    char line[512];
    int count = 0;
    FILE *file = fopen("/proc/net/tcp", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, " 03 ") != NULL; /* SYN_RECV */
    fclose(file);
    return count;
}

START_TEST(fault_31_a_flood_of_connections_that_never_come_about_harms_no_session)
{
    uint64_t random = 3;
    int half_open = 0;
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    ck_assert_int_ge(fd, 0);
    MARKET_START("--per-minute", "0");
    booth_open(&booth, market.port);
    rule("tcp flags rst drop"); /* nobody says that he did not ask for it */
    for (int i = 0; i < SYNS; i++) {
        send_syn(fd, &random);
        if (i % (SYNS / ASKED) == 0) {
            int now = count_half_open();
            half_open = now > half_open ? now : half_open;
            market_ask(&booth, 3, (uint64_t)i + 1);
        }
    }
    ck_assert_int_gt(half_open, 100);
    booth_open(&other, market.port); /* newcomers, too: by SYN cookies */
    market_ask(&other, 3, 1);
    close(fd);
    booth_close(&booth);
    booth_close(&other);
    no_rules();
    eligd_stop();
    printf(
        "fault 31: %d SYNs, at most %d half open: %d records answered meanwhile, and a newcomer\n",
        SYNS, half_open, ASKED);
}
END_TEST

/* ---- 32: large packets vanish ---- */

START_TEST(fault_32_streams_whose_large_packets_vanish_are_closed)
{
    static uint8_t frames[ELIG_FRAMES_MAX * FRAME_SIZE];
    char what[200];
    MARKET_START("--per-minute", "0", "--write-ms", "1000", "--frame-ms", "1000", "--idle-ms",
                 "3000");
    for (size_t i = 0; i < ELIG_FRAMES_MAX; i++)
        market_frame(frames + i * FRAME_SIZE, MARKET_CODE, i + 1);
    booth_open(&booth, market.port);
    snprintf(what, sizeof(what), "tcp dport %u meta length > 600 drop", market.port);
    rule(what);
    booth_send(&booth, frames, ELIG_FRAMES_MAX); /* it will not arrive */
    booth_open(&other, market.port);             /* small packets pass */
    market_ask(&other, 5, 1);
    ck_assert(booth_is_shut_out(&booth));
    no_rules();
    booth_close(&booth);
    booth_close(&other);
    eligd_stop();
    ck_assert_uint_ge(
        eligd_total("hello_closed") + eligd_total("frame_closed") + eligd_total("idle_closed"), 1);
    printf("fault 32: a record of 255 frames vanished, its stream was closed; small ones passed\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("netns");
    TCase *tcase = tcase_create("netns");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, open_market, close_market);
    tcase_add_loop_test(tcase, fault_22_lost_packets_change_no_answer, 0,
                        sizeof(losses) / sizeof(losses[0]));
    tcase_add_test(tcase, fault_31_a_flood_of_connections_that_never_come_about_harms_no_session);
    tcase_add_test(tcase, fault_32_streams_whose_large_packets_vanish_are_closed);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
