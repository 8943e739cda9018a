#include "protocol/snapshot.h"

#include "protocol/huge.h"
#include "protocol/identity_keys.h"
#include "protocol/tables.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#define COPY_CHUNK_SIZE ((size_t)1 << 20)

#define TABLE_COUNT     15 /* values beside the index's shards */
#define INDEX_PLACE     5  /* that of the first shard among them */
#define SUBJECT_PLACE   12 /* of tables that stand before the first shard of subjects */
#define SHARD_NAME_SIZE sizeof("index.0000000000")

struct snapshot {
    struct manifest manifest;
    struct tables tables;
    struct identity_key *own_key; /* NULL: `identity` is the caller's */
    const struct identity_key *identity;
    MDB_env *env; /* NULL, as the transaction is, once everything is read */
    MDB_txn *txn;
    MDB_dbi dbi;
};

/* ---- CURRENT and manifests ---- */

static bool current_read(int directory_fd, uint64_t *generation, uint8_t *manifest_hash,
                         struct fault *fault)
{
    uint8_t line[CURRENT_SIZE];
    return folder_read_exactly(directory_fd, CURRENT_NAME, line, sizeof(line), fault) &&
           (current_decode(generation, manifest_hash, line) ||
            fault_set(fault, CURRENT_NAME ": not \"<generation> <hash of its manifest>\"; "
                                          "publish again to replace it"));
}

bool snapshot_current(const char *directory, uint64_t *generation,
                      uint8_t manifest_hash[static DATA_HASH_SIZE], struct fault *fault)
{
    int fd = folder_open(directory, fault);
    if (fd < 0)
        return false;
    bool is_good = current_read(fd, generation, manifest_hash, fault);
    close(fd);
    return is_good || fault_at(fault, directory);
}

static bool manifest_read(struct manifest *out, int directory_fd, uint64_t generation,
                          const struct sign_public *signer, uint8_t *page_hash, struct fault *fault)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, MANIFEST_SUFFIX);
    uint8_t page[MANIFEST_SIZE];
    if (!folder_read_exactly(directory_fd, name, page, sizeof(page), fault))
        return false;

    struct manifest manifest;
    if (!manifest_open(&manifest, page, signer, fault))
        return fault_at(fault, name);
    if (manifest.generation != generation)
        return fault_set(fault, "%s: is the manifest of generation %016" PRIx64 ", renamed", name,
                         manifest.generation);
    if (page_hash != NULL)
        manifest_hash(page_hash, page);
    *out = manifest;
    return true;
}

bool snapshot_read_manifest(struct manifest *out, const char *directory, uint64_t generation,
                            const struct sign_public *signer, uint8_t *page_hash,
                            struct fault *fault)
{
    int fd = folder_open(directory, fault);
    if (fd < 0)
        return false;
    bool is_good = manifest_read(out, fd, generation, signer, page_hash, fault);
    close(fd);
    return is_good || fault_at(fault, directory);
}

/* ---- trust ---- */

bool snapshot_keys_open(struct snapshot_keys *keys, const char *signing_public,
                        const char *identity_key, const char *identity_keys, struct fault *fault)
{
    assert((identity_key == NULL) != (identity_keys == NULL));
    *keys = (struct snapshot_keys){.identity_keys = identity_keys};
    return identity_start(fault) && keyfile_read_public(&keys->signer, signing_public, fault) &&
           (identity_key == NULL || keyfile_open_identity(&keys->identity, identity_key, fault));
}

void snapshot_keys_close(struct snapshot_keys *keys)
{
    keyfile_close_identity(keys->identity);
    keys->identity = NULL;
}

struct snapshot_trust snapshot_trust_of(const struct snapshot_keys *keys, uint32_t environment)
{
    return (struct snapshot_trust){.signer = &keys->signer,
                                   .identity = keys->identity,
                                   .identity_keys = keys->identity_keys,
                                   .environment = environment};
}

