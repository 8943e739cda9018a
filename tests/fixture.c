#include "tests/fixture.h"

#include "loader/builder.h"
#include "loader/publish.h"
#include "protocol/profile.h"
#include "protocol/subject.h"
#include "tests/shelf.h"

#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE_ITEMS_MAX       256
#define FIXTURE_MEMBERSHIPS_MAX 1024
#define FIXTURE_ENTRIES_MAX     4096
#define FIXTURE_PATH_SIZE       512

struct fixture {
    char directory[FIXTURE_PATH_SIZE], identity_path[FIXTURE_PATH_SIZE],
        secret_path[FIXTURE_PATH_SIZE], public_path[FIXTURE_PATH_SIZE], keys[FIXTURE_PATH_SIZE],
        subject_path[FIXTURE_PATH_SIZE];
    bool has_keys;                               /* each generation its own */
    struct identity_key *identity, *subject_key; /* subject_key NULL: no subjects */
    struct sign_secret *secret;
    struct sign_public public;
    struct manifest manifest;
    struct group groups[FIXTURE_ITEMS_MAX];
    struct product products[FIXTURE_ITEMS_MAX];
    struct relief reliefs[FIXTURE_ITEMS_MAX];
    struct clause clauses[FIXTURE_ITEMS_MAX];
    uint32_t clause_products[FIXTURE_ITEMS_MAX];
    struct offer offers[2 * FIXTURE_ITEMS_MAX];
    struct point points[FIXTURE_ITEMS_MAX];
    struct limit limits[FIXTURE_ITEMS_MAX];
    struct terminal terminals[FIXTURE_ITEMS_MAX];
    struct number_span spans[FIXTURE_ITEMS_MAX];
    struct dayset all_days;
    struct tables tables;
    struct census census[FIXTURE_ITEMS_MAX];
    uint32_t set_first[FIXTURE_ITEMS_MAX + 1];
    struct membership memberships[FIXTURE_MEMBERSHIPS_MAX];
    struct view views[FIXTURE_ENTRIES_MAX];
    struct index_entry entries[FIXTURE_ENTRIES_MAX];
    struct identifier identifiers[FIXTURE_ENTRIES_MAX]; /* [i] is of whoever has view i + 1 */
    struct identifier counted[FIXTURE_ENTRIES_MAX];     /* and what their subject is made of */
    uint32_t group_count, product_count, relief_count, clause_count, census_count, set_count,
        view_count, point_count, terminal_count, span_count, limit_count;
    uint64_t entry_count;
};

static void must(bool good, const struct fault *fault)
{
    if (!good)
        errx(1, "fixture: %s", fault->text);
}

static void name_set(char out[static NAME_SIZE], const char *name)
{
    assert(strlen(name) < NAME_SIZE);
    memset(out, 0, NAME_SIZE);
    snprintf(out, NAME_SIZE, "%s", name);
}

static void path_set(char out[static FIXTURE_PATH_SIZE], const char *folder, const char *name)
{
    int length = snprintf(out, FIXTURE_PATH_SIZE, "%s/%s", folder, name);
    assert(length > 0 && length < FIXTURE_PATH_SIZE);
}

/* ---- content ---- */

uint16_t fixture_group(struct fixture *f, const char *name)
{
    assert(f->group_count < FIXTURE_ITEMS_MAX);
    name_set(f->groups[f->group_count].name, name);
    return (uint16_t)f->group_count++;
}

void fixture_product(struct fixture *f, uint32_t number, const char *name)
{
    assert(f->product_count < FIXTURE_ITEMS_MAX);
    f->products[f->product_count].number = number;
    name_set(f->products[f->product_count++].name, name);
}

