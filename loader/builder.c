#include "loader/builder.h"

#include "loader/arrange.h"
#include "protocol/snapshot.h"
#include "protocol/tables.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define READ_CHUNK_SIZE ((size_t)1 << 20)

/* LMDB's pages for a value, its own overhead, and some for branches and the list of free pages. */
#define MAP_SLACK_SIZE  ((uint64_t)8 << 20)
#define MAP_PAGE_SIZE   ((uint64_t)1 << 16)
#define VALUE_SIZE_MAX  UINT32_MAX /* LMDB's */
#define TABLE_COUNT     15
#define SHARD_COUNT_FIT (VALUE_COUNT_MAX - TABLE_COUNT)
#define SHARD_NAME_SIZE sizeof("index.0000000000")

struct writer {
    const char *path;
    struct content *content;
    struct arrangement *arrangement;
    uint32_t thread_count;
    struct manifest *manifest; /* values are noted as they are written */
    MDB_env *env;
    struct fault *fault;
};

static bool lmdb_fault(const struct writer *writer, const char *what, int rc)
{
    /* LMDB calls a write that was cut short an I/O error */
    return fault_set(writer->fault, "%s: writing %s: LMDB says: %s%s", writer->path, what,
                     mdb_strerror(rc), rc == EIO ? ": is the disk full, or broken?" : "");
}

/* Stores one value: `size` bytes behind the padding, which `fill` writes in place. A transaction of
 * its own, because LMDB holds all of a transaction's pages in memory. */
static bool put_value(struct writer *writer, const char *name, uint64_t size,
                      bool (*fill)(uint8_t *bytes, uint64_t size, const struct writer *writer,
                                   uint32_t number),
                      uint32_t number)
{
    assert(writer->manifest->value_count < VALUE_COUNT_MAX && strlen(name) <= VALUE_NAME_SIZE);
    if (size > VALUE_SIZE_MAX - SNAPSHOT_VALUE_PAD)
        return fault_set(writer->fault, "%s: %s would take %" PRIu64 " bytes; at most %u fit",
                         writer->path, name, size, VALUE_SIZE_MAX - SNAPSHOT_VALUE_PAD);

    MDB_txn *txn;
    int rc = mdb_txn_begin(writer->env, NULL, 0, &txn);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(writer, name, rc);

    struct manifest_value *noted = &writer->manifest->values[writer->manifest->value_count];
    memset(noted, 0, sizeof(*noted));
    memcpy(noted->name, name, strlen(name));
    noted->size = SNAPSHOT_VALUE_PAD + size;

    MDB_dbi dbi;
    MDB_val key = {strlen(name), noted->name}, value = {noted->size, NULL};
    rc = mdb_dbi_open(txn, NULL, 0, &dbi);
    if (rc == MDB_SUCCESS)
        rc = mdb_put(txn, dbi, &key, &value, MDB_RESERVE | MDB_APPEND);
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return lmdb_fault(writer, name, rc);
    }

    uint8_t *bytes = value.mv_data;
    memset(bytes, 0, SNAPSHOT_VALUE_PAD);
    if (!fill(bytes + SNAPSHOT_VALUE_PAD, size, writer, number)) {
        mdb_txn_abort(txn);
        return false;
    }
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes, noted->size));
    memcpy(noted->hash, hash.digest, VALUE_HASH_SIZE);
    writer->manifest->value_count++;

    rc = mdb_txn_commit(txn);
    return rc == MDB_SUCCESS || lmdb_fault(writer, name, rc);
}

/* ---- what fills each value ---- */

#define FILLER(kind, array, RECORD_SIZE)                                                           \
    static bool fill_##array(uint8_t *bytes, uint64_t size, const struct writer *writer,           \
                             uint32_t number)                                                      \
    {                                                                                              \
        (void)number;                                                                              \
        for (uint64_t i = 0; i < size / (RECORD_SIZE); i++)                                        \
            kind##_encode(bytes + i * (RECORD_SIZE), &writer->content->tables->array[i]);          \
        return true;                                                                               \
    }