static bool manifest_is_trusted(const struct manifest *m, const struct snapshot_trust *trust,
                                struct fault *fault)
{
    if (m->environment != trust->environment)
        return fault_set(fault,
                         "made for environment %u, this is environment %u; a test's "
                         "snapshot is never served elsewhere",
                         m->environment, trust->environment);
    if (trust->generation_above != 0 && m->generation <= trust->generation_above)
        return fault_set(fault,
                         "generation %016" PRIx64 " is not newer than %016" PRIx64
                         "; to go back, publish the old one under a new number",
                         m->generation, trust->generation_above);
    if (trust->now_s != 0 && trust->now_s >= m->not_after_s)
        return fault_set(fault,
                         "not to be used after %" PRIu64 ", now is %" PRIu64
                         " (UTC seconds); load newer deliveries",
                         m->not_after_s, trust->now_s);
    return true;
}

/* A key that is another's would make every identifier unknown. */
static bool manifest_has_key(const struct manifest *m, const struct identity_key *key,
                             struct fault *fault)
{
    uint8_t id[KEY_ID_SIZE], check[DIGEST_SIZE];
    identity_key_id(id, key);
    if (sodium_memcmp(id, m->identity_key_id, KEY_ID_SIZE) != 0)
        return fault_set(fault, "made with another identity key than the one given; every "
                                "identifier would look unknown");
    identity_check_value(check, key);
    if (sodium_memcmp(check, m->identity_check, DIGEST_SIZE) != 0)
        return fault_set(fault, "the identity key has the right name but not the right value");
    return true;
}

/* ---- the sealed copy ---- */

static bool copy_chunk(int copy_fd, const uint8_t *chunk, size_t size)
{
    for (size_t done = 0; copy_fd >= 0 && done < size;) {
        ssize_t written = write(copy_fd, chunk + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return true;
}

/* Hashes exactly `size` bytes of fd while they go to the copy, if there is one. */
static bool copy_hashed(int copy_fd, int fd, uint64_t size, uint8_t *hash, uint8_t *chunk,
                        struct fault *fault)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, DATA_HASH_SIZE);
    for (uint64_t left = size; left > 0;) {
        size_t wanted = left < COPY_CHUNK_SIZE ? (size_t)left : COPY_CHUNK_SIZE;
        ssize_t n = folder_read(fd, chunk, wanted);
        if (n < 0)
            return fault_set(fault, "reading it: %s", strerror(errno));
        if ((size_t)n != wanted)
            return fault_set(fault, "became shorter while it was read");
        crypto_generichash_update(&state, chunk, wanted);
        if (!copy_chunk(copy_fd, chunk, wanted))
            return fault_set(fault, "copying %" PRIu64 " bytes to memory: %s", size,
                             strerror(errno));
        left -= wanted;
    }
    crypto_generichash_final(&state, hash, DATA_HASH_SIZE);
    return true;
}

