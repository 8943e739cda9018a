#!/bin/sh
# The second implementation of the protocol agrees with the vectors, and notices when they change.
set -u
python=$(command -v /usr/bin/python3 || command -v python3) || {
    echo "no python3 (apt-get install python3)"
    exit 77
}
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
oracle="$python tests/oracle/elig_oracle.py"
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

if said=$($oracle tests/vectors); then good; else bad "$said"; fi
passed=$((passed + $(echo "$said" | sed -n 's/^\([0-9]*\) passed, 0 failed$/\1/p') + 0))

# Another last character of every case of a file is noticed in every case that was not a refusal.
for file in requests transactions responses reports identifiers digests subjects days amounts codes masks; do
    rm -rf "$work/vectors"
    cp -r tests/vectors "$work/vectors"
    sed '/^#/!{s/1$/2/;t
        s/.$/1/
    }' "tests/vectors/$file.txt" >"$work/vectors/$file.txt"
    case $file in
    requests | transactions | responses | reports) cases=$(grep -c '^[^# ]* OK ' "tests/vectors/$file.txt") ;;
    identifiers) cases=$(grep -c '^[^# ]* . FINE ' "tests/vectors/$file.txt") ;;
    *) cases=$(grep -v '^#' "tests/vectors/$file.txt" | grep -vc ' no-date ') ;;
    esac
    found=$($oracle "$work/vectors" | grep -c "$file.txt:.*differs")
    if [ "$cases" -gt 0 ] && [ "$found" -ge "$cases" ]; then
        good
    else
        bad "$file: $found of $cases changes noticed"
    fi
done
# What PROTOCOL.md shows in bytes is what the vectors have.
sed -n 's/^ *[0-9]*  \(\([0-9a-f][0-9a-f] *\)\{16\}\)$/\1/p' protocol/PROTOCOL.md | tr -d ' ' | paste -d '\0' - - - - |
    while read -r frame; do
        grep -q " $frame\$" tests/vectors/*.txt || echo "PROTOCOL.md shows a frame that no vector has: $frame"
    done >"$work/shown"
shown=$(grep -c '^```$' protocol/PROTOCOL.md)
if [ -s "$work/shown" ] || [ "$shown" -lt 30 ]; then bad "$(cat "$work/shown")"; else good; fi
: >"$work/vectors/days.txt"
if $oracle "$work/vectors" >/dev/null; then bad "an empty file passes"; else good; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
