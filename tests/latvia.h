/* The kinds of status that the shipped register descriptions deliver, for tests of rules. */
#ifndef TESTS_LATVIA_H
#define TESTS_LATVIA_H

#include "loader/vocabulary.h"

#include <string.h>

enum { SPECIAL, LEARNER, PENSION, DISABILITY, FAMILY, ORPHAN, HOUSEHOLD, STAFF, LATVIA_KIND_COUNT };

static inline void latvia_vocabulary(struct vocabulary *vocabulary)
{
    static const struct {
        const char *name;
        bool is_list, has_school;
        const char *subtypes[6]; /* up to NULL */
    } kinds[LATVIA_KIND_COUNT] = {
        [SPECIAL] = {"PMLP.special", false, false, {"repressed", "resistance", "ww2", "ukraine"}},
        [LEARNER] = {"IZM.learner", false, true, {"preschool", "general", "vocational", "higher"}},
        [PENSION] = {"VSAA.pension",
                     false,
                     false,
                     {"old_age", "disability", "survivor", "social", "old_age_working"}},
        [DISABILITY] = {"VDEAVK.disability", false, false, {"group1", "group2", "group3", "child"}},
        [FAMILY] = {"SIF.family", false, false, {"parent", "child"}},
        [ORPHAN] = {"VBTAI.orphan", false, false, {"orphan", "no_care"}},
        [HOUSEHOLD] = {"SOPA.household", false, false, {"needy", "low_income", "crisis"}},
        [STAFF] = {"riga_staff", true, false, {NULL}},
    };
    memset(vocabulary, 0, sizeof(*vocabulary));
    vocabulary->kind_count = LATVIA_KIND_COUNT;
    for (size_t i = 0; i < LATVIA_KIND_COUNT; i++) {
        struct status_kind *kind = &vocabulary->kinds[i];
        strcpy(kind->name, kinds[i].name);
        kind->is_list = kinds[i].is_list;
        kind->has_school = kinds[i].has_school;
        for (size_t j = 0; kinds[i].subtypes[j] != NULL; j++)
            strcpy(kind->subtypes[++kind->subtype_count], kinds[i].subtypes[j]);
    }
}

#endif
