/* One file of a delivery: opened, its header understood, and read piece by piece into facts. Pieces
 * of a CSV file are independent of each other, so that several threads can read them. */
#ifndef LOADER_SOURCE_H
#define LOADER_SOURCE_H

#include "loader/intake.h"
#include "loader/row.h"

#include <sys/stat.h>

#define FILE_SIZE_MAX (UINT64_C(16) << 30)

struct source {
    const struct register_description *description; /* borrowed */
    const char *file;                               /* borrowed */
    int fd;                                         /* -1: not open */
    struct stat opened;                             /* as it was found */
    uint64_t size;
    uint64_t data_from;     /* CSV: where the line after the header begins */
    uint32_t field_count;   /* CSV: of the header */
    uint64_t wanted_fields; /* CSV: bit i: field i is described */
    struct row_plan plan;
};

/* What a piece said. Lines are counted from the piece's first (CSV) or the file's (XML). */
struct output {
    struct facts facts;
    struct quarantined *refused; /* owned */
    size_t refused_count, refused_room;
    uint64_t row_count, line_count, warning_count, idle_count, parse_ns;
    bool has_fault;
    struct fault fault;
    struct output *next; /* while nobody uses it */
};

/* Opens `file` of the folder `folder_fd` and reads its header. Faults begin with the file's name.
 */
MUST_USE bool source_open(struct source *source, int folder_fd, const struct delivery *delivery,
                          uint8_t delivery_index, struct fault *fault);

/* Whether the file is still as it was opened; faults as above. */
MUST_USE bool source_is_unchanged(const struct source *source, struct fault *fault);
void source_close(struct source *source);

/* Bytes of buffer that a piece of CSV of that size wants. */
size_t source_buffer_size(size_t piece_size);

/* Rows of the lines that begin in bytes [from, until) of a CSV file, from >= data_from; or of all
 * of an XML file, whose output is handed over now and then, to be emptied, while there is more to
 * come. What goes wrong is in the output. */
void source_read_csv(const struct source *source, uint64_t from, uint64_t until, char *buffer,
                     struct output *output);
void source_read_xml(const struct source *source, char *buffer, size_t buffer_size,
                     struct output *output, void (*hand_over)(void *context, struct output *output),
                     void *context);

void output_empty(struct output *output); /* keeps its memory for the next piece */
void output_free(struct output *output);

#endif
