#include "protocol/ledger_head.h"

#include "protocol/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static_assert(SIGNED_HEAD_SIZE == SIGNED_HEAD_SIGNATURE + crypto_sign_BYTES, "it ends the file");
static_assert(SIGNED_HEAD_ROW == sizeof(LEDGER_HEAD_MAGIC) - 1, "the magic fills its place");

bool ledger_head_write(const char *directory, const struct ledger_head *head,
                       const struct sign_secret *key, struct fault *fault)
{
    uint8_t bytes[SIGNED_HEAD_SIZE];
    memcpy(bytes, LEDGER_HEAD_MAGIC, SIGNED_HEAD_ROW);
    ledger_head_encode(bytes + SIGNED_HEAD_ROW, head);
    crypto_sign_detached(bytes + SIGNED_HEAD_SIGNATURE, NULL, bytes, SIGNED_HEAD_SIGNATURE,
                         key->bytes);
    return replace_in(directory, LEDGER_HEAD_FILE, bytes, sizeof(bytes), fault);
}

static bool head_of_bytes(struct ledger_head *out, const uint8_t bytes[], ssize_t size,
                          const struct sign_public *signer, struct fault *fault)
{
    if (size != SIGNED_HEAD_SIZE || memcmp(bytes, LEDGER_HEAD_MAGIC, SIGNED_HEAD_ROW) != 0)
        return fault_set(fault,
                         "not a ledger's head: it has %d bytes and begins "
                         "with " LEDGER_HEAD_MAGIC,
                         SIGNED_HEAD_SIZE);
    if (crypto_sign_verify_detached(bytes + SIGNED_HEAD_SIGNATURE, bytes, SIGNED_HEAD_SIGNATURE,
                                    signer->bytes) != 0)
        return fault_set(fault, "the signature does not fit: damaged, forged, or signed by another "
                                "key than that of --ledger-head-key");
    if (!ledger_head_decode(out, bytes + SIGNED_HEAD_ROW))
        return fault_set(fault, "signed, and not to be understood: of a newer version?");
    return true;
}

bool ledger_head_read(struct ledger_head *out, const char *path, const struct sign_public *signer,
                      struct fault *fault)
{
    uint8_t bytes[SIGNED_HEAD_SIZE + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    if (size < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    return head_of_bytes(out, bytes, size, signer, fault) || fault_at(fault, path);
}
