#!/bin/sh
# Compares the option lists of the manual pages with the tables that the programs are made from.
# A page holds each list between two comments:
#     .\" options: eligbench country
#     ...
#     .\" end of options
# tests/man.sh compares, tests/man.sh --write (make man) writes the lists anew.
# Every program and every command of one must have its list in a page.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

pages=$(find engine loader bench protocol -name '*.[1-8]' | sort)
[ -n "$pages" ] || bad "no manual page found"

# The page with every list as the programs print it.
renew() {
    while IFS= read -r line; do
        case $line in
        '.\" options: '*)
            printf '%s\n' "$line"
            # shellcheck disable=SC2086 # a program and its command
            set -- ${line#'.\" options: '}
            program=$1
            shift
            "$ELIG_BIN/$program" "$@" --mdoc-options </dev/null || return 1
            while IFS= read -r line && [ "$line" != '.\" end of options' ]; do :; done
            printf '%s\n' "$line"
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

for page in $pages; do
    if ! renew <"$page" >"$work/page"; then
        bad "$page: a program did not print its list"
    elif cmp -s "$page" "$work/page"; then
        good
    elif [ "${1-}" = --write ]; then
        cp "$work/page" "$page"
        echo "$page: written"
        good
    else
        diff "$page" "$work/page" | head -20
        bad "$page: not what the programs say: run make man"
    fi
done

# shellcheck disable=SC2086
has_list() { grep -qxF '.\" options: '"$1" $pages /dev/null; }
# "check,ping," of a program or of one of its commands, each with the words before it.
commands_of() { "$program" "$@" --mdoc-options </dev/null | sed -n "s/^\\.It Cm /${*:+$* }/p" | tr '\n' ','; }
for program in "$ELIG_BIN"/elig*; do
    name=${program##*/}
    if has_list "$name"; then good; else bad "$name has no list of options in a manual page"; fi
    wanted=$(commands_of)
    while [ -n "$wanted" ]; do
        command=${wanted%%,*} wanted=${wanted#*,}
        if has_list "$name $command"; then good; else bad "$name $command has no list of options in a manual page"; fi
        # shellcheck disable=SC2086 # a command, and one of its own
        wanted=$wanted$(commands_of $command)
    done
done
if [ -n "$pages" ] && command -v mandoc >/dev/null; then
    # shellcheck disable=SC2086
    if mandoc -Tlint -W warning $pages >"$work/lint" 2>&1; then good; else cat "$work/lint"; bad "mandoc finds fault"; fi
elif [ -n "$pages" ]; then
    echo "skipped: mandoc is not installed (apt-get install mandoc)"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
