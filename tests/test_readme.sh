#!/bin/sh
# README's "Ask it", line by line as typed: on a demo that is small, in a folder and on a socket of its
# own. What a line says is what README says it does, but for days and numbers of snapshots.
set -u
: "${ELIG_BIN:=build/bin}" "${BUILD:=build}"
work=$(mktemp -d "$BUILD/readme-XXXXXX") || exit 3 # a ledger refuses to lie in memory
eligd_pids=
stop() {
    for pid in $eligd_pids; do
        { kill "$pid" && wait "$pid"; } 2>/dev/null
    done
    eligd_pids=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
fail() {
    echo "$*"
    cat "$work"/*.log 2>/dev/null
    echo "$passed passed, $((failed + 1)) failed, 0 skipped"
    exit 1
}

# ---- what make demo leaves ----

demo=$work/demo
keys="--identity-keys $demo/identity-keys --signing-public $demo/keys/signing.key.pub"
mkdir -p "$demo/keys"
"$ELIG_BIN/eligctl" keygen signing "$demo/keys/signing.key" >"$work/keys.log" || fail "no key"
"$ELIG_BIN/eligbench" country --persons 300 --seed 1 --as-of today "$demo/country" >"$work/country.log" 2>&1 ||
    fail "no country"
"$ELIG_BIN/eligload" build --exports "$demo/country" --snapshots "$demo/snapshots" \
    --identity-keys "$demo/identity-keys" --signing-key "$demo/keys/signing.key" >"$work/load.log" 2>&1 ||
    fail "no snapshot"
# shellcheck disable=SC2086 # options without blanks
"$ELIG_BIN/eligd" --snapshots "$demo/snapshots" $keys --unix "$work/socket" --dump-config >"$demo/eligd.conf" ||
    fail "no settings"

# ---- line by line ----

ready() { # until the server answers
    tries=200
    until "$ELIG_BIN/eligctl" ping --connect "unix:$work/socket" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "eligd does not answer: $1"
        sleep 0.05
    done
}
plainly() { sed 's/[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]/DAY/; s/Snapshot [0-9]*/Snapshot N/'; }

sed -n '/^## Ask it/,/^## /s/^    //p' README.md >"$work/lines"
count=0
while IFS= read -r line; do
    case $line in
    *'eligd --config '*' & sleep 2')
        stop
        command=$(echo "$line" | sed "s|^\$ ||; s|^kill %1; wait; ||; s| & sleep 2||; s|build/demo|$demo|g; s|build/bin|$ELIG_BIN|g")
        # shellcheck disable=SC2086 # words
        $command >>"$work/eligd.log" 2>&1 &
        eligd_pids=$!
        ready "$line"
        good
        ;;
    '$ '*)
        command=$(echo "$line" | sed "s#^\$ ##; s#build/demo#$demo#g; s#build/bin/eligctl \([cur][a-z]*\)#build/bin/eligctl \1 --connect unix:$work/socket#; s#build/bin#$ELIG_BIN#g")
        if sh -c "$command" >"$work/out" 2>"$work/err"; then good; else bad "$line: $(cat "$work/out" "$work/err")"; fi
        ;;
    *)
        said=$(plainly <"$work/out")
        if [ "$said" = "$(echo "$line" | plainly)" ]; then good; else bad "README: \"$line\"; is: \"$said\""; fi
        ;;
    esac
    count=$((count + 1))
done <"$work/lines"
[ $count -ge 9 ] || bad "README.md has only $count lines under \"Ask it\""

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