uint16_t fixture_relief(struct fixture *f, uint32_t code, const char *name)
{
    assert(f->relief_count < FIXTURE_ITEMS_MAX);
    struct relief *relief = &f->reliefs[f->relief_count];
    *relief = (struct relief){.code = code,
                              .from_day = FIXTURE_FROM_DAY,
                              .until_day = FIXTURE_UNTIL_DAY,
                              .state = RELIEF_ACTIVE,
                              .giver = UINT64_C(90000000000)};
    name_set(relief->name, name);
    return (uint16_t)f->relief_count++;
}

struct terminal *fixture_terminal_at(struct fixture *f, uint32_t number)
{
    uint32_t i = 0;
    while (i < f->terminal_count && f->terminals[i].number != number)
        i++;
    assert(i < f->terminal_count);
    return &f->terminals[i];
}

struct relief *fixture_relief_at(struct fixture *f, uint16_t relief)
{
    assert(relief < f->relief_count);
    return &f->reliefs[relief];
}

struct manifest *fixture_manifest(struct fixture *f)
{
    return &f->manifest;
}

void fixture_clause(struct fixture *f, uint32_t product, uint16_t relief, uint16_t group,
                    uint16_t percent_bp)
{
    assert(f->clause_count < FIXTURE_ITEMS_MAX);
    /* behind those of the same product */
    uint32_t at = f->clause_count++;
    for (; at > 0 && f->clause_products[at - 1] > product; at--) {
        f->clauses[at] = f->clauses[at - 1];
        f->clause_products[at] = f->clause_products[at - 1];
    }
    f->clauses[at] = shelf_clause(f->reliefs[relief].code, relief, group, percent_bp);
    f->clauses[at].split = relief == RELIEF_TEST ? 0 : 1;
    f->clause_products[at] = product;
}

void fixture_limit(struct fixture *f, struct limit limit)
{
    assert(f->limit_count < FIXTURE_ITEMS_MAX);
    if (limit.until_day == 0)
        limit.until_day = DAY_NEVER;
    f->limits[f->limit_count++] = limit;
}

void fixture_source(struct fixture *f, const char *name, uint32_t as_of_day, uint32_t overdue_day)
{
    assert(f->manifest.source_count < SOURCE_COUNT_MAX && strlen(name) < SOURCE_NAME_SIZE);
    struct manifest_source *source = &f->manifest.sources[f->manifest.source_count++];
    memset(source, 0, sizeof(*source));
    memcpy(source->name, name, strlen(name));
    source->as_of_day = as_of_day;
    source->overdue_day = overdue_day;
}

void fixture_census(struct fixture *f, uint16_t group, uint32_t place, uint32_t yes_count,
                    uint32_t unknown_count)
{
    assert(f->census_count < FIXTURE_ITEMS_MAX);
    f->census[f->census_count++] = (struct census){group, place, yes_count, unknown_count};
}

/* All are of one kind: clauses stand everywhere. */
#define FIXTURE_SITE 1

void fixture_point(struct fixture *f, uint32_t number, uint64_t provider)
{
    assert(f->point_count < FIXTURE_ITEMS_MAX);
    f->points[f->point_count++] =
        (struct point){.number = number, .site = FIXTURE_SITE, .provider = provider};
}

static uint32_t add_span(struct fixture *f, uint32_t first, uint32_t last)
{
    assert(f->span_count < FIXTURE_ITEMS_MAX);
    f->spans[f->span_count] = (struct number_span){first, last};
    return f->span_count++;
}

static uint64_t provider_of(const struct fixture *f, uint32_t first_point)
{
    for (uint32_t i = 0; i < f->point_count; i++)
        if (f->points[i].number >= first_point)
            return f->points[i].provider;
    return 0; /* for tables_check to refuse */
}

