/* What the enumeration guard costs: ns of CPU per check, hash and admission, in groups of 64 and of
 * one. usage: long_guard [ROUNDS] */
#include "engine/guard.h"
#include "protocol/means.h"
#include "tests/support.h"

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEOPLE        1500 /* that a busy terminal sees in a day */
#define CHECK_COUNT   262144u
#define TERMINALS     16384u
#define ROUNDS        5u /* the fastest counts: others work on this machine, too */
#define NOW_S         UINT64_C(1795651200)
#define CODE_SIZE     11
#define CODE_ROOM     16
#define NS_PER_SECOND 1e9

static const struct guard_limits limits = {.per_minute = GUARD_PER_MINUTE_MAX,
                                           .per_day = GUARD_PER_DAY_MAX,
                                           .typed_per_day = UINT32_MAX,
                                           .misses_per_day = UINT32_MAX};
static struct guard *guard;
static struct identifier *codes;
static uint64_t sink; /* so that nothing is left out for being of no use */

/* A way of asking: how large the groups are, how many people and terminals there are. */
struct way {
    const char *name;
    size_t group;
    uint32_t people, terminals;
    bool has_hash, has_admit;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * NS_PER_SECOND + (double)now.tv_nsec;
}

static void ask_group(const struct way *way, uint32_t from, uint32_t slot, uint64_t now_s)
{
    static const bool is_typed[GUARD_GROUP_MAX];
    uint64_t hashes[GUARD_GROUP_MAX];
    uint32_t waits_ms[GUARD_GROUP_MAX];
    struct guard_tally tally = {0};
    for (size_t i = 0; i < way->group; i++) {
        uint32_t who = (from + (uint32_t)i) % way->people;
        hashes[i] = way->has_hash ? guard_hash(guard, &codes[who])
                                  : (who + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
        sink += hashes[i];
    }
    if (way->has_admit) {
        guard_admit(guard, slot, &limits, hashes, is_typed, way->group, now_s, waits_ms, &tally);
        guard_note(guard, slot, 0, (uint32_t)__builtin_popcountll(tally.fresh), now_s);
    }
    sink += tally.fresh;
}

/* A minute begins with every 512 checks, a day with every round: new ones come as they would. */
static double ns_per_check(const struct way *way, uint64_t day)
{
    double start = cpu_ns();
    uint32_t turn = 0;
    for (uint32_t i = 0; i < CHECK_COUNT; i += (uint32_t)way->group)
        ask_group(way, i, turn++ % way->terminals, NOW_S + day * 86400 + i / 512 * 60);
    return (cpu_ns() - start) / CHECK_COUNT;
}

int main(int argc, char *argv[])
{
    static const struct way ways[] = {
        {"hash alone", 64, CHECK_COUNT, 1, true, false},
        {"group of 64, 1500 people", 64, PEOPLE, 1, true, true},
        {"group of 64, 50 people", 64, 50, 1, true, true},
        {"group of 64, everybody new", 64, CHECK_COUNT, 1, true, true},
        {"group of 64, admission alone", 64, PEOPLE, 1, false, true},
        {"group of 1, 1500 people", 1, PEOPLE, 1, true, true},
        {"group of 1, 50 people", 1, 50, 1, true, true},
        {"group of 1, everybody new", 1, CHECK_COUNT, 1, true, true},
        {"group of 1, admission alone", 1, PEOPLE, 1, false, true},
        {"group of 64, 16384 terminals", 64, CHECK_COUNT, TERMINALS, true, true},
        {"group of 1, 16384 terminals", 1, CHECK_COUNT, TERMINALS, true, true},
    };
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : ROUNDS;
    struct guard_settings settings = {.slot_count = TERMINALS, .save_s = 10, .key = {1}};
    struct fault fault;
    if (sodium_init() < 0 || !guard_open(&guard, &settings, &fault))
        errx(1, "%s", fault.text);
    for (uint32_t i = 0; i < TERMINALS; i++)
        if (guard_slot(guard, i, NOW_S) != i)
            errx(1, "terminal %u has another place", i);
    codes = calloc(CHECK_COUNT, sizeof(*codes));
    if (codes == NULL)
        err(1, "memory for codes");
    for (uint32_t i = 0; i < CHECK_COUNT; i++) {
        char text[CODE_ROOM];
        snprintf(text, sizeof(text), "32%09u", i);
        codes[i] = (struct identifier){.means = MEANS_PERSONAL_CODE, .size = CODE_SIZE};
        memcpy(codes[i].text, text, CODE_SIZE);
    }

    printf("memory %.1f MB for %u terminals\n", (double)guard_size(guard) / 1e6, TERMINALS);
    uint64_t day = 0;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        double best = 1e9;
        for (unsigned round = 0; round < rounds; round++, day += 2) {
            double ns = ns_per_check(&ways[i], day);
            best = ns < best ? ns : best;
        }
        printf("%-32s %6.1f ns a check\n", ways[i].name, best);
    }
    guard_close(guard);
    free(codes);
    return sink == 0;
}
