#include "bench/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool out_open(struct out *out, const char *folder, const char *name, struct fault *fault)
{
    out->is_windows_1257 = out->is_failed = false;
    out->byte_count = out->size = 0;
    snprintf(out->path, sizeof(out->path), "%s/%s", folder, name);
    out->fd = open(out->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out->fd < 0)
        return fault_set(fault, "%s: cannot be created: %s", out->path, strerror(errno));
    return true;
}

static void out_flush(struct out *out)
{
    size_t done = 0;
    while (done < out->size && !out->is_failed) {
        ssize_t size = write(out->fd, out->buffer + done, out->size - done);
        if (size > 0)
            done += (size_t)size;
        else if (size == 0 || errno != EINTR)
            out->is_failed = true;
    }
    out->size = 0;
}

bool out_close(struct out *out, struct fault *fault)
{
    out_flush(out);
    bool is_written = !out->is_failed;
    int why = errno;
    if (close(out->fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    return is_written || fault_set(fault, "%s: cannot be written: %s", out->path, strerror(why));
}

void out_bytes(struct out *out, const void *bytes, size_t size)
{
    out->byte_count += size;
    while (size > sizeof(out->buffer) - out->size) {
        size_t part = sizeof(out->buffer) - out->size;
        memcpy(out->buffer + out->size, bytes, part);
        out->size += part;
        out_flush(out);
        bytes = (const char *)bytes + part;
        size -= part;
    }
    memcpy(out->buffer + out->size, bytes, size);
    out->size += size;
}

/* Latvian letters in Windows-1257; others do not occur in what the country writes. */
static char windows_1257_of(uint8_t lead, uint8_t trail)
{
    static const struct {
        uint8_t lead, trail, byte;
    } letters[] = {
        {0xc4, 0x80, 0xc2}, {0xc4, 0x81, 0xe2}, {0xc4, 0x8c, 0xc8}, {0xc4, 0x8d, 0xe8},
        {0xc4, 0x92, 0xc7}, {0xc4, 0x93, 0xe7}, {0xc4, 0xa2, 0xcc}, {0xc4, 0xa3, 0xec},
        {0xc4, 0xaa, 0xce}, {0xc4, 0xab, 0xee}, {0xc4, 0xb6, 0xcd}, {0xc4, 0xb7, 0xed},
        {0xc4, 0xbb, 0xcf}, {0xc4, 0xbc, 0xef}, {0xc5, 0x85, 0xd2}, {0xc5, 0x86, 0xf2},
        {0xc5, 0xa0, 0xd0}, {0xc5, 0xa1, 0xf0}, {0xc5, 0xaa, 0xdb}, {0xc5, 0xab, 0xfb},
        {0xc5, 0xbd, 0xde}, {0xc5, 0xbe, 0xfe},
    };
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (letters[i].lead == lead && letters[i].trail == trail)
            return (char)letters[i].byte;
    return '?';
}

void out_text(struct out *out, const char *text, size_t size)
{
    if (!out->is_windows_1257) {
        out_bytes(out, text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];
        if ((uint8_t)text[i] >= 0xc0 && i + 1 < size) {
            byte = windows_1257_of((uint8_t)text[i], (uint8_t)text[i + 1]);
            i++;
        }
        out_bytes(out, &byte, 1);
    }
}

void out_string(struct out *out, const char *text)
{
    out_text(out, text, strlen(text));
}

void out_number(struct out *out, uint64_t value)
{
    char text[20];
    size_t width = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10)
        width++;
    digits_put(text, value, width);
    out_bytes(out, text, width);
}
