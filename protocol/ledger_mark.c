#include "protocol/ledger_mark.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define MARK_WORD    "elig-ledger-head-v1"
#define CHAIN_DIGITS (2 * CHAIN_SIZE)
#define SIGN_DIGITS  (2 * crypto_sign_BYTES)

size_t mark_write(char line[static MARK_LINE_SIZE], const struct ledger_mark *mark,
                  const struct sign_secret *secret)
{
    char chain[CHAIN_DIGITS + 1], signature[SIGN_DIGITS + 1];
    uint8_t bytes[crypto_sign_BYTES];
    sodium_bin2hex(chain, sizeof(chain), mark->chain, CHAIN_SIZE);
    int size = snprintf(line, MARK_LINE_SIZE, MARK_WORD " %" PRIu32 " %" PRIu64 " %" PRIu64 " %s",
                        mark->environment, mark->sequence, mark->clock_ms, chain);
    crypto_sign_detached(bytes, NULL, (const uint8_t *)line, (unsigned long long)size,
                         secret->bytes);
    sodium_bin2hex(signature, sizeof(signature), bytes, sizeof(bytes));
    size += snprintf(line + size, MARK_LINE_SIZE - (size_t)size, " %s\n", signature);
    return (size_t)size;
}

/* What is left to read of a line. */
struct rest {
    const char *at, *end;
};

static bool take_word(struct rest *rest, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(rest->end - rest->at) < size || memcmp(rest->at, word, size) != 0)
        return false;
    rest->at += size;
    return true;
}

static bool take_number(uint64_t *out, struct rest *rest, uint64_t most)
{
    const char *begin = rest->at;
    uint64_t value = 0;
    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9') {
        uint64_t digit = (uint64_t)(*rest->at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
        rest->at++;
    }
    *out = value;
    bool is_shortest = rest->at > begin && (*begin != '0' || rest->at == begin + 1);
    return is_shortest && value <= most && take_word(rest, " ");
}

static bool take_hex(uint8_t *out, size_t size, struct rest *rest)
{
    size_t done = 0;
    if ((size_t)(rest->end - rest->at) < 2 * size ||
        sodium_hex2bin(out, size, rest->at, 2 * size, NULL, &done, NULL) != 0 || done != size)
        return false;
    rest->at += 2 * size;
    return true;
}

bool mark_read(struct ledger_mark *out, const char *line, size_t size,
               const struct sign_public *signer, struct fault *fault)
{
    struct rest rest = {line, line + size};
    struct ledger_mark mark;
    uint8_t signature[crypto_sign_BYTES];
    uint64_t environment;
    bool is_good =
        take_word(&rest, MARK_WORD " ") && take_number(&environment, &rest, UINT32_MAX) &&
        take_number(&mark.sequence, &rest, UINT64_MAX) &&
        take_number(&mark.clock_ms, &rest, UINT64_MAX) && take_hex(mark.chain, CHAIN_SIZE, &rest);
    size_t signed_size = (size_t)(rest.at - line);
    if (!is_good || !take_word(&rest, " ") || !take_hex(signature, sizeof(signature), &rest) ||
        !take_word(&rest, "\n") || rest.at != rest.end)
        return fault_set(fault, "want one line \"" MARK_WORD " ...\", as eligctl ledger head "
                                "writes it");
    if (crypto_sign_verify_detached(signature, (const uint8_t *)line, signed_size, signer->bytes) !=
        0)
        return fault_set(fault, "its signature is not of this key");
    mark.environment = (uint32_t)environment;
    *out = mark;
    return true;
}

bool mark_read_file(struct ledger_mark *out, const char *path, const struct sign_public *signer,
                    struct fault *fault)
{
    char line[MARK_LINE_SIZE + 1];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    size_t size = fread(line, 1, sizeof(line), file);
    bool is_good = ferror(file) == 0 || fault_set(fault, "%s: %s", path, strerror(errno));
    fclose(file);
    return is_good && (mark_read(out, line, size, signer, fault) || fault_at(fault, path));
}
