#!/bin/sh
# Negative twins of sealed sessions: each is the product with one thing wrong that no honest conversation
# would show. A suite that passes with one of them has not looked.
set -u
# Whether a suite notices does not hang on compilers and sanitizers: once is enough.
[ "${BUILD:=build}" = build ] || { echo "twins are tried in the plain build"; exit 77; }
: "${CC:=gcc}"
cd "${ELIG_TOP:-.}" || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
flags="-std=c17 -D_GNU_SOURCE -O0 -w -pthread -I$work -I."

# Everything that a twin does not change is compiled once.
for source in protocol/noise protocol/record protocol/session protocol/frame protocol/means protocol/status \
    tests/support tests/test_noise tests/test_record tests/test_session; do
    mkdir -p "$work/${source%/*}"
    # shellcheck disable=SC2086 # flags are words
    "$CC" $flags -c -o "$work/$source.o" "$source.c" || exit 3
done

# suite NAME [TWIN'S OBJECT]: links the suite with the twin in the place of the module, and runs it.
suite() {
    objects="$work/protocol/frame.o $work/protocol/means.o $work/protocol/status.o $work/tests/support.o"
    for module in noise record session; do
        if [ -e "$work/twin/$module.o" ]; then objects="$objects $work/twin/$module.o"; else objects="$objects $work/protocol/$module.o"; fi
    done
    # shellcheck disable=SC2086
    "$CC" -pthread -o "$work/suite" "$work/tests/test_$1.o" $objects -lcheck_pic -lsubunit -lsodium -lm -lrt || exit 3
    ELIG_TOP=$PWD TMPDIR=$work CK_VERBOSITY=silent "$work/suite" >/dev/null 2>&1
}

# twin "what is wrong" MODULE SUITE SED-EXPRESSION
twin() {
    rm -rf "$work/twin"
    mkdir "$work/twin"
    sed "$4" "protocol/$2.c" >"$work/twin/$2.c"
    # shellcheck disable=SC2086
    if cmp -s "protocol/$2.c" "$work/twin/$2.c"; then
        failed=$((failed + 1)) && echo "$1: nothing was changed in $2.c"
    elif ! "$CC" $flags -c -o "$work/twin/$2.o" "$work/twin/$2.c"; then
        failed=$((failed + 1)) && echo "$1: does not compile"
    elif suite "$3"; then
        failed=$((failed + 1)) && echo "$1: test_$3 does not notice"
    else
        passed=$((passed + 1))
    fi
}

for name in noise record session; do
    rm -rf "$work/twin"
    if suite $name; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "test_$name fails without a twin"; fi
done

twin "a nonce is used twice" noise noise '/^void noise_seal/,/^}/s/cipher->counter++;//'
twin "a failed open moves the counter" noise noise '/^bool noise_open/,/^}/s/make_nonce(nonce, cipher->counter);/make_nonce(nonce, cipher->counter++);/'
twin "seals do not look at the header" noise noise 's/header, header_size,/NULL, 0,/'
twin "points of low order are taken" noise noise 's/crypto_scalarmult(shared, own->secret_key, remote) == 0/crypto_scalarmult(shared, own->secret_key, remote) != 1/'
twin "the psk is not mixed in" noise noise 's/^    mix_key_and_hash(hs, .*psk);//'
twin "ephemeral keys are mixed once" noise noise '/^static void mix_ephemeral/,/^}/s/mix_key(hs, key);//'
twin "both directions have one key" noise noise 's/take_key(is_initiator ? receive : send, second);/take_key(is_initiator ? receive : send, hs->chaining_key);/'
twin "a refused handshake is not wiped" noise noise '/^static bool refuse/,/^}/s/sodium_memzero.*;//'
twin "a split handshake is not wiped" noise noise '/^void noise_split/,/^}/s/sodium_memzero(hs, .*;//'
twin "mac1 is not looked at" record record 's/return sodium_memcmp(record + HEADER_SIZE + HELLO_MAC1, mac1, MAC1_SIZE) == 0;/return true;/'
twin "mac1 leaves out what is before it" record record 's/crypto_generichash_update(&state, record, before);//'
twin "the key id is not looked at" record record 's/sodium_memcmp(record + HEADER_SIZE + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE) != 0/false/'
twin "the environment is not bound" record record 's/store_u64(at + KEY_NAME_SIZE, environment);/store_u64(at + KEY_NAME_SIZE, 0 * environment);/'
twin "the version is not looked at" record record 's/if (header\[HEADER_VERSION\] != RECORD_VERSION)/if (false)/'
twin "reserved flags are taken" record record 's/ && (accept->flags & ~ACCEPT_DRAINING) == 0//'
twin "records go on after the last" record record 's/receive->counter >= SESSION_RECORDS_MAX/false/'
twin "frames stand behind padding" record record '/^size_t frames_before_pads/,/^}/s/bytes_are_zero(frames + FRAME_SIZE \* count, FRAME_SIZE \* (frame_count - count))/true/'
twin "keys outlive their session" session session '/^static void forget/,/^}/s/noise_wipe(&s->send, .*;//'
twin "answers to nothing are taken" session session 's/ || frame_count > s->in_flight)/)/'
twin "a record comes at any time" session session 's/return header->type == RECORD_DATA;/return true;/'
twin "the server's limit in flight is passed" session session 's/if (s->in_flight + sealed_count > s->terms.in_flight_max)/if (false)/'
twin "the next key is never used" session session 's/s->server_index = 1 - s->server_index;//'
twin "padding keeps old bytes" session session 's/memset(sealed + FRAME_SIZE \* frame_count, 0, .*;//'

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
