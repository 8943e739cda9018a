/* A catalogue, keys and terminals in files, and the real server that serves them: one at a time,
 * for suites that look at a server from outside. What must not fail aborts the test. */
#ifndef TESTS_MARKET_H
#define TESTS_MARKET_H

#include "tests/booth.h"
#include "tests/eligd.h"
#include "tests/fixture.h"

#define MARKET_CODE     "32000000001" /* half price for MARKET_PRODUCT */
#define MARKET_STRANGER "32999999999"
#define MARKET_PRODUCT  987654321
#define MARKET_RELIEF   1280263934
#define MARKET_POINT    101
#define MARKET_PRICE    15000
#define MARKET_RATION   3   /* people a minute, of MARKET_RATIONED */
#define MARKET_CROWD    200 /* terminals, numbers from MARKET_FIRST on */
enum { MARKET_TILL = 7, MARKET_OTHER, MARKET_RATIONED, MARKET_FIRST = 1000 };

struct market {
    struct fixture *fixture;
    uint8_t server_public[NOISE_KEY_SIZE], psk[NOISE_KEY_SIZE];
    uint64_t counter; /* of HELLOs */
    uint16_t port;
    char log[512], port_file[512], server_key[512], merchants[512], state[512];
};
extern struct market market;

void market_open(void);
void market_close(void);

/* Options that are added, ended by NULL; `port` 0: any. */
void market_start(uint16_t port, const char *const extra[]);
#define MARKET_START(...) market_start(0, (const char *const[]){__VA_ARGS__, NULL})

/* The keys of a terminal: the number alone says which. */
struct noise_keys market_keys(uint32_t number);
void market_booth(struct booth *booth, uint32_t number);

/* A question about MARKET_PRODUCT, and what is to come of it. */
void market_frame(uint8_t frame[static FRAME_SIZE], const char *code, uint64_t id);
bool market_is_answer(const uint8_t frame[static FRAME_SIZE], const char *code, uint64_t id);

/* `frame_count` questions in one record, answered rightly. */
void market_ask(struct booth *booth, size_t frame_count, uint64_t first_id);

#endif
