/* What the ledger keeps on disk. Whoever writes it (engine/book) and whoever reads it (reports,
 * events) use these; the verifier (protocol/ledger_verify.c) does not, on purpose: it is written
 * from LEDGER.md alone. Offsets are normative there.
 *
 * A posting is one immutable row: what was asked, what was answered, what it changed. Corrections
 * are postings, too. Every posting has the chain value of all before it. */
#ifndef PROTOCOL_POSTING_H
#define PROTOCOL_POSTING_H

#include <assert.h>

#include "protocol/bytes.h"
#include "protocol/catalogue.h"

#define LEDGER_FORMAT    2
#define POSTING_SIZE     256
#define POSTING_CONTENT  192 /* bytes that are hashed */
#define CHAIN_SIZE       32
#define ACCOUNT_SIZE     160
#define TRANSACTION_SIZE 112
#define TALLY_SIZE       32

#define POSTING_PART_COUNT_MAX 4

enum posting_kind {
    POSTING_USE = 1,
    POSTING_RESERVE,
    POSTING_CONFIRM,
    POSTING_CANCEL,
    POSTING_REFUND,
    POSTING_LATE,
    POSTING_EXPIRE,  /* a reservation ran out: nobody asked */
    POSTING_ACCOUNT, /* part 0 names a new account; body: first 8 bytes of BLAKE2b-256 of its row */
    POSTING_WARN,    /* a budget has passed its warning: relief: scope; parts[0].amount: spent;
                      * target_terminal, target_id: enum limit_period and number of the period */
    POSTING_STOP,    /* a budget has refused for the first time in its period: likewise */
    POSTING_PRUNED = 255, /* of a denial: content is gone but for sequence, kind, day_most and
                           * subject_before; its hash stays */
};
#define POSTING_LAST POSTING_STOP

/* What a transaction has come to. */
enum transaction_state {
    STATE_NONE = 0,
    STATE_RESERVED,
    STATE_CONFIRMED, /* USE and LATE, too; some of it may have been refunded */
    STATE_CANCELLED, /* also of an id that nobody has seen: a tombstone */
    STATE_EXPIRED,
    STATE_DENIED,
    STATE_REFUNDED, /* as a whole */
};
#define STATE_LAST STATE_REFUNDED

enum posting_flag {
    FLAG_LATE = 1, /* recorded after the service: LATE, confirmed after it had expired, or any that
                    * is older than a quarter of an hour */
    FLAG_OVER_LIMIT = 2, /* beyond a limit or budget; recorded because the service is rendered */
    FLAG_OPERATOR = 4,   /* asked by whoever runs the system, about another's transaction */
    FLAG_BY_AMOUNT = 8,  /* a REFUND of an amount: no uses are given back */
};
#define FLAGS_ALL 15

/* What one relief took off. */
struct posting_part {
    uint32_t account;    /* number of its row among the accounts, 1 and up */
    uint16_t unit_count; /* covered units, companions' among them */
    uint16_t use_count;  /* covered units of the person's own: what limits of uses count */
    uint64_t amount;     /* 1/10000 EUR */
};

