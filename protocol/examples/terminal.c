/* A terminal: elig.h, libelig.a, a socket and nothing else of the project.
 *     cc -o terminal terminal.c libelig.a -lsodium
 *     echo 010100-00018 | ./terminal 192.0.2.1 7447 KEYS 4711 0 [use]
 * KEYS has server.pub, terminal and merchant, and server-next.pub if there is one; 4711 is the
 * terminal's number. Each personal code buys product 1 for 1.50 EUR: a CHECK, or a USE. */
#include <arpa/inet.h>
#include <elig.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 3000, ATTEMPTS = 6 };
static struct elig_session session; /* 17 KiB, and all that a session needs */
static struct sockaddr_in server = {.sin_family = AF_INET};
static int fd = -1; /* -1: no session */

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The last word of a key file is the key in hexadecimal. */
static int read_key(const char *name, uint8_t key[ELIG_KEY_SIZE])
{
    char line[256] = "";
    FILE *from = fopen(name, "r");
    if (from == NULL)
        return -1;
    const char *hex = fgets(line, sizeof(line), from) == NULL ? NULL : strrchr(line, ' ');
    fclose(from);
    if (hex == NULL || strlen(hex) <= 2 * ELIG_KEY_SIZE)
        return -1;
    for (int i = 0; i < ELIG_KEY_SIZE; i++)
        key[i] = (uint8_t)strtoul((char[]){hex[1 + 2 * i], hex[2 + 2 * i], 0}, NULL, 16);
    explicit_bzero(line, sizeof(line));
    return 0;
}

/* Greater than ever before, and on the disk before anybody sees it; 0, which no session takes. */
static uint64_t next_counter(void)
{
    uint64_t counter;
    int file = open("counter", O_RDWR | O_CREAT, 0600);
    if (pread(file, &counter, sizeof(counter), 0) != sizeof(counter))
        counter = clock_ms(CLOCK_REALTIME);
    counter++;
    int is_kept = pwrite(file, &counter, sizeof(counter), 0) == sizeof(counter) && fsync(file) == 0;
    close(file);
    return is_kept ? counter : 0;
}

/* Waits for what the server says next. One question at a time: nothing comes behind an answer. */
static int listen_to_server(struct elig_event *event)
{
    uint8_t piece[1024];
    do {
        struct pollfd watch = {.fd = fd, .events = POLLIN};
        ssize_t size = poll(&watch, 1, PATIENCE_MS) == 1 ? recv(fd, piece, sizeof(piece), 0) : -1;
        if (size <= 0 || elig_session_take(&session, piece, (size_t)size, event) != (size_t)size)
            return -1;
    } while (event->kind == ELIG_EVENT_NONE);
    return 0;
}

static int open_session(void)
{
    struct elig_session_fresh fresh = {.now_ms = clock_ms(CLOCK_MONOTONIC)};
    struct elig_event event = {.kind = ELIG_EVENT_NONE};
    uint8_t hello[ELIG_HELLO_SIZE];
    fresh.counter = next_counter();
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0 ||
        getrandom(fresh.random, sizeof(fresh.random), 0) != ELIG_KEY_SIZE ||
        elig_session_start(&session, &fresh, hello) != ELIG_FINE ||
        send(fd, hello, sizeof(hello), MSG_NOSIGNAL) != ELIG_HELLO_SIZE)
        return -1;
    if (listen_to_server(&event) != 0) /* not a word: it may have the next key by now */
        (void)elig_session_use_next_key(&session);
    poll(NULL, 0, (int)event.wait_ms); /* after BUSY; otherwise it is 0 */
    return event.kind == ELIG_EVENT_ACCEPTED ? 0 : -1;
}

/* One record there, one back. */
static int exchange(const struct elig_request *request, struct elig_response *response)
{
    uint8_t record[ELIG_RECORD_SIZE_MAX]; /* padding has its room, too */
    struct elig_event event = {.kind = ELIG_EVENT_NONE};
    size_t size;
    if ((fd < 0 && open_session() != 0) || elig_encode_request(record, request) != ELIG_FINE ||
        elig_session_put(&session, record, 1, record, sizeof(record), &size) != ELIG_FINE ||
        send(fd, record, size, MSG_NOSIGNAL) != (ssize_t)size || listen_to_server(&event) != 0 ||
        event.kind != ELIG_EVENT_FRAMES ||
        elig_decode_response(response, event.frames) != ELIG_FINE)
        return -1;
    return response->request_id != request->request_id || !elig_is_final(response);
}

/* Again under the same id: so it is done once. Who can lose power stores the request before. */
static int ask(const struct elig_request *request, struct elig_response *response)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt > 0 || elig_session_is_due(&session, clock_ms(CLOCK_MONOTONIC))) {
            close(fd);
            fd = -1;
            poll(NULL, 0, 50 << attempt);
        }
        if (exchange(request, response) == 0)
            return 0;
    }
    return -1;
}

int main(int argc, char *argv[])
{
    struct elig_session_settings settings = {.is_padded = 1, .firmware = 1};
    char line[64];
    if (argc < 6 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || chdir(argv[3]) != 0)
        return 2;
    server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    settings.terminal_id = (uint32_t)strtoul(argv[4], NULL, 10);
    settings.environment = (uint32_t)strtoul(argv[5], NULL, 10);
    read_key("server-next.pub", settings.server_public_next);
    if (read_key("server.pub", settings.server_public) != 0 ||
        read_key("terminal", settings.terminal_secret) != 0 ||
        read_key("merchant", settings.psk) != 0 || elig_session_open(&session, &settings) != 0)
        return 2;
    explicit_bzero(&settings, sizeof(settings));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct elig_response answer;
        struct elig_request request = {.means = ELIG_PERSONAL_CODE, .unit_price = 15000};
        request.product = request.quantity = 1;
        request.kind = argc > 6 ? ELIG_USE : ELIG_CHECK;
        line[strcspn(line, "\r\n")] = 0;
        if (getrandom(&request.request_id, sizeof(request.request_id), 0) > 0 &&
            elig_normalise(request.identifier, request.means, line) == 0 &&
            ask(&request, &answer) == 0 && answer.status != ELIG_NO_LEDGER)
            printf("%s: %.2f EUR\n", elig_status_name(answer.status), (double)answer.payable / 1e4);
        else
            puts("not known: full price");
    }
    elig_session_close(&session);
    return 0;
}
