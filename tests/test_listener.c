/* Where the engine listens, and that it takes nobody else's place. */
#include "engine/config.h"
#include "engine/listener.h"
#include "tests/support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    const char *text;
    uint16_t port;
} good_addresses[] = {
    {"127.0.0.1:7447", 7447}, {"127.0.0.1:0", 0},     {"127.255.255.254:65535", 65535},
    {"[::1]:7447", 7447},     {"127.0.0.2:00001", 1},
};

START_TEST(loopback_addresses_are_taken)
{
    struct address address;
    struct fault fault;
    ck_assert_msg(listener_parse_plain(&address, good_addresses[_i].text, &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(listener_port(&address), good_addresses[_i].port);
}
END_TEST

static const char *const bad_addresses[] = {
    "0.0.0.0:7447",
    "10.0.0.1:7447",
    "128.0.0.1:7447",
    "[::]:7447",
    "[2001:db8::1]:7447",
    "[::ffff:127.0.0.1]:7447",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1:7447x",
    "::1:7447",
    "[::1:7447",
    "localhost:7447",
    "127.0.0.1.5:1",
    "",
    ":",
    ":7447",
    "127.0.0.1:123456",
    "1111111111111111111111111111111111111111111111111111111111111111111111:1",
};

START_TEST(everything_else_is_refused_with_a_sentence)
{
    struct address address;
    struct fault fault = {""};
    ck_assert(!listener_parse_plain(&address, bad_addresses[_i], &fault));
    ck_assert(fault.text[0] != '\0');
}
END_TEST

START_TEST(an_address_that_others_reach_is_refused_for_what_it_is)
{
    struct address address;
    struct fault fault = {""};
    ck_assert(!listener_parse_plain(&address, "192.168.1.5:7447", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "loopback"));
    ck_assert_ptr_nonnull(strstr(fault.text, "plain"));
}
END_TEST

START_TEST(port_zero_becomes_a_port_that_others_share)
{
    struct address address;
    struct fault fault;
    int first, second;
    ck_assert(listener_parse_plain(&address, "127.0.0.1:0", &fault));
    ck_assert(listener_open_tcp(&first, &address, 20000, &fault));
    uint16_t port = listener_port(&address);
    ck_assert_uint_gt(port, 0);
    ck_assert(listener_open_tcp(&second, &address, 20000, &fault));
    ck_assert_uint_eq(listener_port(&address), port);

    /* What is set on it holds for its connections. */
    int client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&address.socket, address.size), 0);
    int fd = accept(first, NULL, NULL);
    fd = fd >= 0 ? fd : accept(second, NULL, NULL);
    ck_assert_int_ge(fd, 0);
    static const struct {
        int option, want;
    } options[] = {{TCP_USER_TIMEOUT, 20000}, {TCP_NOTSENT_LOWAT, LISTENER_UNSENT_SIZE}};
    for (size_t i = 0; i < 2; i++) {
        int value = 0;
        socklen_t size = sizeof(value);
        ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, options[i].option, &value, &size), 0);
        ck_assert_int_eq(value, options[i].want);
    }
    int is_set = 0;
    socklen_t size = sizeof(is_set);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &is_set, &size), 0);
    ck_assert_int_ne(is_set, 0);
    close(fd);
    close(client);
    close(first);
    close(second);
}
END_TEST

static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

static void name_path(void)
{
    snprintf(path, sizeof(path), "%s/socket", support_directory());
    unlink(path);
}

static bool can_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, sizeof(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool can = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return can;
}

START_TEST(a_unix_socket_is_for_owner_and_group)
{
    struct listener_file file;
    struct fault fault;
    struct stat status;
    int fd;
    ck_assert_msg(listener_open_unix(&fd, &file, path, &fault), "%s", fault.text);
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    ck_assert_uint_eq(status.st_mode & 07777, 0660);
    ck_assert(can_connect());
    listener_remove(&file);
    ck_assert_int_ne(lstat(path, &status), 0);
    close(fd);
}
END_TEST

START_TEST(a_dead_servers_file_is_replaced)
{
    struct listener_file dead, file;
    struct fault fault;
    int fd;
    ck_assert(listener_open_unix(&fd, &dead, path, &fault));
    close(fd);
    ck_assert(!can_connect());
    ck_assert_msg(listener_open_unix(&fd, &file, path, &fault), "%s", fault.text);
    ck_assert(can_connect());

    /* And the dead one, should it wake, would not remove what is not its own. */
    listener_remove(&dead);
    ck_assert(can_connect());
    listener_remove(&file);
    close(fd);
}
END_TEST

