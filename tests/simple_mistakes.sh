#!/bin/sh
# Calls that are not used here, each with its reason: tests/simple_mistakes.sh [TREE]
# A line that must use one says so in a comment with the word "simple_mistakes:" and why.
cd "${1:-.}" || exit 3
code=$(find protocol engine loader bench -name '*.[ch]' 2>/dev/null | sort)
tests=$(find tests -name '*.[ch]' 2>/dev/null | sort)
scripts=$(find .ci tests bench engine loader protocol -name '*.sh' -o -path '.ci/run' 2>/dev/null |
    grep -v 'simple_mistakes' | sort)
# Only the engine has several loops.
shared=$(find engine -name '*.[ch]' ! -name main.c 2>/dev/null)
all_but_bytes=$(echo "$code
$tests" | grep -v '^protocol/bytes\.h$')
found=0 rules=0

# ban PATTERN "reason" FILE ...: comments and string contents are not code.
ban() {
    pattern=$1 reason=$2
    shift 2
    rules=$((rules + 1))
    [ $# -gt 0 ] || return 0
    hits=$(awk -v pattern="$pattern" -v reason="$reason" '
        FNR == 1 { in_comment = 0 }
        /simple_mistakes:/ { next }
        {
            line = $0
            if (in_comment) { if (!sub(/^.*\*\//, "", line)) next; in_comment = 0 }
            gsub(/\\\\/, "", line); gsub(/\\"/, "", line)
            if (line !~ /^# *include/) gsub(/"[^"]*"/, "\"\"", line)
            gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
            sub(/\/\/.*$/, "", line)
            if (sub(/\/\*.*$/, "", line)) in_comment = 1
            if (line ~ pattern) print FILENAME ":" FNR ": " reason
        }' "$@")
    [ -z "$hits" ] || { echo "$hits"; found=$((found + $(echo "$hits" | wc -l))); }
}
call() { echo "(^|[^A-Za-z0-9_>.])($1)[ ]*\\("; }

# shellcheck disable=SC2086 # file names without blanks
{
    ban "$(call 'strcpy|stpcpy|strcat|strncat')" "no bound: snprintf, or memcpy with a size that was compared" $code
    ban "$(call 'sprintf|vsprintf')" "no bound: snprintf" $code
    ban "$(call 'strncpy')" "leaves text without an end: snprintf, or memcpy" $code $tests
    ban "$(call 'atoi|atol|atoll|atof|sscanf')" "takes anything for a number: read digits with a bound as options.c does" $code
    ban "$(call 'gets|scanf|fscanf')" "no bound: fgets or getline with a limit" $code
    ban "$(call 'strtok|asctime|ctime|gmtime|localtime|strerror_l|rand|srand|random|drand48')" "hidden state: the _r form, civil days from day.h, randomness from libsodium or a seed that is passed" $code
    ban "$(call 'alloca')" "unbounded stack: a named limit and an array" $code $tests
    ban "$(call 'system|popen')" "a shell: posix_spawn or fork with arguments" $code
    ban "$(call 'tmpnam|tempnam|mktemp')" "a race: mkstemp, or open beside and rename" $code $tests
    ban "$(call 'assert') *0 *\\)|assert\\(false\\)" "says nothing: abort() with a comment" $code
    ban "EV_DEFAULT|ev_default_loop" "the default loop belongs to main: pass a loop" $shared
    ban "NDEBUG" "assertions stay on in every build" $all_but_bytes
    ban "$(call 'memcmp')[^;]*([^a-z]key|secret|mac1|mac|psk)[^a-z_]" "takes longer the more bytes agree: sodium_memcmp" $code
    ban "$(call 'memset')[^;]*(key|secret|canonical|identifier)" "the compiler may drop it: sodium_memzero" $code
    ban "$(call 'printf|fprintf|warnx|warn|errx|err|fault_set|json_text|puts|fputs')[^;]*[^a-z_](identifier|canonical|personal_code|digest)(->|\\.|,|\\)|\\[)" "an identifier or digest would be printed: say file, line and column instead" $code
    ban "#include \"[^/]*\"" "our headers carry their folder: \"protocol/day.h\"" $code $tests
    ban "typedef (struct|enum|union)" "structs keep the word struct" $code
    ban "	" "tabs: clang-format uses four spaces" $code $tests
    ban "(^|[ ;])(killall|pkill)( |\$)" "ends other people's processes: kill what was started, by its id" $scripts
}
# Unfinished words stand in comments, so these are looked for in the whole text.
# shellcheck disable=SC2086
marks=$(grep -nE '(TODO|FIXME)' $code $tests $scripts /dev/null)
rules=$((rules + 1))
[ -z "$marks" ] || { echo "$marks"; echo "    unfinished: finish it, or write it into the folder's DESIGN.md"; found=$((found + 1)); }

echo "$rules passed, $found failed, 0 skipped" | awk '{ if ($3 > 0) $1 = ($1 > $3 ? $1 - $3 : 0); print }'
[ $found -eq 0 ]
