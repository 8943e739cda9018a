#include "protocol/audit.h"

#include "protocol/frame.h"
#include "protocol/profile.h"
#include "protocol/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_DIGITS 16

static_assert(sizeof(AUDIT_MAGIC) - 1 == SEGMENT_AT_FORMAT, "the magic fills its place");
static_assert(sizeof(AUDIT_HEAD_MAGIC) - 1 == AUDIT_HEAD_AT_FORMAT, "the magic fills its place");
static_assert(AUDIT_HEAD_SIZE == AUDIT_HEAD_AT_SIGNATURE + crypto_sign_BYTES, "it ends the file");
static_assert(NAME_DIGITS + sizeof(AUDIT_SUFFIX) <= AUDIT_NAME_SIZE, "a name fits");

/* The one before, what stands before the chain's own place, and what stands behind it. */
static void chain_make(uint8_t out[static AUDIT_CHAIN_SIZE],
                       const uint8_t before[static AUDIT_CHAIN_SIZE], const uint8_t *bytes,
                       size_t chain_at, size_t size)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, AUDIT_CHAIN_SIZE);
    crypto_generichash_update(&state, before, AUDIT_CHAIN_SIZE);
    crypto_generichash_update(&state, bytes, chain_at);
    size_t behind = chain_at + AUDIT_CHAIN_SIZE;
    crypto_generichash_update(&state, bytes + behind, size - behind);
    crypto_generichash_final(&state, out, AUDIT_CHAIN_SIZE);
}

/* ---- a segment's head ---- */

void audit_segment_seal(uint8_t bytes[static SEGMENT_HEAD_SIZE], struct audit_segment *segment)
{
    memset(bytes, 0, SEGMENT_HEAD_SIZE);
    memcpy(bytes + SEGMENT_AT_MAGIC, AUDIT_MAGIC, SEGMENT_AT_FORMAT);
    store_u32(bytes + SEGMENT_AT_FORMAT, AUDIT_FORMAT);
    store_u32(bytes + SEGMENT_AT_ENVIRONMENT, segment->environment);
    store_u64(bytes + SEGMENT_AT_SUBJECT_KEY, segment->subject_key);
    store_u64(bytes + SEGMENT_AT_FIRST, segment->first);
    store_u64(bytes + SEGMENT_AT_TIME, segment->time_ms);
    memcpy(bytes + SEGMENT_AT_BEFORE, segment->before, AUDIT_CHAIN_SIZE);
    chain_make(segment->chain, segment->before, bytes, SEGMENT_AT_CHAIN, SEGMENT_HEAD_SIZE);
    memcpy(bytes + SEGMENT_AT_CHAIN, segment->chain, AUDIT_CHAIN_SIZE);
}

bool audit_segment_open(struct audit_segment *out, const uint8_t bytes[], size_t size,
                        struct fault *fault)
{
    static const uint8_t zeros[SEGMENT_AT_BEFORE - SEGMENT_AT_ZERO];
    uint8_t chain[AUDIT_CHAIN_SIZE];
    if (size < SEGMENT_HEAD_SIZE || memcmp(bytes, AUDIT_MAGIC, SEGMENT_AT_FORMAT) != 0)
        return fault_set(
            fault, "no segment of a journal: it begins with " AUDIT_MAGIC " and a head of %d bytes",
            SEGMENT_HEAD_SIZE);
    if (load_u32(bytes + SEGMENT_AT_FORMAT) != AUDIT_FORMAT)
        return fault_set(fault, "format %" PRIu32 "; this program reads format %d",
                         load_u32(bytes + SEGMENT_AT_FORMAT), AUDIT_FORMAT);
    chain_make(chain, bytes + SEGMENT_AT_BEFORE, bytes, SEGMENT_AT_CHAIN, SEGMENT_HEAD_SIZE);
    if (memcmp(chain, bytes + SEGMENT_AT_CHAIN, AUDIT_CHAIN_SIZE) != 0 ||
        memcmp(bytes + SEGMENT_AT_ZERO, zeros, sizeof(zeros)) != 0)
        return fault_set(fault, "its head is damaged");
    *out = (struct audit_segment){
        .environment = load_u32(bytes + SEGMENT_AT_ENVIRONMENT),
        .subject_key = load_u64(bytes + SEGMENT_AT_SUBJECT_KEY),
        .first = load_u64(bytes + SEGMENT_AT_FIRST),
        .time_ms = load_u64(bytes + SEGMENT_AT_TIME),
    };
    memcpy(out->before, bytes + SEGMENT_AT_BEFORE, AUDIT_CHAIN_SIZE);
    memcpy(out->chain, chain, AUDIT_CHAIN_SIZE);
    return true;
}

/* ---- blocks ---- */

