#!/bin/sh
# libelig as its users get it: the names it exports, its soname, its header in C and C++, and a program
# built with nothing but what is installed.
set -u
: "${ELIG_BIN:=build/bin}" "${CC:=gcc}"
lib=$ELIG_BIN/../lib
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

cat >"$work/wanted" <<'END'
elig_about
elig_ask
elig_ask_many
elig_ask_status
elig_cause_text
elig_close
elig_connect
elig_decode_report
elig_decode_request
elig_decode_response
elig_encode_request
elig_error_text
elig_is_final
elig_normalise
elig_open_sealed
elig_session_cause
elig_session_close
elig_session_in_flight
elig_session_is_due
elig_session_open
elig_session_put
elig_session_record_size
elig_session_start
elig_session_state
elig_session_take
elig_session_use_next_key
elig_status_name
elig_status_text
elig_transact
elig_trouble
elig_wait_ms
END
names() { sed -n 's/^[0-9a-f]* [TDBRVW] \([a-z_0-9]*\).*/\1/p' | sort; }

# The shared library promises these names for as long as its soname is libelig.so.1.
nm -D --defined-only "$lib/libelig.so.1" | names >"$work/shared"
if diff "$work/wanted" "$work/shared"; then good; else bad "libelig.so.1 exports other names"; fi
nm --defined-only "$lib/libelig.a" | names >"$work/static"
if diff "$work/wanted" "$work/static"; then good; else bad "libelig.a shows other names"; fi
# Every function of the header is among them, and no other.
sed -n 's/^[a-z].*[ *]\(elig_[a-z_]*\)(.*/\1/p' protocol/elig.h | sort >"$work/declared"
if diff "$work/wanted" "$work/declared"; then good; else bad "elig.h declares other functions"; fi
if readelf -d "$lib/libelig.so.1" | grep -q 'SONAME.*\[libelig\.so\.1\]'; then good; else bad "another soname"; fi
needs=$(readelf -d "$lib/libelig.so.1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v -e '^libc\.' -e '^libsodium\.' -e 'asan' -e 'ubsan' -e 'tsan')
if [ -z "$needs" ]; then good; else bad "libelig.so.1 needs $needs"; fi

# A place as after `make install`.
mkdir -p "$work/include" "$work/lib"
cp protocol/elig.h "$work/include/"
cp -P "$lib/libelig.so.1" "$lib/libelig.so" "$lib/libelig.a" "$work/lib/"
sed "s|^prefix=.*|prefix=$work|" "$lib/pkgconfig/elig.pc" >"$work/lib/elig.pc"
if grep -q '@' "$work/lib/elig.pc"; then bad "elig.pc has holes"; else good; fi

cat >"$work/till.c" <<'END'
#include <elig.h>
#include <stdio.h>
#include <string.h>

static struct elig_session session;

/* A session as far as it gets without a server. */
static int open_session(void)
{
    struct elig_session_settings settings;
    struct elig_session_fresh fresh;
    uint8_t hello[ELIG_HELLO_SIZE];
    memset(&settings, 9, sizeof(settings)); /* 9 is the base point: as good a key as any */
    memset(settings.server_public + 1, 0, ELIG_KEY_SIZE - 1);
    settings.environment = 0x74736574;
    settings.is_padded = 1;
    memset(&fresh, 7, sizeof(fresh));
    if (elig_session_open(&session, &settings) != ELIG_FINE ||
        elig_session_start(&session, &fresh, hello) != ELIG_FINE || hello[0] != 1)
        return 1;
    elig_session_close(&session);
    return elig_session_state(&session);
}

int main(void)
{
    struct elig_request request;
    struct elig *elig = NULL;
    uint8_t frame[ELIG_FRAME_SIZE];
    memset(&request, 0, sizeof(request));
    request.kind = ELIG_CHECK;
    request.means = ELIG_PERSONAL_CODE;
    request.quantity = 1;
    request.product = 1001;
    request.unit_price = 15000;
    request.request_id = 1;
    if (elig_normalise(request.identifier, request.means, "pnolv-010100-00018") != ELIG_FINE ||
        strcmp(request.identifier, "01010000018") != 0)
        return 1;
    if (elig_encode_request(frame, &request) != ELIG_FINE || frame[0] != 1 || frame[16] != '0')
        return 2;
    if (elig_connect(&elig, "unix:/no/such/socket", 100) != ELIG_NO_CONNECTION)
        return 3;
    elig_close(elig);
    if (open_session() != 0)
        return 4;
    puts(elig_status_name(ELIG_APPLIES));
    return 0;
}
END

# expect_till WHAT PROGRAM: it runs and says APPLIES.
expect_till() {
    if [ "$(LD_LIBRARY_PATH=$work/lib "$2")" = APPLIES ]; then good; else bad "$1: the program fails"; fi
}

flags() { # of the .pc file, without pkg-config, which a bare system does not have
    sed -n "s|^$1: *||p" "$work/lib/elig.pc" | sed "s|\${libdir}|$work/lib|; s|\${includedir}|$work/include|"
}
sanitizers=
nm -D "$lib/libelig.so.1" | grep -q __asan_ && sanitizers=address
nm -D "$lib/libelig.so.1" | grep -q __ubsan_ && sanitizers=${sanitizers:+$sanitizers,}undefined
nm -D "$lib/libelig.so.1" | grep -q __tsan_ && sanitizers=thread
[ -z "$sanitizers" ] || sanitizers=-fsanitize=$sanitizers

# shellcheck disable=SC2046,SC2086 # flags are words
if "$CC" -std=c99 -pedantic -Wall -Wextra -Werror $sanitizers $(flags Cflags) -o "$work/shared-till" \
    "$work/till.c" $(flags Libs); then
    expect_till "shared" "$work/shared-till"
else
    bad "does not build against the shared library"
fi
# shellcheck disable=SC2046,SC2086
if "$CC" -std=c99 -pedantic -Wall -Wextra -Werror $sanitizers $(flags Cflags) -o "$work/static-till" \
    "$work/till.c" "$work/lib/libelig.a" $(flags Libs.private); then
    expect_till "static" "$work/static-till"
else
    bad "does not build against the static library"
fi
if command -v g++ >/dev/null; then
    cp "$work/till.c" "$work/till.cc"
    # shellcheck disable=SC2046,SC2086
    if g++ -std=c++98 -Wall -Wextra -Werror $sanitizers $(flags Cflags) -o "$work/cc-till" "$work/till.cc" \
        $(flags Libs); then
        expect_till "C++" "$work/cc-till"
    else
        bad "elig.h does not compile as C++"
    fi
else
    echo "skipped: no g++ here to compile elig.h as C++"
fi
if command -v pkg-config >/dev/null; then
    version=$(PKG_CONFIG_PATH=$work/lib pkg-config --modversion elig)
    if [ "$version" = "$(sed -n 's/.*ELIG_VERSION "\(.*\)"/\1/p' protocol/options.h)" ]; then good; else bad "elig.pc says version $version"; fi
else
    echo "skipped: no pkg-config here to read elig.pc"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
