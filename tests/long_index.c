/* A world of identifiers: built, opened as an engine opens it, probed. Prints what it cost.
 * usage: long_index DIRECTORY IDENTIFIERS (as a test: 4 GB of disk and 9 GB of memory for 100
 * million) */
#include "loader/builder.h"
#include "loader/publish.h"
#include "tests/shelf.h"
#include "tests/support.h"

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PROBE_COUNT  UINT64_C(8000000)
#define VIEW_COUNT   5000
#define THREAD_COUNT 2u
#define ROUND_COUNT  5u /* the fastest counts: others work on this machine, too */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double peak_gb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1e6;
}

static void must(bool good, const struct fault *fault)
{
    if (!good)
        errx(1, "%s", fault->text);
}

/* The digest of the n-th identifier of a series: no list of them is needed to ask for them again.
 */
static void series_digest(struct digest *out, uint64_t series, uint64_t n)
{
    uint64_t state = series << 56 ^ n * 2;
    store_u64(out->bytes, support_random(&state));
    state ^= UINT64_C(0x5bd1e9955bd1e995);
    store_u64(out->bytes + 8, support_random(&state));
}

static struct group groups[1] = {{.name = GROUP_TEST_NAME}};
static struct product products[1] = {{.number = PRODUCT_TEST, .name = PRODUCT_TEST_NAME}};
static struct relief reliefs[1] = {{.code = RELIEF_TEST_CODE,
                                    .until_day = DAY_NEVER,
                                    .state = RELIEF_ACTIVE,
                                    .name = RELIEF_TEST_NAME}};
static struct offer offers[1] = {{.product = PRODUCT_TEST, .clause_count = 1}};
static uint32_t set_first[3] = {0, 0, 1};
static struct membership memberships[1] = {{GROUP_TEST, TRUTH_YES, 20600, 20693}};
static struct view views[VIEW_COUNT];

static uint64_t add_test_identities(struct index_entry *entries, const struct identity_key *key)
{
    uint64_t count = 0;
    for (int means = MEANS_PERSONAL_CODE; means <= MEANS_LAST; means++)
        for (int which = TEST_HIT; which <= TEST_EXPIRED; which++) {
            const char *text = means_test_identifier((enum means)means, (enum test_identity)which);
            struct identifier identifier;
            if (means_normalise(&identifier, (enum means)means, text, strlen(text)) != MEANS_FINE)
                errx(1, "a test identity has no canonical form");
            identity_digest(&entries[count].digest, key, &identifier);
            entries[count++].view = which == TEST_HIT ? 1 : 2;
        }
    return count;
}

/* Builds and publishes; the entries are gone afterwards. */
static uint64_t build(const char *directory, uint64_t identifier_count, struct manifest *manifest,
                      const struct sign_secret *secret, const struct snapshot_trust *trust)
{
    struct index_entry *entries = malloc(identifier_count * sizeof(*entries));
    if (entries == NULL)
        err(1, "entries");
    uint64_t count = add_test_identities(entries, trust->identity);
    for (; count < identifier_count; count++) {
        series_digest(&entries[count].digest, 1, count);
        entries[count].view = 1 + (uint32_t)(count % (VIEW_COUNT - 1));
    }
    struct clause clause = shelf_clause(RELIEF_TEST_CODE, RELIEF_TEST, GROUP_TEST, PERCENT_ALL_BP);
    struct dayset all_days = shelf_all_days(93);
    struct tables tables = {
        .views = views,
        .set_first = set_first,
        .memberships = memberships,
        .groups = groups,
        .products = products,
        .daysets = &all_days,
        .offers = offers,
        .clauses = &clause,
        .reliefs = reliefs,
        .view_count = VIEW_COUNT,
        .set_count = 2,
        .group_count = 1,
        .product_count = 1,
        .dayset_count = 1,
        .offer_count = 1,
        .clause_count = 1,
        .relief_count = 1,
    };
    struct content content = {
        .entries = entries, .entry_count = identifier_count, .tables = &tables};

    struct fault fault;
    struct publication *publication;
    must(publish_begin(&publication, directory, trust, &fault), &fault);
    double start = now_s();
    must(builder_write(publish_data_path(publication), &content, THREAD_COUNT, manifest, &fault),
         &fault);
    double built = now_s();
    free(entries);
    printf("  build    %7.2f s  (%.0f ns an identifier, %u threads, synced and read back)\n",
           built - start, (built - start) * 1e9 / (double)identifier_count, THREAD_COUNT);
    printf("  size     %7.2f GB (%.2f bytes an identifier, %u values)\n",
           (double)manifest->data_size / 1e9,
           (double)manifest->data_size / (double)identifier_count, manifest->value_count);
    printf("  memory   %7.2f GB at most while building\n", peak_gb());
    must(publish_commit(publication, manifest, secret, trust, &fault), &fault);
    printf("  publish  %7.2f s  (signed, opened, verified)\n", now_s() - built);
    uint64_t generation = publish_current_generation(publication);
    publish_end(publication);
    return generation;
}