void audit_block_seal(uint8_t bytes[], struct audit_block *block,
                      const uint8_t before[static AUDIT_CHAIN_SIZE])
{
    assert(block->row_count <= BLOCK_ROW_COUNT_MAX);
    store_u64(bytes + BLOCK_AT_NUMBER, block->number);
    store_u64(bytes + BLOCK_AT_TIME, block->time_ms);
    store_u32(bytes + BLOCK_AT_ROW_COUNT, block->row_count);
    store_u32(bytes + BLOCK_AT_FLAGS, block->flags);
    store_u64(bytes + BLOCK_AT_LOST, block->lost);
    chain_make(block->chain, before, bytes, BLOCK_AT_CHAIN, BLOCK_SIZE(block->row_count));
    memcpy(bytes + BLOCK_AT_CHAIN, block->chain, AUDIT_CHAIN_SIZE);
}

size_t audit_block_open(struct audit_block *out, const uint8_t bytes[], size_t size,
                        const uint8_t before[static AUDIT_CHAIN_SIZE])
{
    if (size < BLOCK_HEAD_SIZE)
        return 0;
    struct audit_block block = {
        .number = load_u64(bytes + BLOCK_AT_NUMBER),
        .time_ms = load_u64(bytes + BLOCK_AT_TIME),
        .row_count = load_u32(bytes + BLOCK_AT_ROW_COUNT),
        .flags = load_u32(bytes + BLOCK_AT_FLAGS),
        .lost = load_u64(bytes + BLOCK_AT_LOST),
    };
    if (block.row_count > BLOCK_ROW_COUNT_MAX || size < BLOCK_SIZE(block.row_count) ||
        (block.flags & ~(uint32_t)(BLOCK_BEGINS | BLOCK_ENDS)) != 0)
        return 0;
    chain_make(block.chain, before, bytes, BLOCK_AT_CHAIN, BLOCK_SIZE(block.row_count));
    if (memcmp(block.chain, bytes + BLOCK_AT_CHAIN, AUDIT_CHAIN_SIZE) != 0)
        return 0;
    *out = block;
    return BLOCK_SIZE(block.row_count);
}

/* ---- rows ---- */

void asked_encode(uint8_t row[static ASKED_SIZE], const struct asked *in)
{
    store_u64(row + ASKED_AT_SUBJECT, in->subject);
    store_u32(row + ASKED_AT_TIME, in->time_s);
    store_u32(row + ASKED_AT_TERMINAL, in->terminal);
    store_u32(row + ASKED_AT_PRODUCT, in->product);
    store_u32(row + ASKED_AT_POINT_OF_SALE, in->point_of_sale);
    store_u16(row + ASKED_AT_STATUS, in->status);
    row[ASKED_AT_ENTRY] = in->entry;
    row[ASKED_AT_MEANS] = in->means;
    row[ASKED_AT_PROFILE] = in->profile;
    memset(row + ASKED_AT_ZERO, 0, ASKED_END - ASKED_AT_ZERO);
}

bool asked_decode(struct asked *out, const uint8_t row[static ASKED_SIZE])
{
    *out = (struct asked){
        .subject = load_u64(row + ASKED_AT_SUBJECT),
        .time_s = load_u32(row + ASKED_AT_TIME),
        .terminal = load_u32(row + ASKED_AT_TERMINAL),
        .product = load_u32(row + ASKED_AT_PRODUCT),
        .point_of_sale = load_u32(row + ASKED_AT_POINT_OF_SALE),
        .status = load_u16(row + ASKED_AT_STATUS),
        .entry = row[ASKED_AT_ENTRY],
        .means = row[ASKED_AT_MEANS],
        .profile = row[ASKED_AT_PROFILE],
    };
    return status_is_known(out->status) && out->entry <= ENTRY_LAST && out->means >= 1 &&
           out->means <= MEANS_LAST && out->profile >= PROFILE_GATE &&
           out->profile <= PROFILE_LAST && row[ASKED_AT_ZERO] == 0 && row[ASKED_AT_ZERO + 1] == 0 &&
           row[ASKED_AT_ZERO + 2] == 0;
}

/* ---- the folder ---- */

void audit_name_make(char name[static AUDIT_NAME_SIZE], uint64_t first)
{
    snprintf(name, AUDIT_NAME_SIZE, "%016" PRIx64 AUDIT_SUFFIX, first);
}

