#include "protocol/group_bits.h"

#include <assert.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

static_assert(GROUP_BIT_EVERYBODY == 64 * GROUP_WORD_COUNT - 1, "the last bit of the last word");
static_assert(GROUP_BIT_EVERYBODY <= UINT8_MAX, "the bit of every group is a byte");

uint64_t group_bits_gather_plainly(const uint64_t words[static GROUP_WORD_COUNT],
                                   const uint8_t *bits, uint32_t count)
{
    uint64_t gathered = 0;
    assert(count >= 1 && count <= GROUP_GATHER_MAX);
    for (uint32_t i = count; i-- > 0;)
        gathered = gathered << 1 | (words[bits[i] / 64] >> bits[i] % 64 & 1);
    return gathered;
}

#ifdef __x86_64__
/* The byte of the set in which each bit stands, then the bit in that byte: 32 at once. A shuffle
 * looks in sixteen bytes, so there are two, and the highest bit of the number chooses. */
__attribute__((target("avx2"))) static inline uint32_t gather_some(__m256i low, __m256i high,
                                                                   const uint8_t *bits)
{
    const __m256i powers = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
    __m256i number = _mm256_loadu_si256((const __m256i *)(const void *)bits);
    __m256i byte = _mm256_and_si256(_mm256_srli_epi16(number, 3), _mm256_set1_epi8(0x1f));
    __m256i bit = _mm256_shuffle_epi8(powers, _mm256_and_si256(number, _mm256_set1_epi8(7)));
    __m256i found =
        _mm256_blendv_epi8(_mm256_shuffle_epi8(low, byte), _mm256_shuffle_epi8(high, byte), number);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(found, bit), bit));
}

__attribute__((target("avx2"))) static uint64_t gather_avx2(const uint64_t *words,
                                                            const uint8_t *bits, uint32_t count)
{
    __m256i low =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)words));
    __m256i high = _mm256_set1_epi64x((long long)words[2]);
    uint64_t gathered = gather_some(low, high, bits);
    if (count > GROUP_GATHER_STEP)
        gathered |= (uint64_t)gather_some(low, high, bits + GROUP_GATHER_STEP) << 32;
    return gathered & ~(UINT64_MAX << 1 << ((count - 1) & 63));
}

uint64_t group_bits_gather(const uint64_t words[static GROUP_WORD_COUNT], const uint8_t *bits,
                           uint32_t count)
{
    assert(count >= 1 && count <= GROUP_GATHER_MAX);
    if (__builtin_cpu_supports("avx2"))
        return gather_avx2(words, bits, count);
    return group_bits_gather_plainly(words, bits, count);
}
#else
uint64_t group_bits_gather(const uint64_t words[static GROUP_WORD_COUNT], const uint8_t *bits,
                           uint32_t count)
{
    return group_bits_gather_plainly(words, bits, count);
}
#endif
