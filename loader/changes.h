/* What is otherwise in one of two things, gathered as sentences. */
#ifndef LOADER_CHANGES_H
#define LOADER_CHANGES_H

#include <stdio.h>

#include "loader/traits.h"

enum change_kind { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_CHANGED };

/* Texts are owned. */
struct change {
    enum change_kind kind;
    const char *what; /* "contract", "relief", "clause"; static */
    char *name;       /* "12", "RIGA-CITY", "2 of RIGA-CITY" */
    char *trait;      /* "until", or a part: "version from 2026-09-01"; NULL: the thing itself */
    char *was, *is;   /* NULL: not said */
    char *sentence;   /* all that, without a dot at its end */
};

/* All zero is empty. Owned; changes_free releases it. */
struct changes {
    struct change *list;
    size_t count, room;
};

void changes_free(struct changes *changes);

/* `part` NULL: the thing itself; `as` NULL: nothing is said of it. */
void changes_add_new(struct changes *changes, const char *what, const char *name, const char *part,
                     const struct traits *as);
void changes_add_gone(struct changes *changes, const char *what, const char *name, const char *part,
                      const struct traits *as);
/* One for each trait in which they differ; two that are usual do not. */
void changes_add_traits(struct changes *changes, const char *what, const char *name,
                        const struct traits *was, const struct traits *is);

/* A sentence a line. */
void changes_print(const struct changes *changes, FILE *to);
void changes_print_json(const struct changes *changes, FILE *to);

#endif
