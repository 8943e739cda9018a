#include "engine/ledger_setup.h"

#include "engine/log.h"
#include "protocol/ledger_head.h"

#include <inttypes.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

#define WHAT_TO_DO                                                                                 \
    "; put the right one there, or, if what came after is known to be lost, start with "           \
    "--accept-older-ledger"

static bool head_is_ours(const struct ledger_head *kept, const struct ledger_head *found)
{
    return kept->environment == found->environment && kept->subject_key == found->subject_key;
}

bool ledger_head_fits(const struct ledger_head *kept, const struct ledger_head *found,
                      const uint8_t *chain, struct fault *fault)
{
    if (!head_is_ours(kept, found))
        return fault_set(fault, "the head is of the ledger of another environment or subject key");
    if (kept->sequence > found->sequence)
        return fault_set(fault,
                         "the ledger ends with posting %" PRIu64 ", and had come to %" PRIu64
                         ": it is an older copy" WHAT_TO_DO,
                         found->sequence, kept->sequence);
    if (chain != NULL && memcmp(chain, kept->chain, CHAIN_SIZE) != 0)
        return fault_set(fault,
                         "up to posting %" PRIu64
                         " the ledger is another one than the head says: it has gone on from an "
                         "older copy" WHAT_TO_DO,
                         kept->sequence);
    return true;
}

static bool compare_head(struct book *book, const struct ledger_setup *setup, struct fault *fault)
{
    const struct config *config = setup->config;
    struct ledger_head kept;
    uint8_t chain[CHAIN_SIZE];
    char text[LOG_TEXT_SIZE];
    if (config->ledger_head == NULL)
        return true;
    struct sign_public signer = keyfile_public_of_secret(setup->head_key);
    if (!ledger_head_read(&kept, config->ledger_head, &signer, fault))
        return fault_at(fault, "--ledger-head");
    bool is_there = book_chain(book, kept.sequence, chain);
    if (ledger_head_fits(&kept, book_head(book), is_there ? chain : NULL, fault))
        return true;
    if (!config->accept_older_ledger || !head_is_ours(&kept, book_head(book)))
        return fault_at(fault, config->ledger);
    log_event("ledger_accepted", "fault=%s", log_text(text, fault->text));
    return true;
}

static void log_opened(struct book *book)
{
    const struct ledger_head *head = book_head(book);
    log_event("ledger", "postings=%" PRIu64 " pruned=%" PRIu64 " accounts=%u map_bp=%u",
              head->sequence, head->pruned, head->account_count, book_map_used_bp(book));
}

static uint32_t days_of(uint64_t option)
{
    return option != 0 ? (uint32_t)option : LEDGER_FOR_EVER;
}

bool ledger_setup_open(struct ledger **out, const struct ledger_setup *setup, struct fault *fault)
{
    const struct config *config = setup->config;
    struct book *book = NULL;
    struct book_settings book_settings = {
        .directory = config->ledger,
        .map_size = config->ledger_map * MIB,
        .subject_key = subject_key_check(setup->subject_key),
        .environment = (uint32_t)config->environment,
    };
    if (!book_open(&book, &book_settings, fault))
        return false;
    if (!compare_head(book, setup, fault)) {
        book_close(book);
        return false;
    }
    log_opened(book);
    struct ledger_thread_settings settings = {
        .book = book,
        .directory = config->ledger,
        .head_key = setup->head_key,
        .retention = {.keep_days = days_of(config->ledger_keep_days),
                      .keep_denied_days = days_of(config->ledger_keep_denied_days)},
        .trusts_clock = config->trust_clock,
        .loop_count = setup->loop_count,
        .metrics = setup->metrics,
        .wake = setup->wake,
        .context = setup->context,
    };
    return ledger_thread_open(out, &settings, fault);
}
