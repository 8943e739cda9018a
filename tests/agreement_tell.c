/* A difference, with all that is needed to see it. */
#include "tests/agreement.h"

#include <stdio.h>

static const char *day_text(uint32_t day)
{
    static char texts[8][DAY_TEXT_SIZE + 4];
    static unsigned next;
    char *text = texts[next++ % 8];
    if (day == DAY_NEVER)
        return "never";
    day_to_text(text, (int32_t)day);
    return text;
}

static void tell_trade(const struct trade *trade)
{
    for (uint32_t i = 0; i < trade->giver_count; i++)
        printf("giver %llu %s..%s\n", (unsigned long long)trade->givers[i].number,
               day_text(trade->givers[i].in_force.from_day),
               day_text(trade->givers[i].in_force.until_day));
    for (uint32_t i = 0; i < trade->provider_count; i++)
        printf("provider %llu %s..%s%s\n", (unsigned long long)trade->providers[i].number,
               day_text(trade->providers[i].in_force.from_day),
               day_text(trade->providers[i].in_force.until_day),
               trade->providers[i].is_suspended ? " suspended" : "");
    for (uint32_t i = 0; i < trade->point_count; i++)
        printf("point of sale %u of %llu in %07u %s..%s%s\n", trade->points[i].number,
               (unsigned long long)trade->points[i].provider, trade->points[i].place,
               day_text(trade->points[i].in_force.from_day),
               day_text(trade->points[i].in_force.until_day),
               trade->points[i].is_suspended ? " suspended" : "");
    for (uint32_t i = 0; i < trade->product_count; i++)
        printf("product %u %s..%s\n", trade->products[i].number,
               day_text(trade->products[i].in_force.from_day),
               day_text(trade->products[i].in_force.until_day));
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        const struct contract_row *contract = &trade->contracts[i];
        printf("contract %u %s with %llu %s..%s at", contract->number, contract->relief,
               (unsigned long long)contract->provider, day_text(contract->in_force.from_day),
               day_text(contract->in_force.until_day));
        for (uint32_t j = 0; j < contract->range_count; j++)
            printf(" %u-%u", trade->ranges[contract->first_range + j].first,
                   trade->ranges[contract->first_range + j].last);
        printf("%s\n", contract->range_count == 0 ? " all" : "");
    }
}

static void tell_missing(const struct vocabulary *vocabulary)
{
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        const struct status_kind *kind = &vocabulary->kinds[i];
        if (kind->is_missing)
            printf("not delivered: %s\n", kind->name);
        for (uint16_t j = 0; j < kind->missing_count; j++)
            printf("not delivered: %s of %0*u\n", kind->name, kind->missing[j].digit_count,
                   kind->missing[j].value);
    }
}

static void tell_person(const struct triple *triple)
{
    const struct raw_person *person = triple->person;
    const struct vocabulary *vocabulary = &triple->random->vocabulary;
    struct civil birth = civil_of_day(person->birth_day);
    if (person->is_nobody)
        printf("person nobody\n");
    else
        printf("person born %04d-%02u-%02u lives %07u died %s\n", (int)birth.year, birth.month,
               birth.day, person->place, day_text(person->death_day));
    printf("means good from %s until %s\n", day_text(person->means_from_day),
           day_text(person->means_until_day));
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        const struct status_kind *kind = &vocabulary->kinds[fact->kind];
        printf("status %s.%s school %07u from %s until %s\n", kind->name,
               kind->subtypes[fact->subtype], fact->school, day_text(fact->from_day),
               day_text(fact->until_day));
    }
    for (size_t i = 0; i < person->known_count; i++)
        printf("known %s until %s\n",
               triple->random->catalogue.rules->groups[person->known[i].group].name,
               day_text(person->known[i].until_day));
}

static void tell_purchase(const struct purchase *purchase)
{
    struct wall_clock clock = wall_clock_of(purchase->service_time_s);
    char time[TIME_TEXT_SIZE];
    time_to_text(time, purchase->service_time_s);
    printf("buys %u of product %u at %u.%04u point %u companions %u by %s entry %u\n",
           purchase->quantity, purchase->product, purchase->unit_price / 10000,
           purchase->unit_price % 10000, purchase->point_of_sale, purchase->companions,
           means_name(purchase->means), purchase->entry);
    printf("on %s %02u:%02u in Riga, %s\n", day_text(clock.day), clock.minute / 60,
           clock.minute % 60, time);
}

static void tell_answers(const struct triple *triple)
{
    const struct reference_answer *wanted = &triple->wanted;
    const struct verdict *found = &triple->found;
    const struct rules *rules = triple->random->catalogue.rules;
    printf("                    reference        decide\n"
           "status       %16s  %12s\nparts        %16u  %12u\nrelief       %16u  %12u\n"
           "split        %16u  %12u\namount       %16llu  %12llu\npayable      %16llu  %12llu\n"
           "valid until  %16llu  %12llu\n",
           status_name((uint16_t)wanted->status), status_name((uint16_t)found->status),
           wanted->part_count, found->part_count, wanted->relief, found->relief, wanted->split,
           found->split, (unsigned long long)wanted->relief_amount,
           (unsigned long long)found->relief_amount, (unsigned long long)wanted->payable,
           (unsigned long long)found->payable, (unsigned long long)triple->wanted_until_s,
           (unsigned long long)found->valid_until_s);
    for (uint32_t i = 0; i < wanted->part_count; i++)
        printf("reference: line %u under contract %u: %llu\n",
               rules->clauses[wanted->parts[i].clause].at.line, wanted->parts[i].contract,
               (unsigned long long)wanted->parts[i].amount);
    for (uint32_t i = 0; i < found->part_count; i++)
        printf("decide: %s clause %u code %u group %u: %llu\n",
               rules->reliefs[found->parts[i].clause->relief].name, found->parts[i].clause->number,
               found->parts[i].clause->code, found->parts[i].clause->group,
               (unsigned long long)found->parts[i].amount);
}

void agreement_tell(const struct triple *triple)
{
    printf("seed %llu: the two ways differ\n\n%s\n", (unsigned long long)triple->seed,
           triple->random->text);
    printf("window %s..%s\n", day_text(triple->random->from_day),
           day_text(triple->random->until_day));
    tell_trade(&triple->random->catalogue.trade);
    tell_missing(&triple->random->vocabulary);
    printf("\n");
    tell_person(triple);
    tell_purchase(triple->purchase);
    printf("\n");
    tell_answers(triple);
}
