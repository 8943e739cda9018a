/* Corrections of many transactions, as operators keep them in a table: what each row asks for, and
 * the request id under which it is asked, which follows from the row alone. So the same row is done
 * once, however often and in whatever file it comes, unless its batch has another name. */
#ifndef PROTOCOL_CORRECTIONS_H
#define PROTOCOL_CORRECTIONS_H

#include "protocol/elig.h"
#include "protocol/fault.h"

#define CORRECTIONS_HEADER "terminal,request_id,action,quantity,amount,reason"

#define CORRECTIONS_BATCH_MAX  64   /* bytes of a batch's name */
#define CORRECTIONS_REASON_MAX 2000 /* bytes of a reason */

struct correction {
    uint32_t line;
    uint32_t terminal; /* of the target; 0: the asking one's own */
    uint8_t kind;      /* ELIG_CONFIRM, ELIG_CANCEL or ELIG_REFUND */
    uint16_t quantity; /* 0: all */
    uint32_t amount;   /* 1/10000 EUR; 0: not by amount */
    uint64_t target_id;
    uint64_t request_id;
    const char *reason; /* as in the table: quotes in it are doubled */
    size_t reason_size;
};

/* In the order of the table, whose text it owns. Wrong rows are not among them. */
struct corrections {
    const char *path;
    char *text;
    struct correction *rows;
    size_t count, wrong_count;
};

/* `tell` is given a sentence for each row that is wrong: path:line: column: what was wanted. False
 * when the table as a whole cannot be read. Of rows that are the same the first one is taken and
 * the others are wrong. */
MUST_USE bool corrections_read(struct corrections *out, const char *path, const char *batch,
                               void (*tell)(const char *sentence), struct fault *fault);

/* The same for a text, which it takes. */
MUST_USE bool corrections_parse(struct corrections *out, const char *path, char *text, size_t size,
                                const char *batch, void (*tell)(const char *sentence),
                                struct fault *fault);
void corrections_free(struct corrections *corrections);

/* "refund"; NULL for other kinds. */
const char *correction_action(uint8_t kind);

struct elig_request correction_request(const struct correction *correction);

#endif
