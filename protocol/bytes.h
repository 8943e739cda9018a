/* Little-endian numbers in byte arrays: the only place that knows the byte order. */
#ifndef PROTOCOL_BYTES_H
#define PROTOCOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef NDEBUG
#error "assertions stay on in every build: do not define NDEBUG"
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))

static inline uint16_t load_u16(const uint8_t p[static 2])
{
    return (uint16_t)(p[0] | (p[1] << 8));
}

static inline uint32_t load_u32(const uint8_t p[static 4])
{
    return (uint32_t)load_u16(p) | ((uint32_t)load_u16(p + 2) << 16);
}

static inline uint64_t load_u64(const uint8_t p[static 8])
{
    return (uint64_t)load_u32(p) | ((uint64_t)load_u32(p + 4) << 32);
}

static inline void store_u16(uint8_t p[static 2], uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void store_u32(uint8_t p[static 4], uint32_t value)
{
    store_u16(p, (uint16_t)value);
    store_u16(p + 2, (uint16_t)(value >> 16));
}

static inline void store_u64(uint8_t p[static 8], uint64_t value)
{
    store_u32(p, (uint32_t)value);
    store_u32(p + 4, (uint32_t)(value >> 32));
}

static inline bool bytes_are_zero(const uint8_t *p, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= p[i];
    return any == 0;
}

#endif
