#include "protocol/reach.h"

#include "protocol/keyfile.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define COUNTER_SUFFIX ".counter"

static int fail(int exit_status, const char *command, const char *where, const char *text)
{
    fprintf(stderr, "eligctl %s: %s: %s\n", command, where, text);
    return exit_status;
}

bool reach_is_sealed(const struct reach *reach)
{
    return reach->server_public != NULL || reach->server_public_next != NULL ||
           reach->terminal_key != NULL || reach->merchant_key != NULL ||
           reach->counter_file != NULL || reach->terminal != 0 || reach->environment != 0 ||
           reach->padded;
}

/* The four without which there is no session. */
static int want_all(const char *command, const struct reach *reach)
{
    const char *missing = reach->server_public == NULL  ? "server-public"
                          : reach->terminal_key == NULL ? "terminal-key"
                          : reach->merchant_key == NULL ? "merchant-key"
                          : reach->terminal == 0        ? "terminal"
                                                        : NULL;
    if (missing == NULL)
        return EXIT_YES;
    fprintf(
        stderr,
        "eligctl %s: a sealed session wants --server-public, --terminal-key, --merchant-key and "
        "--terminal; --%s is missing\n",
        command, missing);
    return EXIT_USAGE;
}

/* The caller wipes `out`. */
static bool read_settings(struct elig_session_settings *out, const struct reach *reach,
                          struct fault *fault)
{
    struct noise_keys *terminal;
    out->terminal_id = (uint32_t)reach->terminal;
    out->is_padded = reach->padded;
    out->environment = (uint32_t)reach->environment;
    if (!keyfile_read_server_public(out->server_public, reach->server_public, fault) ||
        (reach->server_public_next != NULL &&
         !keyfile_read_server_public(out->server_public_next, reach->server_public_next, fault)) ||
        !keyfile_read_merchant(out->psk, reach->merchant_key, fault) ||
        !keyfile_open_terminal(&terminal, reach->terminal_key, fault))
        return false;
    memcpy(out->terminal_secret, terminal->secret_key, ELIG_KEY_SIZE);
    keyfile_close_session(terminal);
    return true;
}

static int open_sealed(struct elig **out, const struct reach *reach,
                       const struct elig_session_settings *settings)
{
    char path[PATH_MAX];
    struct elig_counter counter = {.path = reach->counter_file};
    if (counter.path == NULL) {
        int size = snprintf(path, sizeof(path), "%s" COUNTER_SUFFIX, reach->terminal_key);
        if (size < 0 || (size_t)size >= sizeof(path))
            return ELIG_NO_COUNTER;
        counter.path = path;
    }
    return elig_open_sealed(out, reach->connect, settings, &counter, (uint32_t)reach->timeout_ms);
}

static int reach_sealed(struct elig **out, const char *command, const struct reach *reach)
{
    struct elig_session_settings settings = {.terminal_id = 0};
    struct fault fault;
    if (want_all(command, reach) != EXIT_YES)
        return EXIT_USAGE;
    if (!identity_start(&fault) || !read_settings(&settings, reach, &fault)) {
        explicit_bzero(&settings, sizeof(settings));
        fprintf(stderr, "eligctl %s: %s\n", command, fault.text);
        return EXIT_FAILED;
    }
    int error = open_sealed(out, reach, &settings);
    explicit_bzero(&settings, sizeof(settings));
    if (error == ELIG_FINE)
        return EXIT_YES;
    return fail(error == ELIG_NO_ADDRESS ? EXIT_USAGE : EXIT_FAILED, command, reach->connect,
                elig_error_text(error));
}

int reach_server(struct elig **out, const char *command, const struct reach *reach)
{
    if (reach_is_sealed(reach))
        return reach_sealed(out, command, reach);
    int error = elig_connect(out, reach->connect, (uint32_t)reach->timeout_ms);
    if (error == ELIG_FINE)
        return EXIT_YES;
    if (error == ELIG_NOT_LOCAL)
        return fail(EXIT_USAGE, command, reach->connect,
                    "want a loopback address or unix:PATH, because frames would be plain; to this "
                    "one in a sealed session: --server-public FILE --terminal-key FILE "
                    "--merchant-key FILE --terminal NUMBER");
    return fail(error == ELIG_NO_ADDRESS ? EXIT_USAGE : EXIT_FAILED, command, reach->connect,
                elig_error_text(error));
}

int reach_failed(const char *command, const struct reach *reach, const struct elig *elig, int error)
{
    const char *trouble = elig_trouble(elig);
    fprintf(stderr, "eligctl %s: %s: %s", command, reach->connect, elig_error_text(error));
    if (error == ELIG_NO_ROOM)
        fprintf(stderr, " (ask again after %" PRIu32 " ms)", elig_wait_ms(elig));
    if (trouble[0] != '\0')
        fprintf(stderr, " (%s)", trouble);
    fputc('\n', stderr);
    return EXIT_FAILED;
}
