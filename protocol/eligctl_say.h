/* What commands of eligctl that ask a server have in common: their words and their JSON. */
#ifndef PROTOCOL_ELIGCTL_SAY_H
#define PROTOCOL_ELIGCTL_SAY_H

#include "protocol/elig.h"
#include "protocol/json.h"

/* "eligctl check: --means: want ..., found ..."; EXIT_USAGE. */
int refuse_value(const char *command, const char *option, const char *wanted, const char *found);

/* "eligctl check: where: text"; `exit_status`. */
int say_failed(int exit_status, const char *command, const char *where, const char *text);

/* What a server refused, and for how long, on stderr. */
void say_refusal(const char *command, const char *address, uint16_t status, uint16_t wait_ms);

/* Ids are never used twice: 64 random bits are as good as a counter and need no memory. */
uint64_t new_request_id(void);

/* Of an answer to a transaction: EXIT_YES done, EXIT_NO not done, EXIT_FAILED nothing was looked
 * at; and in words, as the beginning of a sentence. */
int transact_exit(const struct elig_response *response);
const char *transact_text(const struct elig_response *response);

#define AMOUNT_WANTED "EUR above 0 and up to 429496.7295 with up to four decimals, such as 1.50"

/* "Snapshot 12, fresh." */
#define SNAPSHOT_TEXT_SIZE 96
const char *snapshot_text(char text[static SNAPSHOT_TEXT_SIZE], uint64_t generation,
                          uint16_t stale_h);

void json_status(struct json *json, uint16_t status);
/* Where the server is at. */
void json_snapshot(struct json *json, uint64_t generation, uint16_t stale_h,
                   uint32_t server_time_s);

#endif