struct terminal *fixture_terminal(struct fixture *f, uint32_t number,
                                  const uint8_t key[static TERMINAL_KEY_SIZE], uint32_t first_point,
                                  uint32_t last_point)
{
    assert(f->terminal_count < FIXTURE_ITEMS_MAX);
    struct terminal *terminal = &f->terminals[f->terminal_count++];
    *terminal = (struct terminal){.number = number,
                                  .profile = PROFILE_TILL,
                                  .provider = provider_of(f, first_point),
                                  .until_day = DAY_NEVER,
                                  .point_first = add_span(f, first_point, last_point),
                                  .point_count = 1};
    memcpy(terminal->key, key, TERMINAL_KEY_SIZE);
    return terminal;
}

void fixture_terminal_sells(struct fixture *f, uint32_t first, uint32_t last)
{
    assert(f->terminal_count > 0);
    struct terminal *terminal = &f->terminals[f->terminal_count - 1];
    uint32_t span = add_span(f, first, last);
    if (terminal->product_count++ == 0)
        terminal->product_first = span;
}

uint32_t fixture_set(struct fixture *f, const struct membership memberships[], size_t count)
{
    uint32_t first = f->set_first[f->set_count];
    assert(f->set_count < FIXTURE_ITEMS_MAX && count <= FIXTURE_MEMBERSHIPS_MAX - first);
    for (size_t i = 0; i < count; i++)
        f->memberships[first + i] = memberships[i];
    f->set_first[f->set_count + 1] = first + (uint32_t)count;
    return f->set_count++;
}

uint32_t fixture_set_of(struct fixture *f, uint16_t group)
{
    struct membership all = {group, TRUTH_YES, FIXTURE_FROM_DAY, FIXTURE_UNTIL_DAY};
    return fixture_set(f, &all, 1);
}

static struct identifier normalise(enum means means, const char *text)
{
    struct identifier identifier;
    if (means_normalise(&identifier, means, text, strlen(text)) != MEANS_FINE)
        errx(1, "fixture: an identifier without a canonical form");
    return identifier;
}

void fixture_digest(const struct fixture *f, struct digest *out, enum means means, const char *text)
{
    struct identifier identifier = normalise(means, text);
    identity_digest(out, f->identity, &identifier);
}

/* View 0 is nobody's, and every other one somebody's alone. */
static void enter(struct fixture *f, uint64_t i)
{
    identity_digest(&f->entries[i].digest, f->identity, &f->identifiers[i]);
    f->entries[i].view = (uint32_t)i + 1;
    f->entries[i].subject = f->subject_key == NULL ? 0 : subject_of(f->subject_key, &f->counted[i]);
}

/* Entries are in any order once they were published. */
static void enter_all(struct fixture *f)
{
    for (uint64_t i = 0; i < f->entry_count; i++)
        enter(f, i);
}

void fixture_identifier(struct fixture *f, enum means means, const char *text, uint32_t set,
                        uint32_t from_day, uint32_t until_day)
{
    assert(f->entry_count < FIXTURE_ENTRIES_MAX && f->view_count < FIXTURE_ENTRIES_MAX);
    assert(f->view_count == f->entry_count + 1);
    f->views[f->view_count++] = (struct view){set, from_day, until_day};
    f->identifiers[f->entry_count] = f->counted[f->entry_count] = normalise(means, text);
    enter(f, f->entry_count++);
}

void fixture_person(struct fixture *f, enum means means, const char *text, uint32_t set)
{
    fixture_identifier(f, means, text, set, 0, DAY_NEVER);
}

/* All means of a test identity are one person's. */
static void add_test(struct fixture *f, enum means means, enum test_identity which, uint32_t set,
                     uint32_t from_day, uint32_t until_day)
{
    fixture_identifier(f, means, means_test_identifier(means, which), set, from_day, until_day);
    fixture_first_code(f, means_test_identifier(MEANS_PERSONAL_CODE, which));
}

