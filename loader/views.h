/* Identifiers of published persons -> digests and views. */
#ifndef LOADER_VIEWS_H
#define LOADER_VIEWS_H

#include "loader/builder.h"
#include "loader/memberships.h"

/* Every (set, validity of a means) that occurs, once, in order; [VIEW_NOBODY] is nobody's. Owned.
 */
struct views {
    struct view *list;
    uint32_t count;
    uint64_t identifier_count; /* how many identifiers lead to them, the test ones included */
    size_t *run_counts;        /* identifiers in each run of base rows, then in each run of means */
};

/* A personal code is good on all days of the window; a means on those of its validity that lie in
 * the window, and is not published when there are none. */
void views_collect(struct views *out, const struct people *people,
                   const struct memberships *memberships, struct window window,
                   uint32_t thread_count);
void views_free(struct views *views);

/* `views->identifier_count` entries, for the caller to free; with subjects, unless `subject_key` is
 * NULL. */
MUST_USE struct index_entry *views_digest(const struct views *views, const struct people *people,
                                          const struct memberships *memberships,
                                          struct window window, const struct identity_key *key,
                                          const struct identity_key *subject_key,
                                          uint32_t thread_count, bool is_quiet);

#endif
