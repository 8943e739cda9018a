/* Any text becomes cases within their limits that can be decided, or a fault that points into the
 * text. */
#include "loader/cases_run.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <assert.h>
#include <stdlib.h>

#define PURCHASES_DECIDED_MAX 64 /* of one text: windows take time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] = "place RIGA = 0001\n"
                                 "product city.ticket = 1001\n"
                                 "product school.lunch = 1005\n"
                                 "group pensioner = status VSAA.pension.old_age\n"
                                 "group needy = status SOPA.household.needy and age < 30\n"
                                 "relief CITY giver 90011524360 from 2026-01-01\n"
                                 "everywhere\n"
                                 "clause pensioner product city.ticket 10:00-15:00 free\n"
                                 "clause pensioner product city.ticket discount 50%\n"
                                 "relief TOP-UP giver 90011524360 from 2026-01-01\n"
                                 "everywhere\n"
                                 "stacks\n"
                                 "clause pensioner product city.ticket amount 0.10\n"
                                 "relief LUNCH giver 90011524360 from 2026-01-01\n"
                                 "everywhere\n"
                                 "unknown last known 30 days\n"
                                 "clause needy product school.lunch free\n";

static void prepare(struct catalogue *catalogue, struct vocabulary *vocabulary)
{
    struct fault fault;
    latvia_vocabulary(vocabulary);
    bool is_good = rules_parse(&catalogue->rules, rules_text, sizeof(rules_text) - 1, "t.rules",
                               vocabulary, &fault);
    assert(is_good);
}

static void check_person(const struct cases *cases, const struct case_person *person)
{
    assert(person->title[0] != '\0' && memchr(person->title, '\0', CASE_TITLE_SIZE) != NULL);
    assert(person->line >= 1 && person->file < cases->file_count);
    assert(person->place <= 9999999);
    assert((int64_t)person->death_day >= person->birth_day);
    assert(person->first_status + person->status_count <= cases->status_count);
    assert(person->first_known + person->known_count <= cases->known_count);
    assert(!person->is_nobody || person->status_count + person->known_count == 0);
}

static void check_purchase(const struct cases *cases, const struct case_purchase *buys)
{
    assert(buys->person < cases->person_count);
    assert(buys->day >= 1);
    assert(riga_day_of_time(buys->purchase.service_time_s) == buys->day);
    assert(buys->purchase.product != 0);
    assert(buys->purchase.quantity >= 1 && buys->purchase.quantity <= QUANTITY_MAX);
    assert(buys->purchase.means >= 1 && buys->purchase.means <= MEANS_LAST);
    assert(buys->purchase.entry <= ENTRY_LAST);
    assert(buys->relief_count <= VERDICT_PART_COUNT_MAX);
    assert((buys->status == STATUS_APPLIES) == (buys->relief_count > 0));
    assert(buys->status == STATUS_APPLIES || cases_answer_name(buys->status) != NULL);
}

static void check_cases(const struct cases *cases, const struct catalogue *catalogue,
                        const struct vocabulary *vocabulary)
{
    for (uint32_t i = 0; i < cases->person_count; i++)
        check_person(cases, &cases->persons[i]);
    for (uint32_t i = 0; i < cases->purchase_count; i++)
        check_purchase(cases, &cases->purchases[i]);
    if (cases->purchase_count > PURCHASES_DECIDED_MAX)
        return;
    struct cases_outcome outcome;
    struct fault fault;
    if (!cases_run(&outcome, cases, catalogue, vocabulary, &fault))
        return; /* too much is known of a person */
    assert(outcome.passed_count + outcome.failed_count == cases->purchase_count);
    assert(outcome.failure_count == outcome.failed_count);
    cases_outcome_free(&outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vocabulary vocabulary;
    static struct catalogue catalogue;
    if (catalogue.rules == NULL)
        prepare(&catalogue, &vocabulary);
    struct cases cases = {0};
    struct fault fault = {""};
    if (cases_parse(&cases, (const char *)data, size, "t", catalogue.rules, &vocabulary, &fault))
        check_cases(&cases, &catalogue, &vocabulary);
    else
        support_check_fault_text(fault.text, data, size);
    cases_free(&cases);
    return 0;
}
