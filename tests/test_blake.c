#include "protocol/blake.h"

#include "tests/support.h"

#include <sodium.h>
#include <string.h>

static const enum blake_width widths[] = {BLAKE_ANY, BLAKE_AVX2, BLAKE_AVX512};

/* Eight messages of random bytes and sizes, also of none of the sizes that identifiers have. */
static void fill(struct blake_eight *eight, uint8_t messages[BLAKE_LANES][BLAKE_SIZE_MAX],
                 uint64_t *state)
{
    memset(eight, 0, sizeof(*eight));
    memset(messages, 0, BLAKE_LANES * BLAKE_SIZE_MAX);
    for (size_t lane = 0; lane < BLAKE_LANES; lane++) {
        eight->sizes[lane] = 1 + support_random(state) % BLAKE_SIZE_MAX;
        for (size_t i = 0; i < eight->sizes[lane]; i++)
            messages[lane][i] = (uint8_t)support_random(state);
        for (size_t word = 0; word < BLAKE_WORDS; word++)
            eight->words[word][lane] = load_u64(messages[lane] + 8 * word);
    }
}

START_TEST(every_width_says_what_libsodium_says)
{
    uint64_t state = 5;
    struct blake_eight eight;
    struct blake_key keyed;
    uint8_t messages[BLAKE_LANES][BLAKE_SIZE_MAX], key[BLAKE_KEY_SIZE];
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof(key); i++)
            key[i] = (uint8_t)support_random(&state);
        fill(&eight, messages, &state);
        blake_key_take(&keyed, key);
        if (!blake_digest_on(widths[_i], &eight, &keyed)) {
            puts("skipped: this processor has no such registers");
            return;
        }
        for (size_t lane = 0; lane < BLAKE_LANES; lane++) {
            uint8_t wanted[BLAKE_DIGEST_SIZE], got[BLAKE_DIGEST_SIZE];
            crypto_generichash(wanted, sizeof(wanted), messages[lane], eight.sizes[lane], key,
                               sizeof(key));
            store_u64(got, eight.digests[0][lane]);
            store_u64(got + 8, eight.digests[1][lane]);
            ck_assert_mem_eq(got, wanted, sizeof(wanted));
        }
    }
}
END_TEST

START_TEST(the_widest_registers_say_the_same_as_the_others)
{
    uint64_t state = 9;
    struct blake_eight one, other;
    struct blake_key keyed;
    uint8_t messages[BLAKE_LANES][BLAKE_SIZE_MAX];
    blake_key_take(&keyed, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    for (int round = 0; round < 1000; round++) {
        fill(&one, messages, &state);
        other = one;
        blake_digest(&one, &keyed);
        ck_assert(blake_digest_on(BLAKE_ANY, &other, &keyed));
        ck_assert_mem_eq(one.digests, other.digests, sizeof(one.digests));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blake");
    TCase *tcase = tcase_create("blake");
    tcase_add_loop_test(tcase, every_width_says_what_libsodium_says, 0,
                        sizeof(widths) / sizeof(widths[0]));
    tcase_add_test(tcase, the_widest_registers_say_the_same_as_the_others);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