static bool copy_verified(int copy_fd, int fd, const struct manifest *m, struct fault *fault)
{
    uint8_t *chunk = malloc(COPY_CHUNK_SIZE);
    if (chunk == NULL)
        return fault_set(fault, "no memory to read it");
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    uint8_t hash[DATA_HASH_SIZE];
    bool is_good = copy_hashed(copy_fd, fd, m->data_size, hash, chunk, fault);
    free(chunk);
    if (is_good && memcmp(hash, m->data_hash, DATA_HASH_SIZE) != 0)
        is_good = fault_set(fault, "not the data its manifest was signed for: damaged or replaced; "
                                   "fetch it again");
    if (is_good && copy_fd >= 0 &&
        fcntl(copy_fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        is_good = fault_set(fault, "sealing its copy in memory: %s", strerror(errno));
    return is_good;
}

static bool make_copy(int *copy_fd, struct fault *fault)
{
    *copy_fd = memfd_create("elig-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *copy_fd >= 0 || fault_set(fault, "no memory file for its copy: %s", strerror(errno));
}

/* The verified bytes of the data file: a sealed memfd, or the file itself; -1 with a fault. */
static int open_copy(int directory_fd, const struct manifest *m, bool is_mapped,
                     struct fault *fault)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, m->generation, DATA_SUFFIX);
    uint64_t size;
    int fd = folder_open_regular(directory_fd, name, &size, fault);
    if (fd < 0)
        return -1;

    int copy_fd = -1;
    bool is_good = size == m->data_size;
    if (is_mapped)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (!is_good)
        fault_set(fault,
                  "%" PRIu64 " bytes, its manifest says %" PRIu64
                  ": cut short or replaced; fetch it again",
                  size, m->data_size);
    else
        is_good = (is_mapped || make_copy(&copy_fd, fault)) && copy_verified(copy_fd, fd, m, fault);
    if (is_good && is_mapped)
        return fd;
    close(fd);
    if (is_good)
        return copy_fd;
    if (copy_fd >= 0)
        close(copy_fd);
    fault_at(fault, name);
    return -1;
}

/* ---- LMDB ---- */

static bool lmdb_fault(struct fault *fault, const char *what, int rc)
{
    return fault_set(fault, "%s: LMDB says: %s", what, mdb_strerror(rc));
}

static bool open_env(struct snapshot *snapshot, int copy_fd, struct fault *fault)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", copy_fd);

    int rc = mdb_env_create(&snapshot->env);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_open(snapshot->env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS,
                          0);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(fault, "opening the verified copy (is /proc mounted?)", rc);

    /* LMDB leaves its descriptor open across exec. */
    int fd;
    if (mdb_env_get_fd(snapshot->env, &fd) != MDB_SUCCESS || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return fault_set(fault, "closing the copy for children: %s", strerror(errno));

    rc = mdb_txn_begin(snapshot->env, NULL, MDB_RDONLY, &snapshot->txn);
    if (rc == MDB_SUCCESS)
        rc = mdb_dbi_open(snapshot->txn, NULL, 0, &snapshot->dbi);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(fault, "reading the verified copy", rc);
    return true;
}

static void close_env(struct snapshot *snapshot)
{
    if (snapshot->txn != NULL)
        mdb_txn_abort(snapshot->txn);
    if (snapshot->env != NULL)
        mdb_env_close(snapshot->env);
    snapshot->txn = NULL;
    snapshot->env = NULL;
}

/* LMDB never compares its page numbers with the size of the file: a page past the end would be a
 * SIGBUS later. */
static bool env_is_whole(const struct snapshot *snapshot, struct fault *fault)
{
    MDB_stat stat;
    MDB_envinfo info;
    int rc = mdb_stat(snapshot->txn, snapshot->dbi, &stat);
    if (rc == MDB_SUCCESS)
        rc = mdb_env_info(snapshot->env, &info);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(fault, "reading the verified copy", rc);
    const struct manifest *m = &snapshot->manifest;
    if (info.me_last_pgno >= m->data_size / stat.ms_psize)
        return fault_set(fault, "its pages reach beyond its %" PRIu64 " bytes", m->data_size);
    if (stat.ms_entries != m->value_count)
        return fault_set(fault, "holds %zu values, its manifest says %u", stat.ms_entries,
                         m->value_count);
    return true;
}

/* One value: named in the manifest in place `place`, of that size and hash, padded with zeros. */
static bool value_get(struct table_bytes *out, const struct snapshot *snapshot, uint32_t place,
                      const char *name, struct fault *fault)
{
    const struct manifest_value *wanted = &snapshot->manifest.values[place];
    size_t name_size = strlen(name);
    assert(name_size <= VALUE_NAME_SIZE);
    char padded[VALUE_NAME_SIZE] = {0};
    memcpy(padded, name, name_size);
    if (memcmp(wanted->name, padded, VALUE_NAME_SIZE) != 0)
        return fault_set(fault, "value %u must be \"%s\"", place, name);

    MDB_val key = {name_size, padded}, value;
    int rc = mdb_get(snapshot->txn, snapshot->dbi, &key, &value);
    if (rc != MDB_SUCCESS)
        return lmdb_fault(fault, name, rc);
    if (value.mv_size != wanted->size)
        return fault_set(fault, "value %s: %zu bytes, the manifest says %" PRIu64, name,
                         value.mv_size, wanted->size);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(value.mv_data, value.mv_size));
    static_assert(sizeof(hash.digest) == VALUE_HASH_SIZE, "XXH3-128");
    if (memcmp(hash.digest, wanted->hash, VALUE_HASH_SIZE) != 0)
        return fault_set(fault, "value %s: not what its hash says", name);
    const uint8_t *bytes = value.mv_data;
    if (value.mv_size < SNAPSHOT_VALUE_PAD || !bytes_are_zero(bytes, SNAPSHOT_VALUE_PAD))
        return fault_set(fault, "value %s: must begin with %u zero bytes", name,
                         SNAPSHOT_VALUE_PAD);
    *out = (struct table_bytes){bytes + SNAPSHOT_VALUE_PAD, value.mv_size - SNAPSHOT_VALUE_PAD};
    return true;
}

