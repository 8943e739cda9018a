/* A server of sealed sessions for scripts: makes the keys of everybody in a folder, writes its
 * address there and serves until it is ended, badly for some times if it is told so.
 *
 *     serve_sealed FOLDER [MANNER TIMES] */
#include "protocol/keyfile.h"
#include "tests/sealed_server.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    enum sealed_manner manner;
} manners[] = {
    {"well", SEALED_WELL},           {"next-key", SEALED_WELL}, {"busy", SEALED_BUSY},
    {"no-accept", SEALED_NO_ACCEPT}, {"cut", SEALED_CUT},       {"flip", SEALED_FLIP},
    {"replay", SEALED_REPLAY},       {"close", SEALED_CLOSE},   {"draining", SEALED_DRAINING},
};

static enum sealed_manner manner_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        if (strcmp(manners[i].name, name) == 0)
            return manners[i].manner;
    }
    errx(2, "no such manner: %s", name);
}

/* Everything is made anew unless it is there. */
static void make_keys(void)
{
    struct fault fault;
    if (access("terminal", F_OK) == 0)
        return;
    if (!keyfile_create_server("server", &fault) || !keyfile_create_server("server-next", &fault) ||
        !keyfile_create_terminal("terminal", &fault) ||
        !keyfile_create_merchant("merchant", &fault))
        errx(2, "%s", fault.text);
}

static void start(char address[static 32])
{
    struct fault fault;
    struct noise_keys *now, *next;
    uint8_t terminal[NOISE_KEY_SIZE], merchant[MERCHANT_KEY_SIZE];
    if (!keyfile_open_server(&now, "server", &fault) ||
        !keyfile_open_server(&next, "server-next", &fault) ||
        !keyfile_read_terminal_public(terminal, "terminal.pub", &fault) ||
        !keyfile_read_merchant(merchant, "merchant", &fault))
        errx(2, "%s", fault.text);
    sealed_server_start_with(address, now->secret_key, next->secret_key, terminal, merchant,
                             SEALED_SERVER_ENVIRONMENT);
    keyfile_close_session(now);
    keyfile_close_session(next);
}

static void write_address(const char *address)
{
    FILE *to = fopen("address.new", "w");
    if (to == NULL || fprintf(to, "%s\n", address) < 0 || fclose(to) != 0 ||
        rename("address.new", "address") != 0)
        err(2, "address");
}

int main(int argc, char *argv[])
{
    char address[32];
    struct fault fault;
    const char *manner = argc > 2 ? argv[2] : "well";
    if (argc < 2 || chdir(argv[1]) != 0 || !identity_start(&fault))
        errx(2, "serve_sealed FOLDER [MANNER TIMES [BUSY_MS]]");
    make_keys();
    start(address);
    bool is_next = strcmp(manner, "next-key") == 0;
    sealed_server_order(
        (struct sealed_orders){.has_now = !is_next,
                               .has_next = is_next,
                               .manner = manner_of_name(manner),
                               .times = argc > 3 ? (unsigned)atoi(argv[3]) : 0,
                               .busy_ms = argc > 4 ? (uint32_t)atoi(argv[4]) : 200});
    write_address(address);
    for (;;)
        pause();
}
