#!/bin/sh
# The scripts that watch over the tree do find what they look for: each gets a small tree with one
# mistake in it, and must name it; and the same tree without it, and must be silent.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

fresh_tree() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/protocol" "$work/tree/engine" "$work/tree/loader" "$work/tree/tests"
    cd "$work/tree" || exit 3
    printf '%s\n' 'apart engine loader' 'only lmdb.h protocol/low' protocol/low protocol/high \
        'engine/conn loader/rows' >tests/layers.txt
    printf '%s\n' '#include "protocol/low.h"' '#include <lmdb.h>' >protocol/low.c
    echo '/* nothing */' >protocol/low.h
    printf '%s\n' '#include "protocol/high.h"' '#include "protocol/low.h"' >protocol/high.c
    echo '/* nothing */' >protocol/high.h
    echo '#include "protocol/high.h"' >engine/conn.c
    echo '/* nothing */' >engine/conn.h
    printf '%s\n' '/* strcpy(a, b) in a comment, "sprintf(" in a text */' 'const char *t = "gets(";' >loader/rows.c
}
# finds SCRIPT "words": the script fails on the tree and says the words.
finds() {
    if "$here/$1" "$work/tree" >"$work/said" 2>&1; then
        bad "$1 is content, but should say: $2"
    elif grep -qF "$2" "$work/said"; then
        good
    else
        bad "$1 says something else than: $2"
        sed 's/^/    /' "$work/said"
    fi
}
silent() {
    if "$here/$1" "$work/tree" >"$work/said" 2>&1; then good; else
        bad "$1 finds fault with a good tree"
        sed 's/^/    /' "$work/said"
    fi
}

fresh_tree
silent layers.sh
silent simple_mistakes.sh

fresh_tree
echo '#include "protocol/high.h"' >>protocol/low.c
finds layers.sh "protocol/low.c:3: includes protocol/high.h, not on a lower floor"
fresh_tree
echo '#include "loader/rows.h"' >>engine/conn.h
finds layers.sh "engine/conn.h:2: includes loader/rows.h from next door"
fresh_tree
echo '#  include  <lmdb.h>' >>engine/conn.c
finds layers.sh "engine/conn.c:2: includes <lmdb.h>, which is spoken in other rooms only"
fresh_tree
echo '/* new */' >engine/new.c
finds layers.sh "engine/new.c:1: has no floor"
fresh_tree
echo '#include "engine/ghost.h"' >>engine/conn.c
finds layers.sh "includes engine/ghost.h, which has no floor"
fresh_tree
rm loader/rows.c
finds layers.sh "loader/rows does not exist"
fresh_tree
echo 'protocol/low' >>tests/layers.txt
finds layers.sh "protocol/low stands here twice"

while IFS='|' read -r line words; do
    fresh_tree
    printf '%s\n' "$line" >>engine/conn.c
    finds simple_mistakes.sh "$words"
done <<'END'
    strcpy(to, from);|engine/conn.c:2: no bound
    x = 1; sprintf (to, "%s", from);|no bound: snprintf
    int n = atoi(text);|takes anything for a number
    char *word = strtok(line, " ");|hidden state
    char *room = alloca(size);|unbounded stack
    return memcmp(a->key, b->key, 32) == 0;|sodium_memcmp
    memset(secret, 0, sizeof(secret));|sodium_memzero
    fprintf(stderr, "%s", request.identifier);|would be printed
    warnx("digest %s", digest);|would be printed
    struct ev_loop *loop = EV_DEFAULT;|the default loop belongs to main
#define NDEBUG|assertions stay on
    assert(false);|abort()
#include "conn.h"|carry their folder
typedef struct conn conn_t;|keep the word struct
    system("rm -rf /");|a shell
END
mark=TO
fresh_tree
printf "/* %s: later */\n" "${mark}DO" >>engine/conn.c
finds simple_mistakes.sh "unfinished"
fresh_tree
printf '    strcpy(to, from); /* simple_mistakes: sizes were compared above */\n' >>engine/conn.c
silent simple_mistakes.sh

# run.sh counts what ran, and calls it a failure when nothing did.
counts() { # "wanted line" "a command for sh"
    mkdir -p "$work/results"
    rm -f "$work"/results/*
    RESULTS=$work/results "$here/run.sh" one sh -c "$2" >"$work/said" 2>&1
    got=$(RESULTS=$work/results "$here/run.sh" | tail -1)
    if [ "$got" = "$1" ]; then good; else bad "run.sh counts \"$got\", wanted \"$1\" of: $2"; fi
}
counts "1 passed, 0 failed, 0 skipped" "echo done"
counts "0 passed, 1 failed, 0 skipped" "exit 0"
counts "0 passed, 1 failed, 0 skipped" "exit 1"
counts "0 passed, 0 failed, 1 skipped" "echo no tool; exit 77"
counts "0 passed, 1 failed, 0 skipped" "kill -9 \$\$"
counts "7 passed, 0 failed, 2 skipped" "echo '7 passed, 0 failed, 2 skipped'"
counts "7 passed, 1 failed, 0 skipped" "echo '7 passed, 0 failed, 0 skipped'; exit 1"
counts "0 passed, 1 failed, 0 skipped" "echo '0 passed, 0 failed, 0 skipped'"
counts "24 passed, 2 failed, 0 skipped" "echo '92%: Checks: 26, Failures: 1, Errors: 1'; exit 1"
counts "26 passed, 0 failed, 1 skipped" "echo 'skipped: no terminal'; echo '100%: Checks: 26, Failures: 0, Errors: 0'"
counts "0 passed, 1 failed, 0 skipped" "echo '100%: Checks: 0, Failures: 0, Errors: 0'"

# Whoever ends run.sh ends the test, whatever it waits for, and its folder. A shell whose background process
# is interrupted hears of it, as in front.
mkdir "$work/tmp"
interrupted='trap "exit 77" INT; kill -INT $$; exit 1'
counts "0 passed, 0 failed, 1 skipped" "$interrupted"
for signal in TERM HUP; do
    rm -f "$work/waits"
    RESULTS=$work/results TMPDIR=$work/tmp "$here/run.sh" one sh -c "echo \$\$ >'$work/waits'; sleep 1000; exit 0" >"$work/said" 2>&1 &
    runner=$!
    tries=100
    until [ -s "$work/waits" ] || [ $tries -eq 0 ]; do tries=$((tries - 1)); sleep 0.1; done
    kill -$signal $runner
    wait $runner
    if [ $? -eq 1 ]; then good; else bad "run.sh does not end by $signal"; fi
    if kill -0 "$(cat "$work/waits")" 2>/dev/null; then bad "the test goes on after $signal"; else good; fi
    if [ -z "$(ls "$work/tmp")" ]; then good; else bad "the folder of the test stays after $signal"; fi
done

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