/* ---- index and subjects ---- */

/* One shard, of as many buckets as are left for it. */
static bool shard_get(struct table_bytes *out, const struct snapshot *snapshot, uint32_t place,
                      const char *name, uint64_t bucket_count, uint64_t bucket_size,
                      struct fault *fault)
{
    if (!value_get(out, snapshot, place, name, fault))
        return false;
    return out->size == bucket_count * bucket_size ||
           fault_set(fault, "%s: %" PRIu64 " bytes; wanted %" PRIu64 " buckets of %" PRIu64, name,
                     out->size, bucket_count, bucket_size);
}

/* In memory of its own: it is what every look-up reads, at random. */
static const uint8_t *take_shard(const struct table_bytes *shard, const char *name,
                                 struct fault *fault)
{
    static_assert(HUGE_LINE % BUCKET_SIZE == 0, "buckets begin on cache lines");
    uint8_t *own = huge_take(shard->size, 1);
    if (own == NULL)
        fault_set(fault, "%s: no memory for %" PRIu64 " bytes", name, shard->size);
    else
        memcpy(own, shard->bytes, shard->size);
    return own;
}

/* Every slot of these buckets leads to a view; how many are taken. */
static bool count_slots(uint64_t *taken, const struct table_bytes *shard, uint32_t view_count,
                        struct fault *fault)
{
    uint32_t highest = 0;
    uint64_t count = 0;
    for (uint64_t at = 0; at < shard->size; at += SLOT_SIZE) {
        uint32_t view = load_u32(shard->bytes + at + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
        highest = view > highest ? view : highest;
        count += view != VIEW_NOBODY;
    }
    if (highest >= view_count)
        return fault_set(fault, "index: names view %u of %u", highest, view_count);
    *taken += count;
    return true;
}

static bool read_index(struct snapshot *snapshot, struct fault *fault)
{
    struct index *index = &snapshot->tables.index;
    const struct manifest *m = &snapshot->manifest;
    uint64_t left = index_bucket_count(m->home_count), taken = 0;

    index->home_count = m->home_count;
    for (uint32_t i = 0; left > 0; i++) {
        char name[SHARD_NAME_SIZE];
        snprintf(name, sizeof(name), VALUE_INDEX_FORMAT, i);
        struct table_bytes shard;
        uint64_t wanted = left < SHARD_BUCKET_COUNT ? left : SHARD_BUCKET_COUNT;
        if (!shard_get(&shard, snapshot, INDEX_PLACE + i, name, wanted, BUCKET_SIZE, fault))
            return false;
        if (!count_slots(&taken, &shard, snapshot->tables.view_count, fault))
            return false;
        if ((index->shards[i] = take_shard(&shard, name, fault)) == NULL)
            return false;
        left -= wanted;
    }
    if (taken != m->identifier_count)
        return fault_set(fault, "index: holds %" PRIu64 " identifiers, the manifest says %" PRIu64,
                         taken, m->identifier_count);
    return true;
}

/* A slot has a subject when somebody is in it; of these buckets, all of one shard of the index. */
static bool subjects_fit(const uint8_t *subjects, const uint8_t *buckets, uint64_t bucket_count)
{
    uint64_t wrong = 0;
    for (uint64_t slot = 0; slot < bucket_count * BUCKET_SLOT_COUNT; slot++) {
        uint32_t view = load_u32(buckets + slot * SLOT_SIZE + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
        wrong += (view != VIEW_NOBODY) != (load_u64(subjects + slot * 8) != 0);
    }
    return wrong == 0;
}

static bool read_subjects(struct snapshot *snapshot, uint32_t first_place, struct fault *fault)
{
    struct index *index = &snapshot->tables.index;
    uint64_t bucket_count = index_bucket_count(snapshot->manifest.home_count);
    for (uint64_t first = 0; first < bucket_count; first += SUBJECT_BUCKET_COUNT) {
        char name[SHARD_NAME_SIZE];
        uint32_t number = (uint32_t)(first >> SUBJECT_BUCKET_SHIFT);
        snprintf(name, sizeof(name), VALUE_SUBJECT_FORMAT, number);
        struct table_bytes shard;
        uint64_t left = bucket_count - first;
        uint64_t wanted = left < SUBJECT_BUCKET_COUNT ? left : SUBJECT_BUCKET_COUNT;
        if (!shard_get(&shard, snapshot, first_place + number, name, wanted, SUBJECT_BUCKET_SIZE,
                       fault))
            return false;
        for (uint64_t done = 0; done < wanted; done += SHARD_BUCKET_COUNT) {
            uint64_t count =
                wanted - done < SHARD_BUCKET_COUNT ? wanted - done : SHARD_BUCKET_COUNT;
            if (!subjects_fit(shard.bytes + done * SUBJECT_BUCKET_SIZE,
                              index_bucket(index, first + done), count))
                return fault_set(fault, "%s: somebody has no subject, or nobody has one", name);
        }
        if ((index->subjects[number] = take_shard(&shard, name, fault)) == NULL)
            return false;
    }
    return true;
}

/* Where a table stands among the values: shards stand between them. */
static uint32_t place_of_table(uint32_t number, uint32_t shard_count, uint32_t subject_count)
{
    return number + (number < INDEX_PLACE ? 0 : shard_count) +
           (number < SUBJECT_PLACE ? 0 : subject_count);
}

/* The values, in LMDB's order, are exactly the ones a snapshot has. */
static bool read_values(struct snapshot *snapshot, struct fault *fault)
{
    const struct manifest *m = &snapshot->manifest;
    uint64_t bucket_count = index_bucket_count(m->home_count);
    uint32_t shard_count = (uint32_t)index_shard_count(bucket_count);
    uint32_t subject_count =
        m->subject_check == 0 ? 0 : (uint32_t)index_subject_shard_count(bucket_count);
    static_assert(VALUE_COUNT_MAX - TABLE_COUNT <= SHARD_COUNT_MAX, "shards have a place");
    if (m->value_count != TABLE_COUNT + shard_count + subject_count)
        return fault_set(fault,
                         "%u values; wanted %u tables and %u shards, and %u of subjects, whose key "
                         "it %s",
                         m->value_count, TABLE_COUNT, shard_count, subject_count,
                         m->subject_check == 0 ? "has not" : "has");

    struct table_values v = {.census = {NULL, 0}};
    const struct {
        const char *name;
        struct table_bytes *bytes;
    } tables[TABLE_COUNT] = {
        {VALUE_CENSUS, &v.census},       {VALUE_CLAUSES, &v.clauses},
        {VALUE_CONTRACTS, &v.contracts}, {VALUE_DAYSETS, &v.daysets},
        {VALUE_GROUPS, &v.groups},       {VALUE_LIMITS, &v.limits},
        {VALUE_OFFERS, &v.offers},       {VALUE_POINTS, &v.points},
        {VALUE_PRODUCTS, &v.products},   {VALUE_RELIEFS, &v.reliefs},
        {VALUE_SETS, &v.sets},           {VALUE_SPLITS, &v.splits},
        {VALUE_TERMINALS, &v.terminals}, {VALUE_SPANS, &v.spans},
        {VALUE_VIEWS, &v.views},
    };
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        if (!value_get(tables[i].bytes, snapshot, place_of_table(i, shard_count, subject_count),
                       tables[i].name, fault))
            return false;
    return tables_decode(&snapshot->tables, &v, fault) && read_index(snapshot, fault) &&
           (subject_count == 0 || read_subjects(snapshot, SUBJECT_PLACE + shard_count, fault));
}

/* ---- canaries ---- */

static bool set_has_test_group(const struct tables *t, uint32_t set, uint32_t from_day,
                               uint32_t until_day)
{
    for (uint32_t i = t->set_first[set]; i < t->set_first[set + 1]; i++) {
        const struct membership *m = &t->memberships[i];
        if (m->group == GROUP_TEST && m->truth == TRUTH_YES && m->from_day <= from_day &&
            m->until_day >= until_day)
            return true;
    }
    return false;
}

static bool canary_sings(const struct snapshot *snapshot, enum test_identity which,
                         const struct view *view)
{
    const struct manifest *m = &snapshot->manifest;
    switch (which) {
    case TEST_HIT:
        return view->from_day <= m->from_day && view->until_day >= m->until_day &&
               set_has_test_group(&snapshot->tables, view->set, m->from_day, m->until_day);
    case TEST_EXPIRED:
        return view != &snapshot->tables.views[VIEW_NOBODY] && view->until_day <= m->from_day + 1;
    case TEST_MISS:
        return view == &snapshot->tables.views[VIEW_NOBODY];
    }
    abort(); /* not a test identity: memory was overwritten */
}

/* A key or a form of identifiers that differs between loader and engine would look like "nobody is
 * entitled"; the test identities show it. */
static bool canaries_sing(const struct snapshot *snapshot, const struct identity_key *key,
                          struct fault *fault)
{
    static const char *const what[TEST_IDENTITY_COUNT] = {"entitled", "expired", "unknown"};
    for (int means = MEANS_PERSONAL_CODE; means <= MEANS_LAST; means++) {
        for (int which = 0; which < TEST_IDENTITY_COUNT; which++) {
            const char *text = means_test_identifier((enum means)means, (enum test_identity)which);
            struct identifier identifier;
            if (means_normalise(&identifier, (enum means)means, text, strlen(text)) != MEANS_FINE)
                return fault_set(fault, "the test identifier of means %s has no canonical form",
                                 means_name((uint8_t)means));
            struct digest digest;
            identity_digest(&digest, key, &identifier);
            uint32_t view = index_find(&snapshot->tables.index, &digest);
            if (!canary_sings(snapshot, (enum test_identity)which, &snapshot->tables.views[view]))
                return fault_set(fault,
                                 "the test identity of means %s that must be %s is not; "
                                 "loader and reader disagree, do not serve it",
                                 means_name((uint8_t)means), what[which]);
        }
    }
    return true;
}

/* ---- open, close ---- */

static bool open_key(struct snapshot *snapshot, const struct snapshot_trust *trust,
                     struct fault *fault)
{
    const struct manifest *m = &snapshot->manifest;
    snapshot->identity = trust->identity;
    if (trust->identity_keys == NULL)
        return manifest_has_key(m, snapshot->identity, fault);
    if (!identity_keys_open(&snapshot->own_key, trust->identity_keys, m->generation, fault))
        return false;
    snapshot->identity = snapshot->own_key;
    return manifest_has_key(m, snapshot->identity, fault);
}

static bool open_data(struct snapshot *snapshot, int directory_fd, bool is_mapped,
                      struct fault *fault)
{
    int copy_fd = open_copy(directory_fd, &snapshot->manifest, is_mapped, fault);
    if (copy_fd < 0)
        return false;
    bool is_good = open_env(snapshot, copy_fd, fault);
    close(copy_fd); /* LMDB has opened the copy for itself */
    is_good = is_good && env_is_whole(snapshot, fault) && read_values(snapshot, fault) &&
              canaries_sing(snapshot, snapshot->identity, fault);
    close_env(snapshot); /* and with it the copy is gone: all that is served was read from it */
    if (is_good)
        return true;

    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, snapshot->manifest.generation, DATA_SUFFIX);
    return fault_at(fault, name);
}

/* `listed_hash`: the hash that the manifest must have, or NULL. */
static bool open_generation(struct snapshot **out, int directory_fd, uint64_t generation,
                            const uint8_t *listed_hash, const struct snapshot_trust *trust,
                            struct fault *fault)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot == NULL)
        return fault_set(fault, "no memory for a snapshot");

    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, MANIFEST_SUFFIX);
    uint8_t hash[DATA_HASH_SIZE];
    bool is_good =
        manifest_read(&snapshot->manifest, directory_fd, generation, trust->signer, hash, fault);
    if (is_good && listed_hash != NULL && memcmp(hash, listed_hash, DATA_HASH_SIZE) != 0)
        is_good = fault_set(fault, "%s: not the manifest that " CURRENT_NAME " names", name);
    if (is_good && (!manifest_is_trusted(&snapshot->manifest, trust, fault) ||
                    !open_key(snapshot, trust, fault)))
        is_good = fault_at(fault, name);
    if (is_good)
        is_good = open_data(snapshot, directory_fd, trust->is_mapped, fault);
    if (!is_good) {
        snapshot_close(snapshot);
        return false;
    }
    *out = snapshot;
    return true;
}

