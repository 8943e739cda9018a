#include "loader/assemble.h"
#include "loader/memory.h"
#include "protocol/index.h"
#include "protocol/subject.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

/* The judging window of every test, and the day its census is of. */
static const struct window window = {20000, 20093};
#define AS_OF     20031
#define RIGA      1000
#define RIGA_PART 1012 /* a part of the same municipality */
#define JURMALA   4000

static const char rules_text[] = "place RIGA = 0001\n"
                                 "product city.ticket = 1001\n"
                                 "group pensioner = status VSAA.pension.old_age\n"
                                 "group pensioner_riga = pensioner and resident_in RIGA\n"
                                 "group learner = status IZM.learner\n"
                                 "relief R giver 90011524360 from 2020-01-01\n"
                                 "  clause pensioner product city.ticket discount 10%\n";
enum { PENSIONER = 1, PENSIONER_RIGA, LEARNERS };

static struct vocabulary vocabulary;
static struct rules *rules;
static struct intake intake;
static struct facts facts;
static struct people people;
static struct memberships result;
static struct views views;
static uint64_t entry_count;
static uint64_t refused_by[REFUSAL_LAST + 1]; /* by the whole join and evaluation */
static const struct prior_source *earlier;    /* NULL: there is none */

static void begin(void)
{
    struct fault fault = {""};
    latvia_vocabulary(&vocabulary);
    ck_assert_msg(
        rules_parse(&rules, rules_text, strlen(rules_text), "t.rules", &vocabulary, &fault), "%s",
        fault.text);
    memset(&intake, 0, sizeof(intake));
    memset(&facts, 0, sizeof(facts));
    earlier = NULL;
    intake.delivery_count = 1;
}

static void end(void)
{
    views_free(&views);
    memberships_free(&result);
    people_free(&people);
    facts_free(&facts);
    intake_free(&intake);
    rules_free(rules);
}

static uint64_t code(uint32_t number)
{
    return UINT64_C(32000000000) + number;
}

static void person(uint32_t number, uint32_t place)
{
    *facts_add_person(&facts) = (struct person_fact){
        .code = code(number), .death_day = DAY_NEVER, .place = place, .line = number + 1};
}

static void status(uint32_t number, uint16_t kind, uint8_t subtype, uint32_t from_day,
                   uint32_t until_day)
{
    *facts_add_status(&facts) = (struct status_fact){.code = code(number),
                                                     .kind = kind,
                                                     .subtype = subtype,
                                                     .from_day = from_day,
                                                     .until_day = until_day};
}

static void card(uint32_t number, const char *text, uint32_t from_day, uint32_t until_day)
{
    struct means_fact *fact = facts_add_means(&facts);
    *fact = (struct means_fact){.code = code(number), .from_day = from_day, .until_day = until_day};
    fact->identifier.means = MEANS_CARD;
    fact->identifier.size = (uint8_t)strlen(text);
    memcpy(fact->identifier.text, text, strlen(text));
}

/* What was refused since the last time. */
static void count_refused(uint64_t counts[static REFUSAL_LAST + 1])
{
    memcpy(counts, intake.deliveries[0].refused_by, sizeof(intake.deliveries[0].refused_by));
    memset(intake.deliveries[0].refused_by, 0, sizeof(intake.deliveries[0].refused_by));
}

static void evaluate(uint32_t thread_count)
{
    struct fault fault;
    ck_assert(people_join(&people, &facts, &intake, thread_count, &fault));
    memberships_evaluate(&result, &people, rules, &vocabulary, earlier, window, AS_OF, &intake,
                         thread_count, true);
    count_refused(refused_by);
}

