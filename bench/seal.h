/* One connection's sealed session, for the driver: frames that are added go out as records, records
 * that come in are frames again. */
#ifndef BENCH_SEAL_H
#define BENCH_SEAL_H

#include "bench/driver.h"

#define SEAL_FRAMES_MAX DRIVER_DEPTH_MAX

struct seal {
    struct elig_session session;
    uint32_t frames_max, waiting_count;
    uint8_t waiting[SEAL_FRAMES_MAX * ELIG_FRAME_SIZE]; /* frames that are not sealed yet */
    uint8_t bytes[ELIG_RECORD_SIZE_MAX];                /* as they came in */
};

/* A session of terminal `index` that has not said HELLO yet, and what it says. */
MUST_USE bool seal_prepare(struct elig_session *session, const struct sealing *sealing,
                           uint32_t index, uint8_t hello[static ELIG_HELLO_SIZE],
                           struct fault *fault);

/* Says HELLO on a connected, blocking socket and waits for ACCEPT. */
MUST_USE bool seal_open(struct seal *seal, int fd, const struct sealing *sealing, uint32_t index,
                        struct fault *fault);

bool seal_has_room(const struct seal *seal);
void seal_add(struct seal *seal, const uint8_t frame[static ELIG_FRAME_SIZE], uint64_t id);

/* Seals what waits into `out`, which has room for it; returns the size. */
size_t seal_put(struct seal *seal, uint8_t *out);

/* Opens `size` of seal->bytes into `frames`; false when the session is over. */
MUST_USE bool seal_take(struct seal *seal, size_t size, uint8_t *frames, size_t room,
                        size_t *frames_size);

#endif