bool snapshot_open_current(struct snapshot **out, const char *directory,
                           const struct snapshot_trust *trust, struct fault *fault)
{
    int fd = folder_open(directory, fault);
    if (fd < 0)
        return false;
    uint64_t generation = 0;
    uint8_t hash[DATA_HASH_SIZE];
    bool is_good = current_read(fd, &generation, hash, fault) &&
                   open_generation(out, fd, generation, hash, trust, fault);
    close(fd);
    return is_good || fault_at(fault, directory);
}

bool snapshot_open(struct snapshot **out, const char *directory, uint64_t generation,
                   const struct snapshot_trust *trust, struct fault *fault)
{
    int fd = folder_open(directory, fault);
    if (fd < 0)
        return false;
    bool is_good = open_generation(out, fd, generation, NULL, trust, fault);
    close(fd);
    return is_good || fault_at(fault, directory);
}

/* The memory is ours; const is only for those who read it. */
static void free_shard(const uint8_t *shard)
{
    free((void *)(uintptr_t)shard);
}

void snapshot_close(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (uint32_t i = 0; i < SHARD_COUNT_MAX; i++)
        free_shard(snapshot->tables.index.shards[i]);
    for (uint32_t i = 0; i < SUBJECT_SHARD_COUNT_MAX; i++)
        free_shard(snapshot->tables.index.subjects[i]);
    tables_free(&snapshot->tables);
    keyfile_close_identity(snapshot->own_key);
    free(snapshot);
}

const struct manifest *snapshot_manifest(const struct snapshot *snapshot)
{
    return &snapshot->manifest;
}

const struct tables *snapshot_tables(const struct snapshot *snapshot)
{
    return &snapshot->tables;
}

const struct identity_key *snapshot_identity(const struct snapshot *snapshot)
{
    return snapshot->identity;
}