/* The same facts on shelves, part by part: the entries of the index, and views. */
static struct index_entry *publish(const struct identity_key *key,
                                   const struct identity_key *subject_key, uint32_t thread_count,
                                   uint64_t room_size)
{
    struct fault fault;
    static const struct trade trade = {.place_count = 0};
    struct hoard_room *room = hoard_room_open(room_size, "/tmp");
    struct memberships by_parts;
    struct facts copy = {.persons = NULL};
    for (size_t i = 0; i < facts.person_count; i++)
        *facts_add_person(&copy) = facts.persons[i];
    for (size_t i = 0; i < facts.status_count; i++)
        *facts_add_status(&copy) = facts.statuses[i];
    for (size_t i = 0; i < facts.means_count; i++)
        *facts_add_means(&copy) = facts.means[i];
    struct facts base = {.persons = copy.persons, .person_count = copy.person_count};
    struct shelves *shelves = shelves_open(room);
    copy.person_count = 0;
    shelves_add(shelves, &base);
    shelves_know_kin(shelves);
    shelves_add(shelves, &copy);
    facts_free(&copy);

    struct evaluation *evaluation =
        evaluation_open(rules, &vocabulary, earlier, window, AS_OF, thread_count);
    struct identifiers *identifiers =
        identifiers_open(room, window, key, subject_key, thread_count);
    struct assembly assembly = {shelves, &trade, &intake, evaluation, identifiers, 0, 0};
    identifiers_add_tests(identifiers, evaluation_test_set(evaluation));
    ck_assert(assemble(&assembly, thread_count, true, &fault));
    evaluation_finish(&by_parts, evaluation);
    views_free(&views);
    ck_assert(identifiers_settle(identifiers, &views, evaluation, &intake, &fault));
    ck_assert(hoard_room_is_whole(room, &fault));
    uint64_t refused_by_parts[REFUSAL_LAST + 1];
    count_refused(refused_by_parts);
    for (int i = 1; i <= REFUSAL_LAST; i++)
        ck_assert_msg(refused_by_parts[i] == refused_by[i], "%s", refusal_name((enum refusal)i));
    ck_assert_uint_eq(assembly.person_count, people.person_count);
    ck_assert_uint_eq(assembly.repeated_person_count, people.repeated_person_count);
    ck_assert_uint_eq(identifiers_repeated_count(identifiers), people.repeated_means_count);
    ck_assert_uint_eq(by_parts.set_count, result.set_count);
    ck_assert_mem_eq(by_parts.set_first, result.set_first, (result.set_count + 1) * 4);
    ck_assert_mem_eq(by_parts.list, result.list,
                     result.set_first[result.set_count] * sizeof(result.list[0]));
    ck_assert_uint_eq(by_parts.census_count, result.census_count);
    ck_assert_uint_eq(by_parts.published_count, result.published_count);

    struct index_parts parts = identifiers_parts(identifiers);
    entry_count = identifiers_count(identifiers);
    struct index_entry *entries = memory_take(entry_count, sizeof(entries[0])), *to = entries;
    for (uint32_t i = 0; i < parts.count; to += parts.entry_counts[i++])
        ck_assert(parts.load(parts.context, i, to, &fault));
    memberships_free(&by_parts);
    shelves_close(shelves);
    evaluation_close(evaluation);
    identifiers_close(identifiers);
    hoard_room_close(room);
    return entries;
}

static uint32_t set_size(uint32_t set)
{
    return result.set_first[set + 1] - result.set_first[set];
}

/* --- sets --- */

