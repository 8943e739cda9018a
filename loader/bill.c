#include "loader/bill.h"

#include "loader/wording.h"
#include "protocol/money.h"

#include <inttypes.h>

#define REGISTRATION_TEXT_SIZE 24

/* Who pays how much of one relief. */
struct share {
    uint64_t payer; /* registration number */
    uint64_t amount;
};

/* By the split that the clause names; without one the giver pays all. Returns how many. */
static uint32_t share_out(struct share out[static SPLIT_PART_COUNT_MAX], const struct trial *trial,
                          const struct verdict_part *part)
{
    const struct compiled *compiled = &trial->compiled;
    for (uint32_t i = 0; i < compiled->split_count; i++) {
        const struct split *split = &compiled->splits[i];
        uint64_t amounts[SPLIT_PART_COUNT_MAX];
        if (split->code != part->clause->split)
            continue;
        decide_split(amounts, split, part->amount, part->unit_count);
        for (uint32_t j = 0; j < split->part_count; j++)
            out[j] = (struct share){split->parts[j].payer, amounts[j]};
        return split->part_count;
    }
    out[0] = (struct share){trial_relief(trial, part->clause)->giver, part->amount};
    return 1;
}

/* ---- in words ---- */

static void print_share(const struct trial *trial, const struct share *share, FILE *to)
{
    char money[MONEY_TEXT_SIZE];
    const struct giver *giver = trade_giver(&trial->catalogue->trade, share->payer);
    fprintf(to, "    %011" PRIu64 "%s%s pays %s EUR\n", share->payer, giver != NULL ? ", " : "",
            giver != NULL ? giver->title : "", money_text(money, share->amount));
}

static void print_part(const struct trial *trial, const struct verdict_part *part, FILE *to)
{
    char money[MONEY_TEXT_SIZE], where[RULES_LINE_SIZE], terms[WORDING_SIZE];
    struct share shares[SPLIT_PART_COUNT_MAX];
    rules_line_text(where, trial->catalogue->rules, trial_clause(trial, part->clause)->at);
    fprintf(to, "  %s takes %s EUR for %u unit%s: %s (%s)\n",
            trial_relief(trial, part->clause)->name, money_text(money, part->amount),
            part->unit_count, part->unit_count == 1 ? "" : "s", wording_terms(terms, part->clause),
            where);
    uint32_t count = share_out(shares, trial, part);
    for (uint32_t i = 0; i < count; i++)
        print_share(trial, &shares[i], to);
}

void bill_print(const struct trial *trial, const struct purchase *purchase,
                const struct verdict *verdict, FILE *to)
{
    char bought[WORDING_SIZE], takes[MONEY_TEXT_SIZE], pays[MONEY_TEXT_SIZE];
    char until[CLOCK_TEXT_SIZE];
    fprintf(to, "%s\n", wording_purchase(bought, trial, purchase));
    money_text(pays, verdict->payable);
    if (verdict->status != STATUS_APPLIES) {
        fprintf(to, "%s: %s EUR to pay\n", status_text((uint16_t)verdict->status), pays);
        return;
    }
    fprintf(to, "%s: %s EUR off, %s EUR to pay; relief %" PRIu32 ", split %u, good until %s\n",
            status_text((uint16_t)verdict->status), money_text(takes, verdict->relief_amount), pays,
            verdict->relief, verdict->split, wording_time(until, verdict->valid_until_s));
    for (uint32_t i = 0; i < verdict->part_count; i++)
        print_part(trial, &verdict->parts[i], to);
}

/* ---- as JSON ---- */

static void print_part_json(const struct trial *trial, const struct verdict_part *part,
                            struct json *json)
{
    char where[RULES_LINE_SIZE], payer[REGISTRATION_TEXT_SIZE];
    struct share shares[SPLIT_PART_COUNT_MAX];
    uint32_t count = share_out(shares, trial, part);
    rules_line_text(where, trial->catalogue->rules, trial_clause(trial, part->clause)->at);
    json_open_object(json, NULL);
    json_text(json, "relief", trial_relief(trial, part->clause)->name);
    json_number(json, "clause", trial_clause_number(trial, part->clause));
    json_text(json, "where", where);
    json_number(json, "amount", part->amount);
    json_number(json, "unit_count", part->unit_count);
    json_open_array(json, "payers");
    for (uint32_t i = 0; i < count; i++) {
        snprintf(payer, sizeof(payer), "%011" PRIu64, shares[i].payer);
        json_open_object(json, NULL);
        json_text(json, "payer", payer);
        json_number(json, "amount", shares[i].amount);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

void bill_print_json(const struct trial *trial, const struct purchase *purchase,
                     const struct verdict *verdict, struct json *json)
{
    char bought[WORDING_SIZE];
    json_text(json, "bought", wording_purchase(bought, trial, purchase));
    json_text(json, "status", status_name((uint16_t)verdict->status));
    json_number(json, "status_number", (uint64_t)verdict->status);
    json_text(json, "status_text", status_text((uint16_t)verdict->status));
    json_number(json, "step", verdict->step);
    json_bool(json, "applies", verdict->status == STATUS_APPLIES);
    json_number(json, "relief", verdict->relief);
    json_number(json, "relief_amount", verdict->relief_amount); /* 1/10000 EUR */
    json_number(json, "payable", verdict->payable);
    json_number(json, "split", verdict->split);
    json_number(json, "valid_until_s", verdict->valid_until_s);
    json_open_array(json, "parts");
    for (uint32_t i = 0; i < verdict->part_count; i++)
        print_part_json(trial, &verdict->parts[i], json);
    json_close_array(json);
}