struct posting {
    uint64_t sequence;        /* 1 and up, without gaps */
    uint8_t kind;             /* enum posting_kind */
    uint8_t state;            /* of its transaction afterwards */
    uint16_t status;          /* what was answered, before any mask */
    uint32_t terminal;        /* who asked; 0: plain frames, or nobody */
    uint64_t request_id;      /* 0 where nobody asked */
    uint64_t target_id;       /* the transaction that CONFIRM, CANCEL, REFUND, EXPIRE are about */
    uint32_t target_terminal; /* whose it is */
    uint64_t terms;           /* RESERVE, in the place of target_id: see posting_term_day */
    uint32_t product;         /* as in the transaction, in all kinds that have one; so the next */
    uint64_t subject;
    uint64_t recorded_ms; /* the ledger's clock, UTC */
    uint32_t service_time_s;
    uint32_t point_of_sale;
    uint32_t unit_price;
    uint16_t quantity; /* USE, RESERVE, LATE: bought; CONFIRM: confirmed; REFUND: given back */
    uint8_t companions;
    uint8_t entry;
    uint8_t means;
    uint8_t part_count;
    uint16_t flags;     /* enum posting_flag, added */
    uint16_t remaining; /* as answered */
    uint16_t split;     /* as answered */
    uint64_t body;      /* subject_body of the request */
    uint64_t provider;  /* of the point of sale; 0: nowhere */
    uint32_t day_most;  /* the latest civil day of service in this subject's postings up to here; 0
                         * of nobody */
    uint32_t relief;    /* code as answered */
    uint32_t until_s;   /* RESERVE: the hold's end; else as answered */
    uint64_t subject_before; /* sequence of the subject's posting before; 0: none */
    uint32_t skip; /* of a purchase that was given: a walk goes on so many postings back, past what
                    * was not given; 0: at subject_before */
    uint64_t generation;
    /* What it took off; of CONFIRM what is confirmed, of CANCEL, EXPIRE and REFUND what is given
     * back. Parts not in use are zero. */
    struct posting_part parts[POSTING_PART_COUNT_MAX];
    uint8_t content_hash[CHAIN_SIZE]; /* BLAKE2b-256 of the content */
    uint8_t chain[CHAIN_SIZE];        /* BLAKE2b-256 of the chain before and this content_hash */
};

/* On which day the term of part `index` of a RESERVE had begun: what it was decided by, for when it
 * is confirmed after its end. TERM_UNKNOWN: it is not known. */
#define TERM_UNKNOWN UINT32_MAX
void posting_set_term_day(struct posting *posting, uint32_t index, uint32_t term_day);
uint32_t posting_term_day(const struct posting *posting, uint32_t index);

MUST_USE bool posting_is_given(const struct posting *posting); /* a purchase, and no denial */

/* Content only: whoever writes fills in the hashes (posting_seal in engine/book). */
void posting_encode(uint8_t row[static POSTING_SIZE], const struct posting *in);
MUST_USE bool posting_decode(struct posting *out, const uint8_t row[static POSTING_SIZE]);

/* Who stands behind a part: immutable, so that a report of years ago needs no catalogue. */
struct account {
    uint32_t code;     /* of the relief under its contract: what merchants see */
    uint32_t contract; /* number; 0: none is needed */
    uint32_t scope;    /* by which its limits count: the relief's own code, whatever the contract */
    uint64_t giver, provider;
    char relief[NAME_SIZE];
    struct split split; /* part_count 0: none */
};
void account_encode(uint8_t row[static ACCOUNT_SIZE], const struct account *in);
MUST_USE bool account_decode(struct account *out, const uint8_t row[static ACCOUNT_SIZE]);

/* What is known of a transaction now; the only rows that change, with the tallies. */
struct transaction {
    uint64_t first, last; /* sequences of its first and last posting; 0: a repeat has none */
    uint64_t body;        /* of the request under this id */
    uint64_t deadline_ms; /* of STATE_RESERVED, by the ledger's clock; else 0 */
    uint8_t kind;         /* enum posting_kind of its own request */
    uint8_t state;        /* of a purchase; STATE_NONE of CONFIRM, CANCEL, REFUND */
    uint8_t part_count;
    uint16_t flags;
    uint16_t quantity;                                 /* that is left: not given back */
    uint16_t confirmed;                                /* quantity once; 0: not confirmed */
    struct posting_part parts[POSTING_PART_COUNT_MAX]; /* what is left of each */
};
void transaction_encode(uint8_t row[static TRANSACTION_SIZE], const struct transaction *in);
MUST_USE bool transaction_decode(struct transaction *out,
                                 const uint8_t row[static TRANSACTION_SIZE]);

