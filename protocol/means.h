/* Identification means and the one canonical form of each identifier. Used by both sides: what a
 * register writes and what a terminal reads must become the same bytes. Normative text and
 * published vectors: PROTOCOL.md, "Identifiers"; tests/vectors/identifiers.txt. */
#ifndef PROTOCOL_MEANS_H
#define PROTOCOL_MEANS_H

#include "protocol/bytes.h"

#define IDENTIFIER_SIZE_MAX 24

/* Numbers are on the wire and in every digest: append only. */
enum means {
    MEANS_PERSONAL_CODE = 1, /* 11 digits */
    MEANS_EID = 2,           /* two letters, seven digits */
    MEANS_ETALONS = 3,       /* ten digits, zeros in front */
    MEANS_CARD = 4,          /* any other card: 4 to 24 of A-Z and 0-9 */
};
#define MEANS_LAST MEANS_CARD

/* A canonical identifier. Not NUL-terminated; bytes after `size` are zero. */
struct identifier {
    uint8_t means; /* enum means */
    uint8_t size;  /* 1..IDENTIFIER_SIZE_MAX */
    char text[IDENTIFIER_SIZE_MAX];
};

/* Field by field, as it was written: read as one piece it would wait until the fields have left the
 * processor for its cache. */
static inline void identifier_copy(struct identifier *out, const struct identifier *from)
{
    out->means = from->means;
    out->size = from->size;
    memcpy(out->text, from->text, IDENTIFIER_SIZE_MAX);
}

/* Why a text has no canonical form. */
enum means_fault {
    MEANS_FINE = 0,
    MEANS_EMPTY,
    MEANS_TOO_LONG,
    MEANS_WRONG_LENGTH,
    MEANS_WRONG_CHARACTER,
    MEANS_NOT_A_PERSON, /* eleven digits that can be no personal code, such as a company's number */
};

/* Canonical form of what a register or a terminal wrote: surrounding and inner spaces, hyphens and
 * the prefix PNOLV- removed, letters upper-cased, zeros that a spreadsheet dropped put back. A
 * check digit is not looked at. A refused text leaves `out` untouched. The canonical form of a
 * canonical form is itself. */
MUST_USE enum means_fault means_normalise(struct identifier *out, enum means means,
                                          const char *text, size_t text_size);

/* Whether the text is in canonical form already; what the engine asks of a frame. */
bool means_is_canonical(uint8_t means, const char *text, size_t text_size);

/* The size of the canonical identifier that fills `padded` up to its zeros, 0 when there is none:
 * the same question on the hot path, three words at a time. */
uint8_t means_canonical_size(uint8_t means, const uint8_t padded[static IDENTIFIER_SIZE_MAX]);

/* "WRONG_LENGTH" style sentence for a person, never with the content; static storage. */
const char *means_fault_text(enum means_fault fault);

/* "personal-code", "eid", "e-talons", "card"; and back, 0 when it is none of them. */
const char *means_name(uint8_t means);
uint8_t means_of_name(const char *name);

/* A canonical personal code as a number and back; 11 digits fit 37 bits. */
uint64_t means_pack_code(const char digits[static 11]);
void means_unpack_code(char digits[static 11], uint64_t code);

/* Old form only: whether the eleventh digit is the checksum of the first ten; where the sum gives
 * 10, public implementations differ, and 0 is taken. True for the new form, which has none. Only
 * ever a warning: no register is bound to it. */
bool means_code_checks(uint64_t code);

/* Reserved test identities: part of every snapshot, of no person. PROTOCOL.md, "Test identities".
 * `hit` is entitled to the reserved product, `expired` was, `miss` is never in an index. */
enum test_identity { TEST_HIT, TEST_EXPIRED, TEST_MISS };
#define TEST_IDENTITY_COUNT 3
const char *means_test_identifier(enum means means, enum test_identity which);
bool means_is_test(const struct identifier *identifier);

/* The card number that a terminal sends when nobody is identified: in no index either. */
#define MEANS_ANYBODY "ANYBODY"
bool means_is_anybody(const struct identifier *identifier);

/* Whether a register must not deliver it: a test identity, or ANYBODY. */
bool means_is_reserved(const struct identifier *identifier);

#endif