START_TEST(whoever_is_in_no_group_is_not_published)
{
    person(1, RIGA);
    person(2, RIGA);
    status(2, PENSION, 1, 0, window.from_day); /* over before the window begins */
    person(3, RIGA);
    status(3, PENSION, 1, 0, DAY_NEVER);
    card(1, "CARD1", 0, DAY_NEVER);
    evaluate(1);
    ck_assert_uint_eq(result.set_of[0], SET_EMPTY);
    ck_assert_uint_eq(result.set_of[1], SET_EMPTY);
    ck_assert_uint_ne(result.set_of[2], SET_EMPTY);
    ck_assert_uint_eq(result.published_count, 1);
    static const struct identity_key key = {{1}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    free(publish(&key, NULL, 1, 0));
    ck_assert_uint_eq(entry_count, 2 * MEANS_LAST + 1);
}
END_TEST

START_TEST(persons_with_the_same_memberships_share_a_set)
{
    for (uint32_t i = 1; i <= 20; i++) {
        person(i, JURMALA);
        status(i, PENSION, 1, i, DAY_NEVER); /* before the window: all the same inside it */
    }
    evaluate(2);
    for (uint32_t i = 1; i < 20; i++)
        ck_assert_uint_eq(result.set_of[i], result.set_of[0]);
    ck_assert_uint_eq(result.set_count, 3); /* nothing, the tests', theirs */
}
END_TEST

START_TEST(set_0_is_empty_and_the_test_set_is_there)
{
    evaluate(1);
    ck_assert_uint_eq(result.set_count, 2);
    ck_assert_uint_eq(set_size(SET_EMPTY), 0);
    ck_assert_uint_eq(set_size(result.test_set), 1);
    const struct membership *test = &result.list[result.set_first[result.test_set]];
    ck_assert_uint_eq(test->group, GROUP_TEST);
    ck_assert_uint_eq(test->truth, TRUTH_YES);
    ck_assert_uint_eq(test->from_day, window.from_day);
    ck_assert_uint_eq(test->until_day, window.until_day);
    ck_assert_uint_eq(result.yes_counts[GROUP_TEST], 0); /* of no person */
}
END_TEST

START_TEST(too_many_changes_refuse_the_person_and_nobody_else)
{
    struct window wide = {20000, 20800};
    struct fault fault;
    person(1, RIGA);
    for (uint32_t i = 0; i < 300; i++)
        status(1, PENSION, 1, wide.from_day + 2 * i + 1, wide.from_day + 2 * i + 2);
    person(2, RIGA);
    status(2, PENSION, 1, 0, DAY_NEVER);
    ck_assert(people_join(&people, &facts, &intake, 1, &fault));
    memberships_evaluate(&result, &people, rules, &vocabulary, NULL, wide, AS_OF, &intake, 1, true);
    ck_assert_uint_eq(result.set_of[0], SET_EMPTY);
    ck_assert_uint_ne(result.set_of[1], SET_EMPTY);
    ck_assert_uint_eq(result.published_count, 1);
    ck_assert_uint_eq(intake.deliveries[0].refused_by[REFUSAL_TOO_MANY_CHANGES], 1);
    ck_assert_uint_eq(intake.quarantine[0].line, 2);
}
END_TEST

/* --- census --- */

START_TEST(the_census_counts_persons_by_group_and_municipality_on_the_as_of_day)
{
    person(1, RIGA);
    person(2, RIGA_PART);
    person(3, JURMALA);
    person(4, 0);
    person(5, JURMALA);
    for (uint32_t i = 1; i <= 4; i++)
        status(i, PENSION, 1, 0, DAY_NEVER);
    status(5, PENSION, 1, AS_OF + 1, DAY_NEVER); /* published, but not yet of the group */
    status(1, LEARNER, 1, 0, AS_OF);             /* not any more */
    status(2, LEARNER, 1, 0, AS_OF + 1);         /* on its last day */
    evaluate(2);

    static const struct census expected[] = {
        {PENSIONER, 0, 1, 0},         {PENSIONER, RIGA, 2, 0}, {PENSIONER, JURMALA, 1, 0},
        {PENSIONER_RIGA, RIGA, 2, 0}, {LEARNERS, RIGA, 1, 0},
    };
    ck_assert_uint_eq(result.census_count, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < result.census_count; i++) {
        ck_assert_uint_eq(result.census[i].group, expected[i].group);
        ck_assert_uint_eq(result.census[i].place, expected[i].place);
        ck_assert_uint_eq(result.census[i].yes_count, expected[i].yes_count);
        ck_assert_uint_eq(result.census[i].unknown_count, expected[i].unknown_count);
    }
    ck_assert_uint_eq(result.yes_counts[PENSIONER], 4);
    ck_assert_uint_eq(result.yes_counts[LEARNERS], 1);
    ck_assert_uint_eq(result.published_count, 5);
}
END_TEST

START_TEST(what_is_not_delivered_is_counted_as_unknown)
{
    person(1, JURMALA);
    person(2, RIGA);
    vocabulary.kinds[PENSION].missing_count = 1;
    vocabulary.kinds[PENSION].missing[0] = (struct place_prefix){4, 4};
    evaluate(1);
    ck_assert_uint_eq(result.unknown_counts[PENSIONER], 1);
    ck_assert_uint_eq(result.yes_counts[PENSIONER], 0);
    ck_assert_uint_eq(result.published_count, 1);
}
END_TEST

/* --- what an earlier snapshot knew --- */

#define EARLIER_AS_OF (AS_OF - 5)
#define KNOWN_DAYS    14

/* A snapshot of persons and their memberships in one or two groups. */
static struct {
    struct tables tables;
    struct group groups[3];
    struct view views[8];
    uint32_t set_first[9];
    struct membership memberships[16];
    _Alignas(BUCKET_SIZE) uint8_t buckets[(8 + BUCKET_REACH_MAX) * BUCKET_SIZE];
} old;
static const struct identity_key old_key = {{5}};

static void old_begin(const char *group, const char *other_group)
{
    memset(&old, 0, sizeof(old));
    old.tables = (struct tables){.index = {.home_count = 8, .shards = {old.buckets}},
                                 .views = old.views,
                                 .set_first = old.set_first,
                                 .memberships = old.memberships,
                                 .groups = old.groups,
                                 .group_count = 3,
                                 .view_count = 1,
                                 .set_count = 1};
    strcpy(old.groups[1].name, group);
    strcpy(old.groups[2].name, other_group);
}

/* Somebody known then, with one membership. */
static void old_person(uint32_t number, struct membership membership)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    struct digest digest;
    uint32_t set = old.tables.set_count++, view = old.tables.view_count++;
    means_unpack_code(identifier.text, code(number));
    identity_digest(&digest, &old_key, &identifier);
    uint8_t *slot = old.buckets + index_home(&digest, 8) * BUCKET_SIZE;
    while (load_u32(slot + SLOT_PAYLOAD) != 0)
        slot += SLOT_SIZE;
    memcpy(slot + SLOT_TAG, digest.bytes + DIGEST_SIZE - SLOT_PAYLOAD, SLOT_PAYLOAD);
    store_u32(slot + SLOT_PAYLOAD, view);
    old.views[view] = (struct view){.set = set, .until_day = DAY_NEVER};
    old.memberships[old.set_first[set]] = membership;
    old.set_first[set + 1] = old.set_first[set] + 1;
}

