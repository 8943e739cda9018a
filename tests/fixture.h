/* Small signed snapshots for suites that need one to read: keys, groups, products, reliefs, persons
 * that the suite names, and the test identities, which are added by themselves. Aborts the suite
 * when anything fails. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "protocol/keyfile.h"
#include "protocol/means.h"
#include "protocol/snapshot.h"

#define FIXTURE_FROM_DAY    20600 /* the judging window */
#define FIXTURE_AS_OF_DAY   20631
#define FIXTURE_UNTIL_DAY   20693
#define FIXTURE_CREATED_S   UINT64_C(1782518400)
#define FIXTURE_NOT_AFTER_S UINT64_C(4102444800) /* 2100 */
#define FIXTURE_ENVIRONMENT 7

struct fixture;

/* A folder of its own below `directory` (which is there), with new keys in it. Group 0, product 1,
 * relief 0 and their clause are there already. */
struct fixture *fixture_open(const char *directory);
void fixture_close(struct fixture *fixture);

/* Each returns the index of what it adds. Products must be added with rising numbers, clauses are
 * sorted by product when published. Reliefs are in force on all days of the window. */
uint16_t fixture_group(struct fixture *fixture, const char *name);
void fixture_product(struct fixture *fixture, uint32_t number, const char *name);
uint16_t fixture_relief(struct fixture *fixture, uint32_t code, const char *name);
void fixture_clause(struct fixture *fixture, uint32_t product, uint16_t relief, uint16_t group,
                    uint16_t percent_bp);
/* Of reliefs that are there, in their order; on all days when it names none. */
void fixture_limit(struct fixture *fixture, struct limit limit);
void fixture_source(struct fixture *fixture, const char *name, uint32_t as_of_day,
                    uint32_t overdue_day);
void fixture_census(struct fixture *fixture, uint16_t group, uint32_t place, uint32_t yes_count,
                    uint32_t unknown_count);

/* A point of sale where everything is to be had that is to be had anywhere; with rising numbers. */
void fixture_point(struct fixture *fixture, uint32_t number, uint64_t provider);
/* An enrolled till at points of sale that are there, for all products and all days of the window;
 * with rising numbers. To change before publishing. */
struct terminal *fixture_terminal(struct fixture *fixture, uint32_t number,
                                  const uint8_t key[static TERMINAL_KEY_SIZE], uint32_t first_point,
                                  uint32_t last_point);
/* What the last one sells from now on: with rising numbers. */
void fixture_terminal_sells(struct fixture *fixture, uint32_t first, uint32_t last);

/* What was added, to change before publishing. */
struct terminal *fixture_terminal_at(struct fixture *fixture, uint32_t number);
struct relief *fixture_relief_at(struct fixture *fixture, uint16_t relief);
struct manifest *fixture_manifest(struct fixture *fixture);

/* A set of memberships, in order of group, then day; its number. */
uint32_t fixture_set(struct fixture *fixture, const struct membership memberships[], size_t count);
/* One membership, YES on all days of the window. */
uint32_t fixture_set_of(struct fixture *fixture, uint16_t group);

/* An identifier (any form that means_normalise takes) with a set, good on these days. */
void fixture_identifier(struct fixture *fixture, enum means means, const char *text, uint32_t set,
                        uint32_t from_day, uint32_t until_day);
/* The same, good on all days. */
void fixture_person(struct fixture *fixture, enum means means, const char *text, uint32_t set);

/* Builds and publishes everything added so far as the next generation; may be called again. */
uint64_t fixture_publish(struct fixture *fixture);

/* The same, but what is wrong with the content is the caller's to expect. */
MUST_USE bool fixture_try_publish(struct fixture *fixture, uint64_t *generation,
                                  struct fault *fault);

/* From now on each generation that is published has a new key, in a folder of keys beside that of
 * snapshots, and everybody's digest is made anew with it. */
void fixture_use_keys(struct fixture *fixture);
const char *fixture_keys(const struct fixture *fixture); /* the folder */

/* From now on snapshots have subjects: everybody's own (subject_of what was added), but for those
 * of whom another first personal code is known: of the one added last. */
void fixture_use_subjects(struct fixture *fixture);
void fixture_first_code(struct fixture *fixture, const char *code);
const char *fixture_subject_path(const struct fixture *fixture);               /* of the key file */
const struct identity_key *fixture_subject_key(const struct fixture *fixture); /* NULL: none */
uint64_t fixture_subject(const struct fixture *fixture, enum means means, const char *text);

/* Borrowed; live as long as the fixture. */
const char *fixture_directory(const struct fixture *fixture); /* of the snapshots */
const char *fixture_identity_path(const struct fixture *fixture);
const char *fixture_secret_path(const struct fixture *fixture);
const char *fixture_public_path(const struct fixture *fixture);
const struct identity_key *fixture_identity_key(const struct fixture *fixture);
const struct sign_secret *fixture_secret(const struct fixture *fixture);
struct snapshot_trust fixture_trust(const struct fixture *fixture);
void fixture_digest(const struct fixture *fixture, struct digest *out, enum means means,
                    const char *text);

/* Opens what was published last; aborts when it does not open. */
struct snapshot *fixture_snapshot(const struct fixture *fixture);

#endif