FILLER(census, census, CENSUS_SIZE)
FILLER(clause, clauses, CLAUSE_SIZE)
FILLER(contract, contracts, CONTRACT_SIZE)
FILLER(dayset, daysets, DAYSET_SIZE)
FILLER(group, groups, GROUP_SIZE)
FILLER(limit, limits, LIMIT_SIZE)
FILLER(offer, offers, OFFER_SIZE)
FILLER(point, points, POINT_SIZE)
FILLER(product, products, PRODUCT_SIZE)
FILLER(relief, reliefs, RELIEF_SIZE)
FILLER(split, splits, SPLIT_SIZE)
FILLER(terminal, terminals, TERMINAL_SIZE)
FILLER(number_span, spans, NUMBER_SPAN_SIZE)
FILLER(view, views, VIEW_SIZE)

static uint64_t sets_size(const struct tables *tables)
{
    return 4 + 4 * ((uint64_t)tables->set_count + 1) +
           (uint64_t)tables->set_first[tables->set_count] * MEMBERSHIP_SIZE;
}

static bool fill_sets(uint8_t *bytes, uint64_t size, const struct writer *writer, uint32_t number)
{
    (void)size, (void)number;
    const struct tables *tables = writer->content->tables;
    store_u32(bytes, tables->set_count);
    bytes += 4;
    for (uint64_t i = 0; i <= tables->set_count; i++, bytes += 4)
        store_u32(bytes, tables->set_first[i]);
    for (uint64_t i = 0; i < tables->set_first[tables->set_count]; i++, bytes += MEMBERSHIP_SIZE)
        membership_encode(bytes, &tables->memberships[i]);
    return true;
}

static uint64_t shard_size(const struct arrangement *arrangement, uint32_t shard)
{
    uint64_t left = index_bucket_count(arrangement->home_count) - shard * SHARD_BUCKET_COUNT;
    return (left < SHARD_BUCKET_COUNT ? left : SHARD_BUCKET_COUNT) * BUCKET_SIZE;
}

static uint64_t subject_shard_size(const struct arrangement *arrangement, uint32_t shard)
{
    uint64_t left = index_bucket_count(arrangement->home_count) - shard * SUBJECT_BUCKET_COUNT;
    return (left < SUBJECT_BUCKET_COUNT ? left : SUBJECT_BUCKET_COUNT) * SUBJECT_BUCKET_SIZE;
}

static bool fill_shard(uint8_t *bytes, uint64_t size, const struct writer *writer, uint32_t number)
{
    return arrangement_fill(writer->arrangement, bytes, number * SHARD_BUCKET_COUNT,
                            size / BUCKET_SIZE, writer->thread_count, writer->fault);
}

static bool fill_subjects(uint8_t *bytes, uint64_t size, const struct writer *writer,
                          uint32_t number)
{
    return arrangement_fill_subjects(writer->arrangement, bytes, number * SUBJECT_BUCKET_COUNT,
                                     size / SUBJECT_BUCKET_SIZE, writer->thread_count,
                                     writer->fault);
}

static uint32_t shard_count_of(const struct arrangement *arrangement)
{
    return (uint32_t)index_shard_count(index_bucket_count(arrangement->home_count));
}

static uint32_t subject_count_of(const struct arrangement *arrangement,
                                 const struct content *content)
{
    return content->subject_check == 0
               ? 0
               : (uint32_t)index_subject_shard_count(index_bucket_count(arrangement->home_count));
}

static bool put_shards(struct writer *writer)
{
    for (uint32_t i = 0; i < shard_count_of(writer->arrangement); i++) {
        char name[SHARD_NAME_SIZE];
        snprintf(name, sizeof(name), VALUE_INDEX_FORMAT, i);
        if (!put_value(writer, name, shard_size(writer->arrangement, i), fill_shard, i))
            return false;
    }
    return true;
}

static bool put_subjects(struct writer *writer)
{
    for (uint32_t i = 0; i < subject_count_of(writer->arrangement, writer->content); i++) {
        char name[SHARD_NAME_SIZE];
        snprintf(name, sizeof(name), VALUE_SUBJECT_FORMAT, i);
        if (!put_value(writer, name, subject_shard_size(writer->arrangement, i), fill_subjects, i))
            return false;
    }
    return true;
}

