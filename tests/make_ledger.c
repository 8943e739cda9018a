/* Ledgers for scripts: make_ledger FOLDER one | many COUNT | slowly COUNT | back | head SECRET.
 * slowly: until there are so many, or SIGTERM; head: signs it. */
#include "tests/ledger_maker.h"

#include "protocol/ledger_head.h"
#include "tests/support.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS       86400000
#define COMMIT_COUNT 20000
#define SLOWLY_GROUP 10

/* Purchases of a few reliefs by many, some confirmed, some cancelled, some given back. */
static void buy(struct ledger_maker *m, const uint32_t accounts[2], uint64_t id, uint64_t count)
{
    static uint64_t state = 5;
    uint64_t dice = support_random(&state);
    struct made made = {.terminal = (uint32_t)(1 + dice % 3),
                        .id = 10 * id,
                        .subject = 1 + dice / 8 % (count / 4 + 1),
                        .account = accounts[dice / 64 % 2],
                        .quantity = (uint16_t)(1 + dice / 128 % 4),
                        .amount = (1 + dice / 512 % 5) * 1111,
                        .point_of_sale = (uint32_t)(11 + dice / 4096 % 2)};
    if (dice / 8192 % 2 == 0) {
        maker_use(m, made);
    } else {
        maker_reserve(m, made, 30);
        if (dice / 16384 % 8 != 0)
            maker_confirm(m, made.terminal, 10 * id + 1, 10 * id, 1);
        else
            maker_cancel(m, made.terminal, 10 * id + 1, 10 * id);
    }
    if (dice / 8192 % 2 == 0 && dice % 9 == 0)
        maker_refund(m, made.terminal, 10 * id + 2, 10 * id, 0);
}

/* One purchase under each account, and a month after them both are given back. */
static void buy_under_both(struct ledger_maker *m, uint32_t account)
{
    const uint32_t accounts[] = {account, maker_account_turned(m, 1, 77, "BUS")};
    for (uint64_t i = 0; i < 2; i++)
        maker_use(m, (struct made){.terminal = 1,
                                   .id = 30 + i,
                                   .subject = 2 + i,
                                   .account = accounts[i],
                                   .quantity = 1,
                                   .amount = 5000});
    maker_wait(m, 30 * (uint64_t)DAY_MS);
    for (uint64_t i = 0; i < 2; i++)
        maker_refund(m, 1, 40 + i, 30 + i, 0);
    maker_wait(m, 30 * (uint64_t)DAY_MS);
}

/* Ten buy in June, and one of them gives it back in July. The first two postings are removed, and
 * what a third one said is. In August the contract has other shares, and both are given back. */
static void buy_and_give_back(const char *directory)
{
    struct ledger_maker *m = maker_open(directory);
    uint32_t account = maker_account(m, 1, 77, "BUS");
    maker_use(m, (struct made){.terminal = 1, .id = 100, .subject = 99});
    maker_use(m, (struct made){.terminal = 1, .id = 101, .subject = 99});
    for (uint64_t id = 1; id <= 10; id++)
        maker_use(m, (struct made){.terminal = 1,
                                   .id = id,
                                   .subject = id,
                                   .account = account,
                                   .quantity = 1,
                                   .amount = 5000});
    maker_empty(m, 3);
    maker_remove(m, 2);
    maker_wait(m, 10 * (uint64_t)DAY_MS);
    maker_refund(m, 1, 20, 1, 0);
    maker_wait(m, 30 * (uint64_t)DAY_MS);
    buy_under_both(m, account);
    maker_close(m);
}

static void sign(const char *directory, const char *path)
{
    struct sign_secret *secret;
    struct fault fault;
    struct ledger_maker *m = maker_open(directory);
    if (!identity_start(&fault) || !keyfile_open_secret(&secret, path, &fault) ||
        !ledger_head_write(directory, maker_head(m), secret, &fault))
        errx(1, "%s", fault.text);
    keyfile_close_secret(secret);
    maker_close(m);
}

static volatile sig_atomic_t is_enough;

static void note_enough(int number)
{
    (void)number;
    is_enough = 1;
}

int main(int argc, char *argv[])
{
    if (argc < 3)
        return 2;
    if (strcmp(argv[2], "one") == 0) {
        maker_one_of_each(argv[1]);
        return 0;
    }
    if (strcmp(argv[2], "head") == 0 && argc > 3) {
        sign(argv[1], argv[3]);
        return 0;
    }
    if (strcmp(argv[2], "back") == 0) {
        buy_and_give_back(argv[1]);
        return 0;
    }
    bool is_slow = strcmp(argv[2], "slowly") == 0;
    uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
    struct ledger_maker *m = maker_open(argv[1]);
    const uint32_t accounts[2] = {maker_account(m, 1, 77, "BUS"), maker_account(m, 2, 78, "LUNCH")};
    if (is_slow)
        signal(SIGTERM, note_enough);
    for (uint64_t id = 1; id <= count && !is_enough; id++) {
        maker_wait(m, 30 * (uint64_t)DAY_MS / count);
        buy(m, accounts, id, count);
        if (id % (is_slow ? SLOWLY_GROUP : COMMIT_COUNT) == 0)
            maker_commit(m);
        if (is_slow && id % SLOWLY_GROUP == 0)
            nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    maker_close(m);
    return 0;
}
