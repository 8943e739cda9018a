/* A stream of bytes that is cut anywhere gets the same answers as uncut, and then its end. The
 * first eight bytes of the input choose the cuts. */
#include "engine/conn.h"
#include "tests/scene.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_MAX = 64 * FRAME_SIZE, TURNS_MAX = 10000 };

static struct scene scene;
static struct ev_loop *ev;
static struct conns *conns;
static _Atomic uint32_t connection_count;

static void expect(bool is_so)
{
    if (!is_so)
        abort();
}

static void open_once(void)
{
    struct fault fault;
    if (conns != NULL)
        return;
    scene_open(&scene);
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    struct conns_settings settings = {
        .connection_count_max = 4,
        .connection_count = &connection_count,
        .idle_ms = 3600000,
        .frame_ms = 3600000,
        .write_ms = 3600000,
        .ev = ev,
        .answerer = &scene.answerer,
        .metrics = &scene.metrics,
    };
    expect(conns_open(&conns, &settings, &fault));
    conns_use(conns, scene.edition);
}

/* Sends the stream in pieces of at most `piece_max` bytes, then ends it; what came back. */
static size_t converse(uint8_t *answers, const uint8_t *stream, size_t size, size_t piece_max,
                       uint64_t seed)
{
    int pair[2];
    size_t have = 0;
    size_t sent = 0;
    expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    expect(conns_admit(conns, pair[1]));
    conns_add(conns, pair[1], PROFILE_TILL);
    bool is_ended = false;
    for (int i = 0; i < TURNS_MAX; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t piece = 1 + (size_t)(seed >> 33) % piece_max;
        if (piece > size - sent)
            piece = size - sent;
        if (piece > 0) {
            ssize_t now = send(pair[0], stream + sent, piece, MSG_NOSIGNAL);
            sent += now > 0 ? (size_t)now : 0;
            if (now < 0)
                sent = size; /* the other side has closed: it said that it would */
        } else if (!is_ended) {
            shutdown(pair[0], SHUT_WR);
            is_ended = true;
        }
        ev_run(ev, EVRUN_NOWAIT);
        ssize_t got = recv(pair[0], answers + have, STREAM_MAX + 1 - have, 0);
        have += got > 0 ? (size_t)got : 0;
        if (got == 0)
            break;
    }
    close(pair[0]);
    for (int i = 0; i < TURNS_MAX && conns_count(conns) > 0; i++)
        ev_run(ev, EVRUN_NOWAIT);
    expect(conns_count(conns) == 0);
    return have;
}

/* What differs from one time to the next: the clock, and a report's numbers. */
static void forget_time(uint8_t *answers, size_t size)
{
    for (size_t i = 0; i + FRAME_SIZE <= size; i += FRAME_SIZE) {
        uint8_t *answer = answers + i;
        memset(answer + RESPONSE_SERVER_TIME, 0, 4);
        if (answer[RESPONSE_KIND] == KIND_STATUS && load_u16(answer + RESPONSE_STATUS) == STATUS_OK)
            memset(answer + REPORT_CHECK_COUNT, 0, RESPONSE_END - REPORT_CHECK_COUNT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t uncut[STREAM_MAX + 1], cut[STREAM_MAX + 1];
    open_once();
    if (size < 8)
        return 0;
    uint64_t seed = load_u64(data);
    data += 8;
    size = size - 8 < STREAM_MAX ? size - 8 : STREAM_MAX;
    /* So that more than the first frame is understood. */
    static uint8_t stream[STREAM_MAX];
    memcpy(stream, data, size);
    for (size_t i = 0; i < size && seed % 4 != 0; i += FRAME_SIZE)
        stream[i] = FRAME_VERSION;

    size_t uncut_size = converse(uncut, stream, size, STREAM_MAX, 1);
    size_t cut_size = converse(cut, stream, size, 1 + (size_t)(seed % 150), seed);
    expect(uncut_size == cut_size && uncut_size % FRAME_SIZE == 0);
    expect(seed % 4 == 0 || uncut_size == size / FRAME_SIZE * FRAME_SIZE);
    forget_time(uncut, uncut_size);
    forget_time(cut, cut_size);
    expect(memcmp(uncut, cut, uncut_size) == 0);
    return 0;
}