/* Tallies: what limits are compared with. */
struct tally {
    uint32_t used_uses, held_uses; /* confirmed; in open reservations */
    uint64_t used_amount, held_amount;
    uint8_t stopped; /* of budgets, 1: a STOP is written already */
};
/* The row of scope 0 is the subject's own: where its postings begin, and how many holds are open.
 */
struct subject_head {
    uint64_t last; /* sequence of its last posting */
    uint32_t open_count;
    uint32_t day_most;
    uint64_t walk_from; /* its last purchase that was given; while there is none, its first posting;
                         * 0: written before there were such */
};
void tally_encode(uint8_t row[static TALLY_SIZE], const struct tally *in);
MUST_USE bool tally_decode(struct tally *out, const uint8_t row[static TALLY_SIZE]);
void subject_head_encode(uint8_t row[static TALLY_SIZE], const struct subject_head *in);
MUST_USE bool subject_head_decode(struct subject_head *out, const uint8_t row[static TALLY_SIZE]);

/* The scope of a tally and of an account is a relief's own code (1..CODE_MOST). A limit that
 * reliefs share has no tally of its own: it counts the sum of theirs. In the `relief` of a WARN or
 * STOP such a limit is its number with this bit. */
#define SCOPE_SHARED 0x80000000u

/* ---- databases of the environment, and their keys: big-endian, so that LMDB's order is theirs
 * ---- */

#define LEDGER_FILE          "ledger.mdb"   /* and ledger.mdb-lock: MDB_NOSUBDIR */
#define DB_POSTINGS          "postings"     /* u64 sequence -> posting */
#define DB_TRANSACTIONS      "transactions" /* u32 terminal, u64 request id -> transaction */
#define DB_TALLIES           "tallies"      /* u64 subject, u32 scope, u8 period, u32 number */
#define DB_HOLDS             "holds"    /* u64 deadline_ms, u32 terminal, u64 request id -> u8 1 */
#define DB_ACCOUNTS          "accounts" /* u32 number -> account */
#define DB_META              "meta"     /* "head" -> ledger_head */
#define SEQUENCE_KEY_SIZE    8
#define TRANSACTION_KEY_SIZE 12
#define TALLY_KEY_SIZE       17
#define HOLD_KEY_SIZE        20
#define ACCOUNT_KEY_SIZE     4

/* Tallies of budgets have subject 0. What a relief came to on a day, whoever it was, is kept for
 * every relief (subject 0, its scope, PERIOD_DAY): a budget that is new in the middle of its period
 * is the sum of days. */

/* The one row of DB_META. */
struct ledger_head {
    uint32_t format;      /* LEDGER_FORMAT */
    uint32_t environment; /* of its snapshots */
    uint64_t sequence;    /* of the last posting; 0: none */
    uint64_t clock_ms;    /* the ledger's clock, never back */
    uint64_t subject_key; /* subject_key_check */
    uint64_t pruned;      /* all postings up to this one are gone; 0: none */
    uint32_t account_count;
    uint8_t chain[CHAIN_SIZE];        /* of the last posting */
    uint8_t pruned_chain[CHAIN_SIZE]; /* of posting `pruned`; zeros */
};
#define LEDGER_HEAD_SIZE 128
void ledger_head_encode(uint8_t row[static LEDGER_HEAD_SIZE], const struct ledger_head *in);
MUST_USE bool ledger_head_decode(struct ledger_head *out,
                                 const uint8_t row[static LEDGER_HEAD_SIZE]);

/* The number of the period in which a civil day lies: day, week (Monday first), month (12 * year +
 * month - 1), school year (that begins on 1 September: its year), year; of PERIOD_STATUS_TERM
 * `term_day`, on which the person's membership began; 0 of PERIOD_LIFETIME. */
uint32_t period_number(uint8_t period, uint32_t day, uint32_t term_day);
/* The first day of that period and the first after it. A term has everything from its first day on;
 * a lifetime everything. Either is DAY_NEVER at its end. */
void period_days(uint32_t *from_day, uint32_t *until_day, uint8_t period, uint32_t number);

#endif