START_TEST(a_server_that_lives_is_left_alone)
{
    struct listener_file file, other;
    struct fault fault = {""};
    int fd, second;
    ck_assert(listener_open_unix(&fd, &file, path, &fault));
    ck_assert(!listener_open_unix(&second, &other, path, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another server"));
    ck_assert(can_connect());
    listener_remove(&file);
    close(fd);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
    struct listener_file file;
    struct fault fault = {""};
    struct stat status;
    int fd;
    support_write_file(path, "precious", 8, 0644);
    ck_assert(!listener_open_unix(&fd, &file, path, &fault));
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert(S_ISREG(status.st_mode) && status.st_size == 8);
}
END_TEST

START_TEST(a_path_that_is_too_long_or_empty_is_refused)
{
    char longest[200];
    struct address address;
    struct fault fault = {""};
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ck_assert(!listener_parse_unix(&address, longest, &fault));
    ck_assert(!listener_parse_unix(&address, "", &fault));
    longest[90] = '\0';
    ck_assert(listener_parse_unix(&address, longest, &fault));
}
END_TEST

START_TEST(the_port_file_holds_the_port)
{
    struct fault fault;
    char text[16] = "";
    ck_assert_msg(listener_write_port(path, 7447, &fault), "%s", fault.text);
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), from));
    fclose(from);
    ck_assert_str_eq(text, "7447\n");
    ck_assert(!listener_write_port("/nowhere/at/all", 1, &fault));
}
END_TEST

static const struct {
    struct config config;
    const char *want; /* in the sentence; NULL: good */
} configs[] = {
    {{.listen_plain = "127.0.0.1:0", .profile = "till"}, NULL},
    {{.unix_path = "/run/eligd.sock", .profile = "gate"}, NULL},
    {{.listen_plain = "[::1]:1",
      .unix_path = "/run/eligd.sock",
      .port_file_plain = "/run/port",
      .profile = "inspector"},
     NULL},
    {{.listen = NULL, .profile = "till"}, "nowhere to listen"},
    {{.listen_plain = "0.0.0.0:1", .profile = "till"}, "--listen-plain"},
    {{.unix_path = "", .profile = "till"}, "--unix"},
    {{.unix_path = "/run/eligd.sock", .port_file = "/run/port", .profile = "till"}, "--port-file"},
    {{.unix_path = "/run/eligd.sock", .port_file_plain = "/run/port", .profile = "till"},
     "--port-file-plain"},
    {{.listen = "0.0.0.0:1", .profile = "till"}, "--server-key"},
    {{.listen = "0.0.0.0:1", .server_key = "k", .profile = "till"}, "--merchant-keys"},
    {{.listen = "0.0.0.0:1", .server_key = "k", .merchant_keys = "m", .profile = "till"}, NULL},
    {{.listen = "x", .server_key = "k", .merchant_keys = "m", .profile = "till"}, "--listen"},
    {{.unix_path = "/u", .server_key = "k", .profile = "till"}, "--server-key"},
    {{.unix_path = "/u", .state = "s", .profile = "till"}, "--state"},
    {{.listen = "0.0.0.0:1",
      .server_key = "k",
      .merchant_keys = "m",
      .revocations = "r",
      .profile = "till"},
     "--revoker-public"},
    {{.listen_plain = "127.0.0.1:0", .profile = "inspektor"}, "inspector"},
};

static const struct {
    const char *key, *keys;
    const char *want;
} key_configs[] = {
    {"key", NULL, NULL},
    {NULL, "keys", NULL},
    {"key", "keys", "both kinds of identity key"},
    {NULL, NULL, "no identity key: give --identity-keys DIR"},
};

START_TEST(settings_must_go_together)
{
    struct fault fault = {""};
    struct config config = configs[_i].config;
    config.identity_keys = "keys";
    bool is_good = config_check(&config, &fault);
    ck_assert(is_good == (configs[_i].want == NULL));
    ck_assert(is_good || strstr(fault.text, configs[_i].want) != NULL);
}
END_TEST