static void add_reserved(struct fixture *f)
{
    fixture_set(f, NULL, 0); /* set 0: empty */
    f->views[f->view_count++] = (struct view){0, 0, DAY_NEVER};
    uint16_t group = fixture_group(f, GROUP_TEST_NAME);
    fixture_product(f, PRODUCT_TEST, PRODUCT_TEST_NAME);
    uint16_t relief = fixture_relief(f, RELIEF_TEST_CODE, RELIEF_TEST_NAME);
    fixture_clause(f, PRODUCT_TEST, relief, group, PERCENT_ALL_BP);
    uint32_t set = fixture_set_of(f, group);
    for (int means = MEANS_PERSONAL_CODE; means <= MEANS_LAST; means++) {
        add_test(f, (enum means)means, TEST_HIT, set, 0, DAY_NEVER);
        add_test(f, (enum means)means, TEST_EXPIRED, set, FIXTURE_FROM_DAY, FIXTURE_FROM_DAY + 1);
    }
}

/* ---- open, publish ---- */

static void make_keys(struct fixture *f)
{
    struct fault fault;
    must(identity_start(&fault), &fault);
    must(keyfile_create_identity(f->identity_path, &fault), &fault);
    must(keyfile_create_signing(f->secret_path, &fault), &fault);
    must(keyfile_open_identity(&f->identity, f->identity_path, &fault), &fault);
    must(keyfile_open_secret(&f->secret, f->secret_path, &fault), &fault);
    must(keyfile_read_public(&f->public, f->public_path, &fault), &fault);
}

static void name_key(struct fixture *f)
{
    identity_key_id(f->manifest.identity_key_id, f->identity);
    identity_check_value(f->manifest.identity_check, f->identity);
}

static void renew_key(struct fixture *f)
{
    struct fault fault;
    keyfile_close_identity(f->identity);
    must(keyfile_make_identity(&f->identity, &fault), &fault);
    name_key(f);
    enter_all(f);
}

void fixture_use_keys(struct fixture *f)
{
    f->has_keys = true;
}

void fixture_use_subjects(struct fixture *f)
{
    struct fault fault;
    must(keyfile_create_subject(f->subject_path, &fault), &fault);
    must(keyfile_open_subject(&f->subject_key, f->subject_path, &fault), &fault);
    enter_all(f);
}

void fixture_first_code(struct fixture *f, const char *code)
{
    assert(f->entry_count > 0);
    f->counted[f->entry_count - 1] = normalise(MEANS_PERSONAL_CODE, code);
    enter_all(f);
}

const char *fixture_subject_path(const struct fixture *f)
{
    return f->subject_path;
}

const struct identity_key *fixture_subject_key(const struct fixture *f)
{
    return f->subject_key;
}

uint64_t fixture_subject(const struct fixture *f, enum means means, const char *text)
{
    struct identifier identifier = normalise(means, text);
    return subject_of(f->subject_key, &identifier);
}

const char *fixture_keys(const struct fixture *f)
{
    return f->keys;
}

struct fixture *fixture_open(const char *directory)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char folder[FIXTURE_PATH_SIZE];
    path_set(folder, directory, "fixture-XXXXXX");
    if (f == NULL || mkdtemp(folder) == NULL)
        err(1, "fixture: %s", folder);
    path_set(f->directory, folder, "snapshots");
    path_set(f->identity_path, folder, "identity.key");
    path_set(f->keys, folder, "keys");
    path_set(f->subject_path, folder, "subject.key");
    path_set(f->secret_path, folder, "signing.key");
    path_set(f->public_path, folder, "signing.key.pub");
    make_keys(f);

    f->manifest = (struct manifest){
        .environment = FIXTURE_ENVIRONMENT,
        .created_s = FIXTURE_CREATED_S,
        .not_after_s = FIXTURE_NOT_AFTER_S,
        .as_of_day = FIXTURE_AS_OF_DAY,
        .from_day = FIXTURE_FROM_DAY,
        .until_day = FIXTURE_UNTIL_DAY,
    };
    name_key(f);
    add_reserved(f);
    return f;
}

void fixture_close(struct fixture *f)
{
    if (f == NULL)
        return;
    keyfile_close_identity(f->identity);
    keyfile_close_identity(f->subject_key);
    keyfile_close_secret(f->secret);
    free(f);
}