/* Probes of identifiers that are there (series 1) or not; the time of each in ns. */
static void probe(const struct index *index, uint64_t series, uint64_t identifier_count,
                  size_t batch, const char *what)
{
    struct digest *digests = malloc(PROBE_COUNT * sizeof(*digests));
    if (digests == NULL)
        err(1, "digests");
    uint64_t state = 99, found = 0, wrong = 0;
    for (uint64_t i = 0; i < PROBE_COUNT; i++) {
        uint64_t reserved = 2 * MEANS_LAST;
        uint64_t n = reserved + support_random(&state) % (identifier_count - reserved);
        series_digest(&digests[i], series, n);
    }
    double ns = 1e9;
    for (uint32_t round = 0; round < ROUND_COUNT; round++) {
        uint32_t out[INDEX_BATCH_MAX];
        found = 0;
        double start = now_s();
        for (uint64_t i = 0; i + batch <= PROBE_COUNT; i += batch) {
            index_find_batch(out, index, digests + i, batch);
            for (size_t k = 0; k < batch; k++)
                found += out[k] != VIEW_NOBODY;
        }
        double round_ns = (now_s() - start) * 1e9 / (double)PROBE_COUNT;
        ns = round_ns < ns ? round_ns : ns;
    }
    wrong = series == 1 ? PROBE_COUNT - found : found;
    printf("  %-8s %7.1f ns a probe in batches of %zu\n", what, ns, batch);
    if (wrong != 0)
        errx(1, "%lu wrong answers", (unsigned long)wrong);
    free(digests);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: long_index DIRECTORY IDENTIFIERS");
    uint64_t identifier_count = strtoull(argv[2], NULL, 10);
    if (identifier_count < 1000)
        errx(2, "wanted at least 1000 identifiers");
    char directory[512];
    snprintf(directory, sizeof(directory), "%s/long-index-%d", argv[1], (int)getpid());

    struct fault fault;
    must(identity_start(&fault), &fault);
    struct identity_key key;
    randombytes_buf(key.bytes, sizeof(key.bytes));
    struct sign_public public;
    struct sign_secret secret;
    crypto_sign_keypair(public.bytes, secret.bytes);
    struct snapshot_trust trust = {.signer = &public, .identity = &key, .environment = 1};
    struct manifest manifest = {.environment = 1,
                                .created_s = 1,
                                .not_after_s = 2,
                                .as_of_day = 20631,
                                .from_day = 20600,
                                .until_day = 20693,
                                .person_count = identifier_count};
    identity_key_id(manifest.identity_key_id, &key);
    identity_check_value(manifest.identity_check, &key);
    views[0] = (struct view){0, 0, DAY_NEVER};
    for (uint32_t i = 1; i < VIEW_COUNT; i++)
        views[i] = (struct view){1, 20600, i == 2 ? 20601 : 20693 + i};

    printf("%lu identifiers\n", (unsigned long)identifier_count);
    uint64_t generation = build(directory, identifier_count, &manifest, &secret, &trust);
    double start = now_s();
    struct snapshot *snapshot;
    must(snapshot_open(&snapshot, directory, generation, &trust, &fault), &fault);
    printf("  open     %7.2f s  (%.2f GB/s)\n", now_s() - start,
           (double)manifest.data_size / 1e9 / (now_s() - start));
    const struct index *index = &snapshot_tables(snapshot)->index;
    for (size_t batch = 1; batch <= INDEX_BATCH_MAX; batch *= 8) {
        probe(index, 1, identifier_count, batch, "hits");
        probe(index, 2, identifier_count, batch, "misses");
    }
    snapshot_close(snapshot);

    char name[600];
    const char *const files[] = {".mdb", ".man"};
    for (size_t i = 0; i < 2; i++) {
        char text[GENERATION_TEXT_SIZE];
        generation_to_text(text, generation);
        snprintf(name, sizeof(name), "%s/%s%s", directory, text, files[i]);
        unlink(name);
    }
    snprintf(name, sizeof(name), "%s/CURRENT", directory);
    unlink(name);
    snprintf(name, sizeof(name), "%s/.lock", directory);
    unlink(name);
    rmdir(directory);
    return 0;
}
