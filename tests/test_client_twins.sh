#!/bin/sh
# Negative twins of the sealed client: each is the product with one thing wrong that no honest
# conversation would show. A suite that passes with one of them has not looked.
set -u
# Whether a suite notices does not hang on compilers and sanitizers: once is enough.
[ "${BUILD:=build}" = build ] || { echo "twins are tried in the plain build"; exit 77; }
: "${CC:=gcc}"
cd "${ELIG_TOP:-.}" || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
flags="-std=c17 -D_GNU_SOURCE -O0 -w -pthread -I."
modules="address client counter fault frame means noise record replace sealed_client session status wire"

for module in $modules; do
    # shellcheck disable=SC2086 # flags are words
    "$CC" $flags -c -o "$work/$module.o" "protocol/$module.c" || exit 3
done
for source in support sealed_server test_sealed_client test_counter; do
    # shellcheck disable=SC2086
    "$CC" $flags -c -o "$work/$source.o" "tests/$source.c" || exit 3
done

# build FOLDER SUITE: links it with the twin of the folder, if there is one, in the place of the module.
build() {
    objects="$work/support.o $work/sealed_server.o $work/$2.o"
    for module in $modules; do
        if [ -e "$1/$module.o" ]; then objects="$objects $1/$module.o"; else objects="$objects $work/$module.o"; fi
    done
    # shellcheck disable=SC2086
    "$CC" -pthread -o "$1/suite" $objects -lcheck_pic -lsubunit -lsodium -lm -lrt
}

# They wait more than they work: all at once, and no longer than a suite that finds nothing wrong would
# take. What went wrong is left in the folder's file "wrong".
TWIN_S=20
count=0
twin() { # "what is wrong" MODULE SUITE CASE SED-EXPRESSION
    count=$((count + 1))
    folder=$work/twin$count
    mkdir "$folder"
    sed "$5" "protocol/$2.c" >"$folder/$2.c"
    if cmp -s "protocol/$2.c" "$folder/$2.c"; then
        echo "$1: nothing was changed in $2.c" >"$folder/wrong"
        return
    fi
    # shellcheck disable=SC2086
    if ! "$CC" $flags -c -o "$folder/$2.o" "$folder/$2.c" || ! build "$folder" "$3"; then
        echo "$1: does not compile" >"$folder/wrong"
        return
    fi
    (
        ELIG_TOP=$PWD CK_RUN_CASE=$4 CK_TIMEOUT_MULTIPLIER=1 CK_VERBOSITY=silent timeout $TWIN_S "$folder/suite" \
            >/dev/null 2>&1 &&
            echo "$1: $3 does not notice" >"$folder/wrong"
    ) &
}

client() { twin "$1" sealed_client test_sealed_client "$2" "$3"; }
client "what was not answered is not asked again" once 's/client->sealed = batch->answered;$/client->sealed = client->sealed;/'
client "everything is asked again after a cut" once '/^static int have_session/,/^}/s/client->sealed = batch->answered;/client->sealed = batch->answered = 0;/'
client "answers are not compared with their questions" always 's/frame_request_id(frame) != request->request_id/false/'
client "an answer that makes no sense is taken" always 's/!batch->take(batch->context, batch->answered, frame)/!batch->take(batch->context, batch->answered, frame) \&\& false/'
client "a record with answers missing is taken" once 's/client->record_frames\[client->records_first\] != event->frame_count/false/'
client "a server that stops has answered" once 's/if (is_sent_away(request, frame))/if (false)/'
client "a server that stops has answered about a transaction" sales 's/(request->kind == KIND_STATUS && request->target_id == 0)/request->kind == KIND_STATUS/'
client "a connection with answers under way is kept" always '/hang_up(client); \/\* answers may/s/hang_up(client);//'
client "a busy server is not left alone" busy 's/client->resume_ms = wire_clock_ms() + event->wait_ms;//'
client "a wait beyond the timeout is waited for" busy 's/if (client->resume_ms >= deadline_ms)/if (false)/'
client "the next key is never tried" keys 's/!client->has_spoken && elig_session_use_next_key(&client->session) == ELIG_FINE/false/'
client "a server that refuses is asked for ever" always 's/if (client->refusals < REFUSALS_MAX)/if (true)/'
client "sessions are used beyond their end" limits 's/elig_session_is_due(&client->session, (uint64_t)now_ms)/false/; s/elig_session_is_due(&client->session, (uint64_t)wire_clock_ms())/false/'
client "a new session begins with answers under way" limits 's/return client->records_under_way == 0 && client->out_size == 0 &&/return/'
client "silence is not counted" limits 's/now_ms - client->heard_ms >= .*;$/false);/'
client "batches are not padded into the limit in flight" well 's/return in_flight + frames <= client->terms.in_flight_max ? count : 0;/return count;/'
client "one request a record" well 's/size_t count = left < client->terms.frames_max ? left : client->terms.frames_max;/size_t count = left != 0;/'
client "a counter is used before it is stored" counters 's/if (counter->store(counter->context, last + 1) != 0)/if (false)/'
client "a counter is used that could not be stored" counters 's/return in_trouble(client, ELIG_NO_COUNTER, "the counter cannot be stored");/;/'
client "counters are taken without a connection" away '/^static int shake_hands/,/^}/s/int error = wire_connect(/uint64_t wasted; next_counter(client, \&wasted); int error = wire_connect(/'
sales() { twin "$1" client test_sealed_client sales "$2"; }
sales "a server without room has answered" 's/return response->status != STATUS_DRAINING && response->status != STATUS_BUSY &&/return/'
sales "a server without room is asked for ever" 's/if (again_ms >= deadline_ms)/if (false)/'
sales "a server without room is not left alone" 's/wire_sleep_until(again_ms);//'
sales "what is sent again has another id" 's/^    for (;;) {/    struct elig_request other = *request; request = \&other; for (;; other.request_id += 1000) {/'
count_up() { twin "$1" counter test_counter counter "$2"; }
count_up "the number stands still" 's/number + 1/number/g'
count_up "the number is not stored" 's/if (!replace_commit(.*/if (false)/'
count_up "two processes read at once" 's/if (!replace_begin(&replacing, path, fault))/if (!replace_begin(\&replacing, path, fault) || flock(replacing.folder_fd, 8))/'
count_up "a lost file begins at nothing" 's/\*out = clock_number();/*out = 0;/'
wait

failed=$(cat "$work"/twin*/wrong 2>/dev/null | tee -a /dev/stderr | wc -l)
echo "$((count - failed)) passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