/* Adds the group that falls back, and evaluates with pensions missing for everybody. */
static uint16_t evaluate_known(void)
{
    static struct prior_source source;
    struct fault fault;
    ck_assert(identity_start(&fault));
    uint16_t known = (uint16_t)rules->group_count++;
    rules->groups[known] = (struct group_rule){.name = "pensioner~14",
                                               .until_day = DAY_NEVER,
                                               .known_of = PENSIONER,
                                               .known_days = KNOWN_DAYS};
    vocabulary.kinds[PENSION].is_missing = true;
    source = (struct prior_source){&old.tables, EARLIER_AS_OF, &old_key};
    earlier = &source;
    evaluate(2);
    return known;
}

/* Until which day of the window the person is surely in the group; 0: not at all. */
static uint32_t sure_until(size_t row, uint16_t group)
{
    uint32_t until = 0, set = result.set_of[row];
    for (uint32_t i = result.set_first[set]; i < result.set_first[set + 1]; i++) {
        const struct membership *m = &result.list[i];
        if (m->group != group || m->truth != TRUTH_YES)
            continue;
        ck_assert_uint_eq(m->from_day, window.from_day);
        until = m->until_day;
    }
    return until;
}

START_TEST(what_is_unknown_now_and_was_sure_before_is_yes_for_so_many_days)
{
    old_begin("other", "pensioner");
    for (uint32_t i = 0; i < 7; i++)
        person(i, RIGA);
    static const struct membership then[] = {
        {2, TRUTH_YES, 0, DAY_NEVER},                 /* surely: for known_days */
        {2, TRUTH_YES, 0, EARLIER_AS_OF + 4},         /* it ends before that */
        {2, TRUTH_YES, 0, EARLIER_AS_OF},             /* it had ended */
        {2, TRUTH_YES, EARLIER_AS_OF + 1, DAY_NEVER}, /* it had not begun */
        {2, TRUTH_UNKNOWN, 0, DAY_NEVER},             /* it was not known either */
        {1, TRUTH_YES, 0, DAY_NEVER},                 /* another group */
    };
    for (uint32_t i = 0; i < 6; i++) /* nothing was known of the last one */
        old_person(i, then[i]);
    uint16_t known = evaluate_known();
    static const uint32_t expected[] = {
        EARLIER_AS_OF + KNOWN_DAYS, EARLIER_AS_OF + 4, 0, 0, 0, 0, 0};
    for (size_t i = 0; i < 7; i++) {
        ck_assert_uint_eq(sure_until(i, known), expected[i]);
        ck_assert_uint_eq(sure_until(i, PENSIONER), 0);
    }
    ck_assert_uint_eq(result.yes_counts[known], 1); /* on the as-of day, EARLIER_AS_OF + 5 */
    ck_assert_uint_eq(result.unknown_counts[known], 6);
    ck_assert_uint_eq(result.unknown_counts[PENSIONER], 7);
}
END_TEST

START_TEST(what_was_carried_over_before_ends_where_it_ended_before)
{
    old_begin("pensioner", "pensioner~14");
    person(1, RIGA);
    person(2, RIGA);
    old_person(1, (struct membership){2, TRUTH_YES, 0, EARLIER_AS_OF + 3});
    old_person(2, (struct membership){1, TRUTH_YES, 0, DAY_NEVER}); /* the derived group decides */
    uint16_t known = evaluate_known();
    ck_assert_uint_eq(sure_until(0, known), EARLIER_AS_OF + 3);
    ck_assert_uint_eq(sure_until(1, known), 0);
}
END_TEST

START_TEST(who_changed_codes_is_known_under_the_previous_one)
{
    old_begin("pensioner", "other");
    person(1, RIGA);
    facts.persons[0].previous = code(99);
    old_person(99, (struct membership){1, TRUTH_YES, 0, DAY_NEVER});
    uint16_t known = evaluate_known();
    ck_assert_uint_eq(sure_until(0, known), EARLIER_AS_OF + KNOWN_DAYS);
}
END_TEST