/* Each once nowhere in particular and, where there are points of sale, once at them. */
static uint32_t offers_of(struct fixture *f)
{
    uint32_t count = shelf_offers(f->offers, f->clause_products, f->clause_count);
    if (f->point_count == 0)
        return count;
    for (uint32_t i = 0; i < count; i++) {
        f->offers[count + i] = f->offers[i];
        f->offers[count + i].site = FIXTURE_SITE;
    }
    return 2 * count;
}

static struct content content_of(struct fixture *f)
{
    uint32_t from_day = f->manifest.from_day, until_day = f->manifest.until_day;
    f->all_days = shelf_all_days(until_day > from_day ? until_day - from_day : 0);
    f->tables = (struct tables){
        .views = f->views,
        .set_first = f->set_first,
        .memberships = f->memberships,
        .groups = f->groups,
        .census = f->census,
        .products = f->products,
        .daysets = &f->all_days,
        .offers = f->offers,
        .clauses = f->clauses,
        .reliefs = f->reliefs,
        .limits = f->limits,
        .limit_count = f->limit_count,
        .points = f->points,
        .terminals = f->terminals,
        .spans = f->spans,
        .view_count = f->view_count,
        .set_count = f->set_count,
        .group_count = f->group_count,
        .census_count = f->census_count,
        .product_count = f->product_count,
        .dayset_count = 1,
        .offer_count = offers_of(f),
        .point_count = f->point_count,
        .terminal_count = f->terminal_count,
        .span_count = f->span_count,
        .clause_count = f->clause_count,
        .relief_count = f->relief_count,
    };
    return (struct content){.entries = f->entries,
                            .entry_count = f->entry_count,
                            .tables = &f->tables,
                            .subject_check =
                                f->subject_key == NULL ? 0 : subject_key_check(f->subject_key)};
}

bool fixture_try_publish(struct fixture *f, uint64_t *generation, struct fault *fault)
{
    struct publication *publication;
    if (f->has_keys)
        renew_key(f);
    struct snapshot_trust trust = fixture_trust(f);
    if (!publish_begin(&publication, f->directory, &trust, fault))
        return false;
    struct content content = content_of(f);
    f->manifest.person_count = f->entry_count;
    bool good = builder_write(publish_data_path(publication), &content, 1, &f->manifest, fault) &&
                publish_commit(publication, &f->manifest, f->secret, &trust, fault);
    *generation = publish_current_generation(publication);
    publish_end(publication);
    return good;
}

uint64_t fixture_publish(struct fixture *f)
{
    struct fault fault;
    uint64_t generation;
    must(fixture_try_publish(f, &generation, &fault), &fault);
    return generation;
}

const char *fixture_directory(const struct fixture *f)
{
    return f->directory;
}

const char *fixture_identity_path(const struct fixture *f)
{
    return f->identity_path;
}

const char *fixture_secret_path(const struct fixture *f)
{
    return f->secret_path;
}

const char *fixture_public_path(const struct fixture *f)
{
    return f->public_path;
}

const struct identity_key *fixture_identity_key(const struct fixture *f)
{
    return f->identity;
}

const struct sign_secret *fixture_secret(const struct fixture *f)
{
    return f->secret;
}

struct snapshot_trust fixture_trust(const struct fixture *f)
{
    return (struct snapshot_trust){.signer = &f->public,
                                   .identity = f->identity,
                                   .identity_keys = f->has_keys ? f->keys : NULL,
                                   .environment = f->manifest.environment};
}

struct snapshot *fixture_snapshot(const struct fixture *f)
{
    struct fault fault;
    struct snapshot *snapshot;
    struct snapshot_trust trust = fixture_trust(f);
    must(snapshot_open_current(&snapshot, f->directory, &trust, &fault), &fault);
    return snapshot;
}
