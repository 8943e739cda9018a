#include "protocol/eligctl_say.h"

#include "protocol/options.h"

#include <inttypes.h>
#include <sys/random.h>

int refuse_value(const char *command, const char *option, const char *wanted, const char *found)
{
    fprintf(stderr, "eligctl %s: --%s: want %s, found \"%.60s\"\n", command, option, wanted, found);
    return EXIT_USAGE;
}

int say_failed(int exit_status, const char *command, const char *where, const char *text)
{
    fprintf(stderr, "eligctl %s: %s: %s\n", command, where, text);
    return exit_status;
}

void say_refusal(const char *command, const char *address, uint16_t status, uint16_t wait_ms)
{
    fprintf(stderr, "eligctl %s: %s: %s: %s", command, address, elig_status_name(status),
            elig_status_text(status));
    if (wait_ms != 0)
        fprintf(stderr, " (ask again after %u ms)", wait_ms);
    fputc('\n', stderr);
}

uint64_t new_request_id(void)
{
    uint64_t id = 0;
    while (id == 0) {
        if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
            id = 0;
    }
    return id;
}

const char *snapshot_text(char text[static SNAPSHOT_TEXT_SIZE], uint64_t generation,
                          uint16_t stale_h)
{
    if (generation == 0)
        snprintf(text, SNAPSHOT_TEXT_SIZE, "No snapshot.");
    else if (stale_h == 0)
        snprintf(text, SNAPSHOT_TEXT_SIZE, "Snapshot %" PRIu64 ", fresh.", generation);
    else
        snprintf(text, SNAPSHOT_TEXT_SIZE,
                 "Snapshot %" PRIu64 ", a source of it is overdue for %u h.", generation, stale_h);
    return text;
}

void json_status(struct json *json, uint16_t status)
{
    json_text(json, "status", elig_status_name(status));
    json_number(json, "status_number", status);
    json_text(json, "status_text", elig_status_text(status));
}

void json_snapshot(struct json *json, uint64_t generation, uint16_t stale_h, uint32_t server_time_s)
{
    json_number(json, "generation", generation);
    json_number(json, "stale_h", stale_h);
    json_number(json, "server_time_s", server_time_s);
}