/* A limit per status_term keeps them apart; what is known does not end with the first. */
START_TEST(one_term_behind_the_other_was_one_yes)
{
    old_begin("pensioner", "other");
    person(1, RIGA);
    old_person(1, (struct membership){1, TRUTH_YES, 20, EARLIER_AS_OF + 3});
    uint32_t *end = &old.set_first[old.tables.set_count];
    old.memberships[(*end)++] = (struct membership){1, TRUTH_YES, EARLIER_AS_OF + 3, DAY_NEVER};
    uint16_t known = evaluate_known();
    ck_assert_uint_eq(sure_until(0, known), EARLIER_AS_OF + KNOWN_DAYS);
}
END_TEST

START_TEST(what_is_known_now_asks_no_earlier_snapshot)
{
    old_begin("pensioner", "other");
    person(1, RIGA);
    status(1, PENSION, 1, 0, window.from_day + 9); /* told by a register that then fell silent */
    person(2, RIGA);
    old_person(2, (struct membership){1, TRUTH_YES, 0, DAY_NEVER});
    uint16_t known = evaluate_known();
    ck_assert_uint_eq(sure_until(0, known), window.from_day + 9);
    ck_assert_uint_eq(sure_until(1, known), EARLIER_AS_OF + KNOWN_DAYS);
}
END_TEST

/* --- views --- */

/* The view of an identifier among entries, or NOBODY. */
static uint32_t find_view(const struct index_entry *entries, const struct identity_key *key,
                          uint8_t means, const char *text)
{
    struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
    struct digest digest;
    memcpy(identifier.text, text, strlen(text));
    identity_digest(&digest, key, &identifier);
    for (uint64_t i = 0; i < entry_count; i++)
        if (memcmp(&entries[i].digest, &digest, sizeof(digest)) == 0)
            return entries[i].view;
    return NOBODY;
}

START_TEST(a_view_is_a_set_on_the_days_on_which_the_means_is_good)
{
    static const struct identity_key key = {{1, 2, 3}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    person(1, RIGA);
    status(1, PENSION, 1, 0, DAY_NEVER);
    card(1, "LONG", 0, DAY_NEVER);
    card(1, "EXACT", window.from_day, window.until_day);
    card(1, "PART", window.from_day + 5, window.until_day - 5);
    card(1, "ENDED", 0, window.from_day);
    card(1, "TOCOME", window.until_day, DAY_NEVER);
    evaluate(2);
    struct index_entry *entries = publish(&key, NULL, 2, 0);
    ck_assert_uint_eq(entry_count, 2 * MEANS_LAST + 4);

    uint32_t own = find_view(entries, &key, MEANS_PERSONAL_CODE, "32000000001");
    uint32_t part = find_view(entries, &key, MEANS_CARD, "PART");
    ck_assert_uint_lt(own, views.count);
    ck_assert_uint_eq(views.list[own].set, result.set_of[0]);
    ck_assert_uint_eq(views.list[own].from_day, window.from_day);
    ck_assert_uint_eq(views.list[own].until_day, window.until_day);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "LONG"), own);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "EXACT"), own);
    ck_assert_uint_eq(views.list[part].from_day, window.from_day + 5);
    ck_assert_uint_eq(views.list[part].until_day, window.until_day - 5);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "ENDED"), NOBODY);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "TOCOME"), NOBODY);
    free(entries);
}
END_TEST

/* Whose an identifier is among entries. */
static uint64_t find_subject(const struct index_entry *entries, const struct identity_key *key,
                             uint8_t means, const char *text)
{
    struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
    struct digest digest;
    memcpy(identifier.text, text, strlen(text));
    identity_digest(&digest, key, &identifier);
    for (uint64_t i = 0; i < entry_count; i++)
        if (memcmp(&entries[i].digest, &digest, sizeof(digest)) == 0)
            return entries[i].subject;
    ck_abort_msg("an identifier that should be published is not");
    return 0;
}

static uint64_t subject_of_code(const struct identity_key *key, const char *code)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    memcpy(identifier.text, code, 11);
    return subject_of(key, &identifier);
}

