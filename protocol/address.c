#include "protocol/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#define HOST_SIZE      64
#define PORT_SIZE_MAX  5
#define LOOPBACK_FIRST 127 /* the first byte of IPv4's loopback addresses */

static bool parse_port(in_port_t *port, const char *text)
{
    uint32_t number = 0;
    size_t size = strlen(text);
    if (size == 0 || size > PORT_SIZE_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    *port = htons((uint16_t)number);
    return number <= UINT16_MAX;
}

static enum address_fault parse_v4(struct address *out, const char *host, in_port_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port};
    if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
        return ADDRESS_NOT_UNDERSTOOD;
    *out = (struct address){.size = sizeof(v4)};
    memcpy(&out->socket, &v4, sizeof(v4));
    return ntohl(v4.sin_addr.s_addr) >> 24 == LOOPBACK_FIRST ? ADDRESS_FINE : ADDRESS_ELSEWHERE;
}

static enum address_fault parse_v6(struct address *out, const char *host, in_port_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = port};
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
        return ADDRESS_NOT_UNDERSTOOD;
    *out = (struct address){.size = sizeof(v6)};
    memcpy(&out->socket, &v6, sizeof(v6));
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ? ADDRESS_FINE : ADDRESS_ELSEWHERE;
}

enum address_fault address_parse_tcp(struct address *out, const char *text)
{
    char host[HOST_SIZE];
    in_port_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) || !parse_port(&port, colon + 1))
        return ADDRESS_NOT_UNDERSTOOD;
    size_t size = (size_t)(colon - text);
    memcpy(host, text, size);
    host[size] = '\0';
    if (size <= 2 || host[0] != '[' || host[size - 1] != ']')
        return parse_v4(out, host, port);
    host[size - 1] = '\0';
    return parse_v6(out, host + 1, port);
}

bool address_of_path(struct address *out, const char *path)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof(place.sun_path))
        return false;
    memcpy(place.sun_path, path, size + 1);
    *out = (struct address){.size = sizeof(place)};
    memcpy(&out->socket, &place, sizeof(place));
    return true;
}

enum address_fault address_parse(struct address *out, const char *text)
{
    static const char unix_prefix[] = "unix:";
    size_t prefix_size = sizeof(unix_prefix) - 1;
    if (strncmp(text, unix_prefix, prefix_size) != 0)
        return address_parse_tcp(out, text);
    return address_of_path(out, text + prefix_size) ? ADDRESS_FINE : ADDRESS_NOT_UNDERSTOOD;
}
