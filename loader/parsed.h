/* Files of deliveries as they were parsed, kept from one build to the next in a folder of its
 * owner's alone: a file that has not changed need not be parsed again.
 *
 * Whether it has not is asked of its bytes, all of them, by a hash whose secret is in what was
 * kept. Nor is what was parsed by another program, by another description, or (where days of birth
 * are compared with it) for another day of delivery, or is not whole on the disk, taken for the
 * same. Each of them is only parsed anew. */
#ifndef LOADER_PARSED_H
#define LOADER_PARSED_H

#include "protocol/bytes.h"
#include "protocol/fault.h"

struct source;
struct output;

#define PARSED_SUFFIX ".parsed"
/* Of what the files mean; raised whenever they, or what a row is taken for, change. */
#define PARSED_FORMAT 1

/* Offsets in a file; all numbers little-endian. Blocks (parsed_block.h) stand between the header
 * and the tables, which are hashes of the pieces of the source, and then, of the blocks, where they
 * stand. */
enum parsed_layout {
    PARSED_MAGIC = 0,         /* "AVISPRSD" */
    PARSED_FORMAT_AT = 8,     /* u32 PARSED_FORMAT */
    PARSED_RESERVED = 12,     /* u32, zero */
    PARSED_CHECK = 16,        /* hash of the rest of the header and the tables */
    PARSED_SECRET = 32,       /* of the hashes of this file and of its source */
    PARSED_ORIGIN = 224,      /* hash of what else the rows depend on */
    PARSED_SOURCE_SIZE = 240, /* u64 */
    PARSED_TABLES = 248,      /* u64: where the tables stand */
    PARSED_PIECE_COUNT = 256, /* u32 */
    PARSED_BLOCK_COUNT = 260, /* u32 */
    PARSED_RESERVED_2 = 264,  /* 56 bytes, zero */
    PARSED_HEADER_SIZE = 320,
    PARSED_SECRET_SIZE = 192,
    PARSED_HASH_SIZE = 16,
    PARSED_BLOCK_AT = 0,        /* u64 */
    PARSED_BLOCK_SIZE = 8,      /* u32 */
    PARSED_BLOCK_RESERVED = 12, /* u32, zero */
    PARSED_BLOCK_HASH = 16,
    PARSED_BLOCK_ROW_SIZE = 32,
};

/* The folder and, for each file of a delivery, what was kept of it. */
struct parsed;

/* Opens the folder, which must be ours and nobody else's to enter, and keeps other loaders out. */
MUST_USE bool parsed_open(struct parsed **out, const char *folder, struct fault *fault);
void parsed_close(struct parsed *parsed); /* NULL: nothing. What was not finished is gone */

/* Asks of each source whether it is as it was when it was kept; before anything else. Sources are
 * borrowed until parsed_finish. */
void parsed_compare(struct parsed *parsed, const struct source *sources, size_t count,
                    uint32_t thread_count, bool is_quiet);

/* Blocks of rows of a source that is as it was; 0: it must be parsed. */
uint32_t parsed_block_count(const struct parsed *parsed, size_t source);

/* The rows of one of the blocks, or a fault, into an empty output. Any thread. */
void parsed_read(const struct parsed *parsed, size_t source, uint32_t block, struct output *output);

/* The next piece of a source that is parsed, its lines counted from the file's first. One thread
 * at a time for one source. Of those that are as they were nothing is taken. */
void parsed_add(struct parsed *parsed, size_t source, const struct output *output);

/* All sources were read and are whole: what was parsed stands in for them from now on, and files of
 * sources that are no longer delivered go. False: something could not be kept (the first of them is
 * told), and will be parsed again. */
MUST_USE bool parsed_finish(struct parsed *parsed, struct fault *fault);

#endif
