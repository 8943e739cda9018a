/* What a piece of a file said, as bytes: records of one size each, so that reading them back costs
 * hardly more than copying. Lines are those of the file.
 *
 * Not in it is what the next build decides for itself: which delivery of the list it is, and the
 * number of its kind of status. */
#ifndef LOADER_PARSED_BLOCK_H
#define LOADER_PARSED_BLOCK_H

#include "loader/source.h"

/* Offsets in a block; all numbers little-endian. */
enum parsed_block_layout {
    BLOCK_PERSON_COUNT = 0,   /* u32 */
    BLOCK_STATUS_COUNT = 4,   /* u32 */
    BLOCK_MEANS_COUNT = 8,    /* u32 */
    BLOCK_REFUSED_COUNT = 12, /* u32 */
    BLOCK_ROW_COUNT = 16,     /* u32 */
    BLOCK_WARNING_COUNT = 20, /* u32 */
    BLOCK_IDLE_COUNT = 24,    /* u32 */
    BLOCK_TEXT_SIZE = 28,     /* u32: room for the text of each means, 0..IDENTIFIER_SIZE_MAX */
    BLOCK_PERSONS = 32,       /* then statuses, means, refused rows */

    PERSON_CODE = 0,     /* u64 */
    PERSON_PREVIOUS = 8, /* u64; NO_CODE: none */
    PERSON_BIRTH = 16,   /* i32 */
    PERSON_DEATH = 20,   /* u32 */
    PERSON_PLACE = 24,   /* u32 */
    PERSON_LINE = 28,    /* u32 */
    PERSON_SIZE = 32,

    STATUS_CODE = 0, /* u64: the code, above it the subtype */
    STATUS_FROM = 8, /* u32 */
    STATUS_UNTIL = 12,
    STATUS_SCHOOL = 16,
    STATUS_LINE = 20,
    STATUS_SIZE = 24,

    MEANS_CODE = 0, /* u64: the code, above it the kind of means, above that the text's size */
    MEANS_FROM = 8, /* u32 */
    MEANS_UNTIL = 12,
    MEANS_ISSUED = 16,
    MEANS_LINE = 20,
    MEANS_TEXT = 24, /* BLOCK_TEXT_SIZE bytes, zeros behind the text */

    REFUSED_LINE = 0,     /* u32 */
    REFUSED_REFUSAL = 4,  /* u8 */
    REFUSED_COLUMN = 5,   /* u8 */
    REFUSED_RESERVED = 6, /* u16, zero */
    REFUSED_SIZE = 8,
};
#define BLOCK_SIZE_MAX ((size_t)64 << 20)

/* The size of the block; 0: it would be more than BLOCK_SIZE_MAX. */
size_t parsed_block_size(const struct output *output);
/* `block` has room for that size. */
void parsed_block_pack(uint8_t *block, const struct output *output);

/* Into an empty output, as rows of that source. False when the bytes are no block: then there is
 * nothing in the output. */
MUST_USE bool parsed_block_unpack(struct output *output, const uint8_t *block, size_t block_size,
                                  const struct source *source);

#endif