/* Only what we would call it ourselves; anything else in the folder is somebody else's. */
static bool name_read(uint64_t *first, const char *name)
{
    uint64_t number = 0;
    if (strlen(name) != NAME_DIGITS + strlen(AUDIT_SUFFIX) ||
        strcmp(name + NAME_DIGITS, AUDIT_SUFFIX) != 0)
        return false;
    for (size_t i = 0; i < NAME_DIGITS; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = strchr(digits, name[i]);
        if (digit == NULL)
            return false;
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *first = number;
    return true;
}

static int compare_firsts(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool names_collect(struct audit_names *names, DIR *folder, struct fault *fault)
{
    const struct dirent *entry;
    uint64_t first;
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (!name_read(&first, entry->d_name))
            continue;
        if (names->count == AUDIT_SEGMENT_MAX)
            return fault_set(fault, "more than %d segments", AUDIT_SEGMENT_MAX);
        names->firsts[names->count++] = first;
    }
    return errno == 0 || fault_set(fault, "%s", strerror(errno));
}

bool audit_names_read(struct audit_names *out, const char *directory, struct fault *fault)
{
    struct audit_names names = {.firsts = malloc(AUDIT_SEGMENT_MAX * sizeof(uint64_t))};
    if (names.firsts == NULL)
        return fault_set(fault, "%s: no memory for a list of segments", directory);
    DIR *folder = opendir(directory);
    bool is_good =
        folder != NULL ||
        fault_set(fault, "%s; wanted the folder of a journal of checks", strerror(errno));
    is_good = is_good && names_collect(&names, folder, fault);
    if (folder != NULL)
        closedir(folder);
    if (!is_good) {
        free(names.firsts);
        return fault_at(fault, directory);
    }
    qsort(names.firsts, names.count, sizeof(names.firsts[0]), compare_firsts);
    *out = names;
    return true;
}

void audit_names_free(struct audit_names *names)
{
    free(names->firsts);
    *names = (struct audit_names){.firsts = NULL};
}

/* ---- the signed head ---- */

bool audit_head_write(const char *directory, const struct audit_head *head,
                      const struct sign_secret *key, struct fault *fault)
{
    uint8_t bytes[AUDIT_HEAD_SIZE];
    memcpy(bytes, AUDIT_HEAD_MAGIC, AUDIT_HEAD_AT_FORMAT);
    store_u32(bytes + AUDIT_HEAD_AT_FORMAT, AUDIT_FORMAT);
    store_u32(bytes + AUDIT_HEAD_AT_ENVIRONMENT, head->environment);
    store_u64(bytes + AUDIT_HEAD_AT_SUBJECT_KEY, head->subject_key);
    store_u64(bytes + AUDIT_HEAD_AT_NUMBER, head->number);
    store_u64(bytes + AUDIT_HEAD_AT_TIME, head->time_ms);
    memcpy(bytes + AUDIT_HEAD_AT_CHAIN, head->chain, AUDIT_CHAIN_SIZE);
    crypto_sign_detached(bytes + AUDIT_HEAD_AT_SIGNATURE, NULL, bytes, AUDIT_HEAD_AT_SIGNATURE,
                         key->bytes);
    return replace_in(directory, AUDIT_HEAD_FILE, bytes, sizeof(bytes), fault);
}

static bool head_of_bytes(struct audit_head *out, const uint8_t bytes[], ssize_t size,
                          const struct sign_public *signer, struct fault *fault)
{
    if (size != AUDIT_HEAD_SIZE || memcmp(bytes, AUDIT_HEAD_MAGIC, AUDIT_HEAD_AT_FORMAT) != 0)
        return fault_set(fault,
                         "not the head of a journal of checks: it has %d bytes and begins "
                         "with " AUDIT_HEAD_MAGIC,
                         AUDIT_HEAD_SIZE);
    if (crypto_sign_verify_detached(bytes + AUDIT_HEAD_AT_SIGNATURE, bytes, AUDIT_HEAD_AT_SIGNATURE,
                                    signer->bytes) != 0)
        return fault_set(fault, "the signature does not fit: damaged, forged, or signed by another "
                                "key");
    if (load_u32(bytes + AUDIT_HEAD_AT_FORMAT) != AUDIT_FORMAT)
        return fault_set(fault, "format %" PRIu32 "; this program reads format %d",
                         load_u32(bytes + AUDIT_HEAD_AT_FORMAT), AUDIT_FORMAT);
    *out = (struct audit_head){
        .environment = load_u32(bytes + AUDIT_HEAD_AT_ENVIRONMENT),
        .subject_key = load_u64(bytes + AUDIT_HEAD_AT_SUBJECT_KEY),
        .number = load_u64(bytes + AUDIT_HEAD_AT_NUMBER),
        .time_ms = load_u64(bytes + AUDIT_HEAD_AT_TIME),
    };
    memcpy(out->chain, bytes + AUDIT_HEAD_AT_CHAIN, AUDIT_CHAIN_SIZE);
    return true;
}

bool audit_head_read(struct audit_head *out, const char *path, const struct sign_public *signer,
                     struct fault *fault)
{
    uint8_t bytes[AUDIT_HEAD_SIZE + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    if (size < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    return head_of_bytes(out, bytes, size, signer, fault) || fault_at(fault, path);
}