#define PUT(NAME, array, count, RECORD_SIZE)                                                       \
    put_value(writer, NAME, (uint64_t)c->count *(RECORD_SIZE), fill_##array, 0)

/* In the order of names, as MDB_APPEND and readers want it. */
static bool put_values(struct writer *writer)
{
    const struct tables *c = writer->content->tables;
    writer->manifest->value_count = 0;
    return PUT(VALUE_CENSUS, census, census_count, CENSUS_SIZE) &&
           PUT(VALUE_CLAUSES, clauses, clause_count, CLAUSE_SIZE) &&
           PUT(VALUE_CONTRACTS, contracts, contract_count, CONTRACT_SIZE) &&
           PUT(VALUE_DAYSETS, daysets, dayset_count, DAYSET_SIZE) &&
           PUT(VALUE_GROUPS, groups, group_count, GROUP_SIZE) && put_shards(writer) &&
           PUT(VALUE_LIMITS, limits, limit_count, LIMIT_SIZE) &&
           PUT(VALUE_OFFERS, offers, offer_count, OFFER_SIZE) &&
           PUT(VALUE_POINTS, points, point_count, POINT_SIZE) &&
           PUT(VALUE_PRODUCTS, products, product_count, PRODUCT_SIZE) &&
           PUT(VALUE_RELIEFS, reliefs, relief_count, RELIEF_SIZE) &&
           put_value(writer, VALUE_SETS, sets_size(c), fill_sets, 0) &&
           PUT(VALUE_SPLITS, splits, split_count, SPLIT_SIZE) && put_subjects(writer) &&
           PUT(VALUE_TERMINALS, terminals, terminal_count, TERMINAL_SIZE) &&
           PUT(VALUE_SPANS, spans, span_count, NUMBER_SPAN_SIZE) &&
           PUT(VALUE_VIEWS, views, view_count, VIEW_SIZE);
}

/* ---- the file ---- */

/* LMDB stores the size of its map in the file, so it must follow from the content alone. */
static uint64_t map_size(const struct content *content, const struct arrangement *arrangement)
{
    const struct tables *c = content->tables;
    uint64_t bucket_size = BUCKET_SIZE + (content->subject_check == 0 ? 0 : SUBJECT_BUCKET_SIZE);
    uint64_t size =
        MAP_SLACK_SIZE + sets_size(c) + index_bucket_count(arrangement->home_count) * bucket_size +
        (uint64_t)c->census_count * CENSUS_SIZE + (uint64_t)c->clause_count * CLAUSE_SIZE +
        (uint64_t)c->contract_count * CONTRACT_SIZE + (uint64_t)c->dayset_count * DAYSET_SIZE +
        (uint64_t)c->group_count * GROUP_SIZE + (uint64_t)c->limit_count * LIMIT_SIZE +
        (uint64_t)c->offer_count * OFFER_SIZE + (uint64_t)c->point_count * POINT_SIZE +
        (uint64_t)c->product_count * PRODUCT_SIZE + (uint64_t)c->relief_count * RELIEF_SIZE +
        (uint64_t)c->split_count * SPLIT_SIZE + (uint64_t)c->terminal_count * TERMINAL_SIZE +
        (uint64_t)c->span_count * NUMBER_SPAN_SIZE + (uint64_t)c->view_count * VIEW_SIZE;
    return (size + MAP_PAGE_SIZE - 1) / MAP_PAGE_SIZE * MAP_PAGE_SIZE;
}

/* Size and hash of what was written. What the disk gives back is held against it when it is opened,
 * before anybody hears of it. */
static bool hash_file(const char *path, struct manifest *manifest, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    uint8_t *chunk = malloc(READ_CHUNK_SIZE);
    bool is_good = fd >= 0 && chunk != NULL;
    if (is_good) {
        crypto_generichash_state state;
        crypto_generichash_init(&state, NULL, 0, DATA_HASH_SIZE);
        uint64_t size = 0;
        ssize_t n;
        while ((n = read(fd, chunk, READ_CHUNK_SIZE)) > 0 || (n < 0 && errno == EINTR)) {
            if (n < 0)
                continue;
            crypto_generichash_update(&state, chunk, (size_t)n);
            size += (size_t)n;
        }
        is_good = n == 0;
        manifest->data_size = size;
        crypto_generichash_final(&state, manifest->data_hash, DATA_HASH_SIZE);
    }
    if (!is_good)
        fault_set(fault, "%s: reading it back: %s", path, strerror(errno));
    free(chunk);
    if (fd >= 0)
        close(fd);
    return is_good;
}

struct syncing {
    MDB_env *env;
    int rc;
};

static void *sync_env(void *data)
{
    struct syncing *syncing = data;
    syncing->rc = mdb_env_sync(syncing->env, 1);
    return NULL;
}

/* One core hashes while the disk writes. */
static bool sync_and_hash(struct writer *writer)
{
    struct syncing syncing = {writer->env, MDB_SUCCESS};
    pthread_t thread;
    bool is_beside =
        writer->thread_count > 1 && pthread_create(&thread, NULL, sync_env, &syncing) == 0;
    if (!is_beside)
        sync_env(&syncing);
    bool is_good = hash_file(writer->path, writer->manifest, writer->fault);
    if (is_beside)
        pthread_join(thread, NULL);
    return syncing.rc == MDB_SUCCESS ? is_good : lmdb_fault(writer, "it to disk", syncing.rc);
}

static bool write_env(struct writer *writer)
{
    int rc = mdb_env_create(&writer->env);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_set_mapsize(writer->env, map_size(writer->content, writer->arrangement));
    /* One sync at the end, before anybody hears of the file. No WRITEMAP: a full disk would be a
     * SIGBUS. */
    if (rc == MDB_SUCCESS)
        rc = mdb_env_open(writer->env, writer->path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(writer, "a new file", rc);
    return put_values(writer) && sync_and_hash(writer);
}

/* ---- what may be written ---- */

static bool content_is_sane(const struct content *content, struct fault *fault)
{
    if (!tables_check(content->tables, fault))
        return fault_at(fault, "no snapshot can hold this");
    for (uint64_t i = 0; content->parts == NULL && i < content->entry_count; i++) {
        uint32_t view = content->entries[i].view;
        if (view == VIEW_NOBODY || view >= content->tables->view_count)
            return fault_set(fault, "an identifier leads to view %u; wanted 1 to %u", view,
                             content->tables->view_count - 1);
        if ((content->entries[i].subject != 0) != (content->subject_check != 0))
            return fault_set(fault, content->subject_check == 0
                                        ? "an identifier has a subject without a key"
                                        : "an identifier has no subject");
    }
    return true;
}

/* Names the file for itself, so that nobody else's is ever removed. */
static bool claim_path(const char *path, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_set(fault, "%s: %s; wanted a new file", path, strerror(errno));
    close(fd);
    return true;
}

bool builder_write(const char *path, struct content *content, uint32_t thread_count,
                   struct manifest *manifest, struct fault *fault)
{
    assert(thread_count >= 1);
    if (!content_is_sane(content, fault))
        return false;

    /* arrange */
    struct arrangement *arrangement;
    if (content->parts != NULL
            ? !arrangement_make_of_parts(&arrangement, content->parts, thread_count, fault)
            : !arrangement_make(&arrangement, content->entries, content->entry_count, thread_count,
                                fault))
        return false;
    if (shard_count_of(arrangement) + subject_count_of(arrangement, content) > SHARD_COUNT_FIT) {
        fault_set(fault, "%" PRIu64 " identifiers%s need more than %u shards",
                  arrangement->entry_count,
                  content->subject_check == 0 ? "" : " and their subjects", SHARD_COUNT_FIT);
        arrangement_free(arrangement);
        return false;
    }

    /* write */
    struct writer writer = {path, content, arrangement, thread_count, manifest, NULL, fault};
    if (!claim_path(path, fault)) {
        arrangement_free(arrangement);
        return false;
    }
    bool is_good = write_env(&writer);
    if (writer.env != NULL)
        mdb_env_close(writer.env);
    manifest->home_count = arrangement->home_count;
    manifest->identifier_count = arrangement->entry_count;
    manifest->subject_check = content->subject_check;
    arrangement_free(arrangement);
    if (!is_good)
        unlink(path);
    return is_good;
}