START_TEST(all_means_of_a_person_have_the_subject_of_the_first_code)
{
    static const struct identity_key key = {{1, 2, 3}}, subject_key = {{4, 5, 6}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    person(1, RIGA);
    status(1, PENSION, 1, 0, DAY_NEVER);
    card(1, "NEW", 0, DAY_NEVER);
    person(2, RIGA);
    facts.persons[1].previous = code(3);
    status(3, PENSION, 1, 0, DAY_NEVER); /* told under the code before */
    card(2, "CHANGED", 0, DAY_NEVER);
    evaluate(2);
    struct index_entry *entries = publish(&key, &subject_key, 2, 0);
    uint64_t one = subject_of_code(&subject_key, "32000000001");
    uint64_t two = subject_of_code(&subject_key, "32000000003");
    ck_assert_uint_eq(find_subject(entries, &key, MEANS_PERSONAL_CODE, "32000000001"), one);
    ck_assert_uint_eq(find_subject(entries, &key, MEANS_CARD, "NEW"), one);
    ck_assert_uint_eq(find_subject(entries, &key, MEANS_PERSONAL_CODE, "32000000002"), two);
    ck_assert_uint_eq(find_subject(entries, &key, MEANS_CARD, "CHANGED"), two);
    uint64_t test = subject_of_code(&subject_key, "01010000018");
    for (uint8_t means = 1; means <= MEANS_LAST; means++)
        ck_assert_uint_eq(
            find_subject(entries, &key, means, means_test_identifier((enum means)means, TEST_HIT)),
            test);
    free(entries);
}
END_TEST

START_TEST(test_identities_of_every_means_are_there)
{
    static const struct identity_key key = {{7}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    evaluate(1);
    struct index_entry *entries = publish(&key, NULL, 1, 0);
    for (uint8_t means = 1; means <= MEANS_LAST; means++) {
        uint32_t hit =
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_HIT));
        uint32_t expired =
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_EXPIRED));
        ck_assert_uint_eq(views.list[hit].set, result.test_set);
        ck_assert_uint_eq(views.list[hit].from_day, window.from_day);
        ck_assert_uint_eq(views.list[hit].until_day, window.until_day);
        ck_assert_uint_eq(views.list[expired].set, result.test_set);
        ck_assert_uint_eq(views.list[expired].until_day, window.from_day + 1);
        ck_assert_uint_eq(
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_MISS)),
            NOBODY);
    }
    free(entries);
}
END_TEST

/* --- many --- */

#define MANY 30000

static void many(bool is_backwards)
{
    for (uint32_t n = 1; n <= MANY; n++) {
        uint32_t number = is_backwards ? MANY + 1 - n : n;
        uint64_t seed = number;
        char text[16];
        person(number, support_random(&seed) % 2 == 0 ? RIGA : JURMALA);
        for (uint64_t i = support_random(&seed) % 4; i > 0; i--) {
            uint32_t from = 19900 + (uint32_t)(support_random(&seed) % 150);
            status(number, i == 1 ? LEARNER : PENSION, 1, from,
                   from + 1 + (uint32_t)(support_random(&seed) % 100));
        }
        snprintf(text, sizeof(text), "CARD%05u", (unsigned)number);
        card(number, text, 0, 20000 + (uint32_t)(support_random(&seed) % 300));
    }
}

