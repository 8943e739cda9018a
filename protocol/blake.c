#include "protocol/blake.h"

#include <assert.h>
#include <string.h>

#define ROUND_COUNT 12
#define BLOCK_WORDS 16
#define BLOCK_SIZE  128
#define CHAIN_WORDS 8

static const uint64_t initial[CHAIN_WORDS] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

/* The order in which a round takes the words of the block; the last two are the first two again. */
static const uint8_t sigma[ROUND_COUNT][BLOCK_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

/* Mixing, as in the RFC; `x` and `y` are words of the block, those beyond the message are zero. */
#define ROTATE(value, bits) ((value) >> (bits) | (value) << (64 - (bits)))
#define WORD(i)             ((i) < BLAKE_WORDS ? m[(i) % BLAKE_WORDS] : zero)
#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        v[a] += v[b] + WORD(x);                                                                    \
        v[d] = ROTATE(v[d] ^ v[a], 32);                                                            \
        v[c] += v[d];                                                                              \
        v[b] = ROTATE(v[b] ^ v[c], 24);                                                            \
        v[a] += v[b] + WORD(y);                                                                    \
        v[d] = ROTATE(v[d] ^ v[a], 16);                                                            \
        v[c] += v[d];                                                                              \
        v[b] = ROTATE(v[b] ^ v[c], 63);                                                            \
    } while (0)
#define ROUND(r)                                                                                   \
    do {                                                                                           \
        MIX(0, 4, 8, 12, sigma[r][0], sigma[r][1]);                                                \
        MIX(1, 5, 9, 13, sigma[r][2], sigma[r][3]);                                                \
        MIX(2, 6, 10, 14, sigma[r][4], sigma[r][5]);                                               \
        MIX(3, 7, 11, 15, sigma[r][6], sigma[r][7]);                                               \
        MIX(0, 5, 10, 15, sigma[r][8], sigma[r][9]);                                               \
        MIX(1, 6, 11, 12, sigma[r][10], sigma[r][11]);                                             \
        MIX(2, 7, 8, 13, sigma[r][12], sigma[r][13]);                                              \
        MIX(3, 4, 9, 14, sigma[r][14], sigma[r][15]);                                              \
    } while (0)

/* The twelve rounds on `v`, of one message or of eight. They are written out, so that compilers see
 * which words are zero, and what of the last rounds nobody asks for. */
#define ROUNDS(name, type)                                                                         \
    static inline __attribute__((always_inline)) void name(type v[static 2 * CHAIN_WORDS],         \
                                                           const type m[static BLAKE_WORDS])       \
    {                                                                                              \
        const type zero = {0};                                                                     \
        ROUND(0);                                                                                  \
        ROUND(1);                                                                                  \
        ROUND(2);                                                                                  \
        ROUND(3);                                                                                  \
        ROUND(4);                                                                                  \
        ROUND(5);                                                                                  \
        ROUND(6);                                                                                  \
        ROUND(7);                                                                                  \
        ROUND(8);                                                                                  \
        ROUND(9);                                                                                  \
        ROUND(10);                                                                                 \
        ROUND(11);                                                                                 \
    }
ROUNDS(rounds_of_one, uint64_t)
ROUNDS(rounds_of_eight, blake_lanes)

/* The last block of each message; the key's block stands before it. */
static inline __attribute__((always_inline)) void digest_eight(struct blake_eight *eight,
                                                               const struct blake_key *key)
{
    const blake_lanes zero = {0};
    blake_lanes v[2 * CHAIN_WORDS];
#pragma GCC unroll 8
    for (int i = 0; i < CHAIN_WORDS; i++) {
        v[i] = zero + key->chain[i];
        v[i + CHAIN_WORDS] = zero + initial[i];
    }
    v[12] ^= eight->sizes + BLOCK_SIZE;
    v[14] = ~v[14];
    rounds_of_eight(v, eight->words);
#pragma GCC unroll 2
    for (int i = 0; i < BLAKE_DIGEST_SIZE / 8; i++)
        eight->digests[i] = key->chain[i] ^ v[i] ^ v[i + CHAIN_WORDS];
}

/* The key is a block of its own: 32 bytes of key, zeros behind. */
void blake_key_take(struct blake_key *out, const uint8_t key[static BLAKE_KEY_SIZE])
{
    static_assert(BLAKE_KEY_SIZE == 8 * BLAKE_WORDS, "the key is as long as a message may be");
    uint64_t m[BLAKE_WORDS], v[2 * CHAIN_WORDS];
    for (int i = 0; i < BLAKE_WORDS; i++)
        m[i] = load_u64(key + 8 * i);
    memcpy(out->chain, initial, sizeof(initial));
    out->chain[0] ^= UINT64_C(0x01010000) ^ BLAKE_KEY_SIZE << 8 ^ BLAKE_DIGEST_SIZE;
    memcpy(v, out->chain, sizeof(out->chain));
    memcpy(v + CHAIN_WORDS, initial, sizeof(initial));
    v[12] ^= BLOCK_SIZE;
    rounds_of_one(v, m);
    for (int i = 0; i < CHAIN_WORDS; i++)
        out->chain[i] ^= v[i] ^ v[i + CHAIN_WORDS];
    explicit_bzero(m, sizeof(m));
    explicit_bzero(v, sizeof(v));
}

/* ---- the registers that there are ---- */

static void digest_any(struct blake_eight *eight, const struct blake_key *key)
{
    digest_eight(eight, key);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void digest_avx2(struct blake_eight *eight,
                                                        const struct blake_key *key)
{
    digest_eight(eight, key);
}

__attribute__((target("avx512f"))) static void digest_avx512(struct blake_eight *eight,
                                                             const struct blake_key *key)
{
    digest_eight(eight, key);
}

bool blake_digest_on(enum blake_width width, struct blake_eight *eight, const struct blake_key *key)
{
    if ((width == BLAKE_AVX512 && !__builtin_cpu_supports("avx512f")) ||
        (width == BLAKE_AVX2 && !__builtin_cpu_supports("avx2")))
        return false;
    if (width == BLAKE_AVX512)
        digest_avx512(eight, key);
    else if (width == BLAKE_AVX2)
        digest_avx2(eight, key);
    else
        digest_any(eight, key);
    return true;
}
#else
bool blake_digest_on(enum blake_width width, struct blake_eight *eight, const struct blake_key *key)
{
    if (width != BLAKE_ANY)
        return false;
    digest_any(eight, key);
    return true;
}
#endif

void blake_digest(struct blake_eight *eight, const struct blake_key *key)
{
    bool is_done = blake_digest_on(BLAKE_AVX512, eight, key) ||
                   blake_digest_on(BLAKE_AVX2, eight, key) ||
                   blake_digest_on(BLAKE_ANY, eight, key);
    assert(is_done); /* the last one always can */
}