START_TEST(one_kind_of_identity_key_is_named)
{
    struct fault fault = {""};
    struct config config = {.unix_path = "/run/eligd.sock",
                            .profile = "till",
                            .identity_key = key_configs[_i].key,
                            .identity_keys = key_configs[_i].keys};
    bool is_good = config_check(&config, &fault);
    ck_assert(is_good == (key_configs[_i].want == NULL));
    ck_assert(is_good || strstr(fault.text, key_configs[_i].want) != NULL);
}
END_TEST

START_TEST(every_option_has_an_initial_value_in_its_range)
{
    struct config config;
    options_initial(&config_table, &config);
    ck_assert_uint_eq(config.loops, 1);
    ck_assert_uint_eq(config.environment, 0);
    for (size_t i = 0; i < config_table.row_count; i++) {
        const struct option_row *row = &config_table.rows[i];
        if (row->type != OPTION_NUMBER)
            continue;
        uint64_t value;
        memcpy(&value, (const char *)&config + row->offset, sizeof(value));
        ck_assert_msg(value >= row->least && value <= row->most, "--%s", row->name);
    }
}
END_TEST

/* Pairs of addresses, and whether one machine may have both. */
static const struct {
    const char *one, *another;
    bool is_one_source;
} neighbours[] = {
    {"192.0.2.1:1", "192.0.2.1:2", true},
    {"192.0.2.1:1", "192.0.2.2:1", false},
    {"192.0.2.1:1", "193.0.2.1:1", false},
    {"0.0.0.1:1", "[::1]:1", false},
    {"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true},
    {"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false},
    {"[2001:db8::1]:1", "[2001:db8::ffff:ffff:ffff:ffff]:1", true},
    {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
    {"[2001:db8::1]:1", "[2001:db9::1]:1", false},
    {"[2001:db8::1]:1", "[3001:db8::1]:1", false},
};

static uint64_t source_of(const char *text)
{
    struct address address;
    struct fault fault;
    ck_assert_msg(listener_parse_sealed(&address, text, &fault), "%s", text);
    return listener_source(&address.socket);
}

START_TEST(a_source_is_an_ipv4_address_or_the_first_half_of_an_ipv6_one)
{
    uint64_t one = source_of(neighbours[_i].one), another = source_of(neighbours[_i].another);
    ck_assert_msg((one == another) == neighbours[_i].is_one_source, "%s, %s", neighbours[_i].one,
                  neighbours[_i].another);
    struct sockaddr_storage local = {.ss_family = AF_UNIX};
    ck_assert_uint_eq(listener_source(&local), 0);
    ck_assert_uint_ne(source_of("0.0.0.0:1"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener");
    TCase *tcase = tcase_create("listener");
    tcase_add_checked_fixture(tcase, name_path, NULL);
    tcase_add_loop_test(tcase, loopback_addresses_are_taken, 0,
                        sizeof(good_addresses) / sizeof(good_addresses[0]));
    tcase_add_loop_test(tcase, everything_else_is_refused_with_a_sentence, 0,
                        sizeof(bad_addresses) / sizeof(bad_addresses[0]));
    tcase_add_test(tcase, an_address_that_others_reach_is_refused_for_what_it_is);
    tcase_add_loop_test(tcase, a_source_is_an_ipv4_address_or_the_first_half_of_an_ipv6_one, 0,
                        sizeof(neighbours) / sizeof(neighbours[0]));
    tcase_add_test(tcase, port_zero_becomes_a_port_that_others_share);
    tcase_add_test(tcase, a_unix_socket_is_for_owner_and_group);
    tcase_add_test(tcase, a_dead_servers_file_is_replaced);
    tcase_add_test(tcase, a_server_that_lives_is_left_alone);
    tcase_add_test(tcase, a_file_that_is_no_socket_is_left_alone);
    tcase_add_test(tcase, a_path_that_is_too_long_or_empty_is_refused);
    tcase_add_test(tcase, the_port_file_holds_the_port);
    tcase_add_loop_test(tcase, settings_must_go_together, 0, sizeof(configs) / sizeof(configs[0]));
    tcase_add_loop_test(tcase, one_kind_of_identity_key_is_named, 0,
                        sizeof(key_configs) / sizeof(key_configs[0]));
    tcase_add_test(tcase, every_option_has_an_initial_value_in_its_range);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