START_TEST(neither_threads_nor_the_order_of_rows_show)
{
    static const struct identity_key key = {{9}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    many(false);
    evaluate(1);
    struct memberships first = result;
    struct index_entry *first_entries = publish(&key, &key, 1, 0);
    struct views first_views = views;
    uint64_t first_count = entry_count;
    views = (struct views){.list = NULL};
    uint32_t membership_count = result.set_first[result.set_count];
    ck_assert_uint_gt(result.set_count, 1000);
    ck_assert_uint_gt(first_views.count, result.set_count);
    people_free(&people);
    facts_free(&facts);

    for (uint32_t thread_count = 1; thread_count <= 6; thread_count += 5) {
        many(thread_count > 1);
        evaluate(thread_count);
        ck_assert_uint_eq(result.set_count, first.set_count);
        ck_assert_mem_eq(result.set_first, first.set_first,
                         (first.set_count + 1) * sizeof(uint32_t));
        ck_assert_mem_eq(result.list, first.list, membership_count * sizeof(*first.list));
        ck_assert_uint_eq(result.census_count, first.census_count);
        for (uint32_t i = 0; i < first.census_count; i++) {
            ck_assert_uint_eq(result.census[i].group, first.census[i].group);
            ck_assert_uint_eq(result.census[i].place, first.census[i].place);
            ck_assert_uint_eq(result.census[i].yes_count, first.census[i].yes_count);
        }
        /* the second time hardly anything may stay in memory */
        struct index_entry *entries =
            publish(&key, &key, thread_count, thread_count == 1 ? 0 : 1 << 20);
        ck_assert_uint_eq(views.count, first_views.count);
        ck_assert_mem_eq(views.list, first_views.list, views.count * sizeof(*views.list));
        ck_assert_uint_eq(entry_count, first_count);
        for (uint64_t i = 0; i < entry_count; i++) {
            ck_assert_mem_eq(&entries[i].digest, &first_entries[i].digest, sizeof(struct digest));
            ck_assert_uint_eq(entries[i].view, first_entries[i].view);
            ck_assert_uint_eq(entries[i].subject, first_entries[i].subject);
        }
        free(entries);
        views_free(&views);
        memberships_free(&result);
        people_free(&people);
        facts_free(&facts);
    }
    free(first_entries);
    views_free(&first_views);
    memberships_free(&first);
}
END_TEST

/* Few cards and many rows about them, by holders who stand in different parts, some of them under a
 * code that they had before, some unknown, some in no group. */
static void confuse(uint64_t *state)
{
    enum { PERSONS = 600, CARDS = 300 };
    for (uint32_t n = 1; n <= PERSONS; n++) {
        uint32_t number = 1 + (uint32_t)(support_random(state) % PERSONS); /* some come twice */
        person(number, RIGA);
        facts.persons[n - 1].line = n + 1;
        if (support_random(state) % 8 == 0) {
            facts.persons[n - 1].previous =
                code(1 + (uint32_t)(support_random(state) % (2 * PERSONS)));
            if (facts.persons[n - 1].previous == facts.persons[n - 1].code)
                facts.persons[n - 1].previous = NO_CODE;
        }
        if (support_random(state) % 3 > 0)
            status(number, PENSION, 1, 0, DAY_NEVER);
    }
    for (uint32_t n = 0; n < 4 * CARDS; n++) {
        char text[IDENTIFIER_SIZE_MAX];
        uint32_t of = (uint32_t)(support_random(state) % CARDS);
        snprintf(text, sizeof(text), of % 5 == 0 ? "CARDWITHALONGNUMBER%04u" : "C%04u", of % 9999);
        uint32_t from_day = window.from_day - 20 + (uint32_t)(support_random(state) % 150);
        card(1 + (uint32_t)(support_random(state) % (2 * PERSONS)), text, from_day,
             from_day + 1 + (uint32_t)(support_random(state) % 60));
        facts.means[n].issued_day = 19000 + (uint32_t)(support_random(state) % 4);
        facts.means[n].line = n + 2;
    }
}

/* Who has a card by the join of all, or NOBODY where its rows do not say. */
static uint32_t row_of_card(const char *text)
{
    for (size_t i = 0; i < facts.means_count; i++)
        if (people.holder[i] != NOBODY && facts.means[i].identifier.size == strlen(text) &&
            memcmp(facts.means[i].identifier.text, text, strlen(text)) == 0)
            return (uint32_t)i;
    return NOBODY;
}

START_TEST(rows_about_one_means_are_settled_as_if_all_stood_together)
{
    static const struct identity_key key = {{5}};
    struct fault fault;
    uint64_t state = 1000 + (uint64_t)_i;
    uint32_t found_count = 0;
    ck_assert(identity_start(&fault));
    confuse(&state);
    evaluate(1);
    ck_assert_uint_gt(refused_by[REFUSAL_MEANS_CONFLICT], 0);
    ck_assert_uint_gt(people.repeated_means_count, 0);
    struct index_entry *entries = publish(&key, NULL, 3, 0);
    for (uint32_t of = 0; of < 300; of++) {
        char text[IDENTIFIER_SIZE_MAX];
        snprintf(text, sizeof(text), of % 5 == 0 ? "CARDWITHALONGNUMBER%04u" : "C%04u", of % 9999);
        uint32_t row = row_of_card(text), view = find_view(entries, &key, MEANS_CARD, text);
        bool is_published = row != NOBODY && result.set_of[people.holder[row]] != SET_EMPTY &&
                            facts.means[row].from_day < window.until_day &&
                            facts.means[row].until_day > window.from_day;
        ck_assert_msg((view != NOBODY) == is_published, "%s", text);
        if (!is_published)
            continue;
        found_count++;
        ck_assert_uint_eq(views.list[view].set, result.set_of[people.holder[row]]);
        ck_assert(views.list[view].from_day == facts.means[row].from_day ||
                  views.list[view].from_day == window.from_day);
    }
    ck_assert_uint_gt(found_count, 10);
    free(entries);
}
END_TEST

/* A register that writes the same word where there is no number. Rows come in no order; by their
 * lines the last is alone with the latest day, or ties with one of somebody else. */
START_TEST(a_number_that_a_whole_register_repeats_is_settled_as_one_of_few)
{
    enum { HOLDERS = 50, LATEST = 20000 };
    static const uint32_t row_counts[] = {7, 200000};
    static const struct identity_key key = {{5}};
    struct fault fault;
    uint32_t count = row_counts[_i / 2];
    bool is_conflict = _i % 2 != 0;
    ck_assert(identity_start(&fault));
    for (uint32_t n = 1; n <= HOLDERS; n++) {
        person(n, RIGA);
        status(n, PENSION, 1, 0, DAY_NEVER);
    }
    for (uint32_t n = 0; n < count; n++) {
        card(1 + n % HOLDERS, "NONE", 0, DAY_NEVER);
        facts.means[n].line = 2 + n;
        facts.means[n].issued_day = n + (is_conflict ? 2 : 1) < count ? LATEST - n % 3 - 1 : LATEST;
    }
    evaluate(1);
    for (uint32_t n = count - 1; n > 0; n--) { /* as threads would leave them */
        uint32_t other = n * 7919 % count;
        struct means_fact one = facts.means[n];
        facts.means[n] = facts.means[other];
        facts.means[other] = one;
    }
    struct index_entry *entries = publish(&key, NULL, 3, 0); /* what is refused is compared there */
    uint32_t view = find_view(entries, &key, MEANS_CARD, "NONE");
    ck_assert((view == NOBODY) == is_conflict);
    ck_assert_uint_ge(refused_by[REFUSAL_MEANS_CONFLICT], is_conflict ? 2 : 0);
    ck_assert_uint_gt(people.repeated_means_count + refused_by[REFUSAL_MEANS_CONFLICT], count - 2);
    free(entries);
}
END_TEST

START_TEST(sets_and_views_stand_in_order_and_once)
{
    static const struct identity_key key = {{9}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    many(false);
    evaluate(2);
    free(publish(&key, NULL, 2, 0));
    for (uint32_t s = 1; s < result.set_count; s++) {
        const struct membership *a = result.list + result.set_first[s - 1];
        const struct membership *b = result.list + result.set_first[s];
        uint32_t i = 0;
        while (i < set_size(s - 1) && i < set_size(s) && memcmp(&a[i], &b[i], sizeof(*a)) == 0)
            i++;
        ck_assert_msg(i < set_size(s), "set %u repeats the one before, or its beginning", s);
        if (i < set_size(s - 1))
            ck_assert(a[i].group < b[i].group ||
                      (a[i].group == b[i].group && a[i].from_day <= b[i].from_day));
    }
    for (uint32_t v = 2; v < views.count; v++) {
        const struct view *a = &views.list[v - 1], *b = &views.list[v];
        ck_assert(a->set < b->set || (a->set == b->set && a->from_day < b->from_day) ||
                  (a->set == b->set && a->from_day == b->from_day && a->until_day < b->until_day));
    }
    ck_assert_uint_eq(views.list[VIEW_NOBODY].set, SET_EMPTY);
    ck_assert_uint_eq(views.list[VIEW_NOBODY].from_day, 0);
    ck_assert_uint_eq(views.list[VIEW_NOBODY].until_day, DAY_NEVER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memberships");
    TCase *tests = tcase_create("memberships");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, whoever_is_in_no_group_is_not_published);
    tcase_add_test(tests, persons_with_the_same_memberships_share_a_set);
    tcase_add_test(tests, set_0_is_empty_and_the_test_set_is_there);
    tcase_add_test(tests, too_many_changes_refuse_the_person_and_nobody_else);
    tcase_add_test(tests, the_census_counts_persons_by_group_and_municipality_on_the_as_of_day);
    tcase_add_test(tests, what_is_not_delivered_is_counted_as_unknown);
    tcase_add_test(tests, what_is_unknown_now_and_was_sure_before_is_yes_for_so_many_days);
    tcase_add_test(tests, what_was_carried_over_before_ends_where_it_ended_before);
    tcase_add_test(tests, who_changed_codes_is_known_under_the_previous_one);
    tcase_add_test(tests, one_term_behind_the_other_was_one_yes);
    tcase_add_test(tests, what_is_known_now_asks_no_earlier_snapshot);
    tcase_add_test(tests, a_view_is_a_set_on_the_days_on_which_the_means_is_good);
    tcase_add_test(tests, all_means_of_a_person_have_the_subject_of_the_first_code);
    tcase_add_test(tests, test_identities_of_every_means_are_there);
    tcase_add_loop_test(tests, rows_about_one_means_are_settled_as_if_all_stood_together, 0, 10);
    tcase_add_loop_test(tests, a_number_that_a_whole_register_repeats_is_settled_as_one_of_few, 0,
                        4);
    tcase_add_test(tests, neither_threads_nor_the_order_of_rows_show);
    tcase_add_test(tests, sets_and_views_stand_in_order_and_once);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
