/* Little-endian numbers in byte arrays: the only place that knows the byte order. */
#ifndef PROTOCOL_BYTES_H
#define PROTOCOL_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef NDEBUG
#error "assertions stay on in every build: do not define NDEBUG"
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))

static inline uint16_t load_u16(const uint8_t p[static 2])
{
    uint16_t value;
    memcpy(&value, p, sizeof(value));
    return le16toh(value);
}

static inline uint32_t load_u32(const uint8_t p[static 4])
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return le32toh(value);
}

static inline uint64_t load_u64(const uint8_t p[static 8])
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return le64toh(value);
}

static inline void store_u16(uint8_t p[static 2], uint16_t value)
{
    value = htole16(value);
    memcpy(p, &value, sizeof(value));
}

static inline void store_u32(uint8_t p[static 4], uint32_t value)
{
    value = htole32(value);
    memcpy(p, &value, sizeof(value));
}

static inline void store_u64(uint8_t p[static 8], uint64_t value)
{
    value = htole64(value);
    memcpy(p, &value, sizeof(value));
}

static inline bool bytes_are_zero(const uint8_t *p, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= p[i];
    return any == 0;
}

#endif
