#!/bin/sh
# Negative twins of what waits: each is the product with one thing wrong that a small country would not
# show. A suite that passes with one of them has not looked.
set -u
# Whether a suite notices does not hang on compilers and sanitizers: once is enough.
[ "${BUILD:=build}" = build ] || { echo "twins are tried in the plain build"; exit 77; }
: "${CC:=gcc}"
cd "${ELIG_TOP:-.}" || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
flags="-std=c17 -D_GNU_SOURCE -O1 -w -pthread -I."

for source in tests/support tests/test_hoard tests/test_kin tests/test_shelves tests/test_parsed; do
    # shellcheck disable=SC2086 # flags are words
    "$CC" $flags -c -o "$work/${source#tests/}.o" "$source.c" || exit 3
done

# suite NAME [TWIN'S OBJECT]: the twin stands before the archive that has the module, which is not asked.
suite() {
    # shellcheck disable=SC2086
    "$CC" -pthread -o "$work/suite" "$work/test_$1.o" ${2:-} "$work/support.o" "$BUILD/libloader.a" "$BUILD/libprotocol.a" \
        -lcheck_pic -lsubunit -lsodium -llmdb -lxxhash -lexpat -lm -lrt || exit 3
    ELIG_TOP=$PWD CK_VERBOSITY=silent CK_DEFAULT_TIMEOUT=60 "$work/suite" >/dev/null 2>&1
}

# twin "what is wrong" MODULE SUITE SED-EXPRESSION
twin() {
    sed "$4" "loader/$2.c" >"$work/$2.c"
    # shellcheck disable=SC2086
    if cmp -s "loader/$2.c" "$work/$2.c"; then
        failed=$((failed + 1)) && echo "$1: nothing was changed in $2.c"
    elif ! "$CC" $flags -c -o "$work/$2.o" "$work/$2.c"; then
        failed=$((failed + 1)) && echo "$1: does not compile"
    elif suite "$3" "$work/$2.o"; then
        failed=$((failed + 1)) && echo "$1: test_$3 does not notice"
    else
        passed=$((passed + 1))
    fi
}

for name in hoard kin shelves parsed; do
    if suite $name; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "test_$name fails without a twin"; fi
done

twin "a file keeps its name" hoard hoard 's/int fd = open(folder, O_TMPFILE.*/int fd = -1; errno = ENOENT;/; s/unlink(name) != 0/false/'
twin "a name that stays does not matter" hoard hoard 's/unlink(name) != 0/unlink(name) > 0/'
twin "a full disk is not told" hoard hoard 's/room_fail(hoard->room, "writing", .*;//'
twin "what is left is read back after a block was lost" hoard hoard '/^bool hoard_visit/,/^}/s/!hoard_room_is_whole(hoard->room, fault)/false/'
twin "writing goes on after a block was lost" hoard hoard 's/room->error == 0 ? hoard->fd : -1/hoard->fd/'
twin "a folder is not tried" hoard hoard '/^bool hoard_room_try_folder/,/^}/s/int fd = open_unnamed.*/int fd = dup(0);/'
twin "pages that hold more are forgotten" memory hoard '/^static void advise/,/^}/s/uintptr_t end = .*/uintptr_t end = (uintptr_t)memory + size;/'
twin "a file that became shorter is taken" hoard hoard '/^static bool read_block/,/^}/s/if (n <= 0)/if (n <= 0) return true; if (false)/'
twin "everything stays in memory" hoard hoard 's/must_be || room->block_count < room->block_count_max/true/'
twin "of ties in a row the first is followed" kin kin '/^static uint32_t root_of/,/^}/s/while (forest->parents\[node\] != node)/if (forest->parents[node] != node)/'
twin "rows under an earlier code stand by themselves" shelves shelves 's/return kin == KIN_NONE ? plain_part(code) : SHELF_COUNT + kin;/return plain_part(code);/'
twin "those who are tied stay where they were" shelves shelves '/^static void take_persons/,/^}/s/if (kin == KIN_NONE)/if (true)/'
twin "persons come as they went" shelves shelves 's/if (are_in_order(persons, count))/if (true)/'
twin "whatever was kept is taken" parsed parsed 's/if (!atomic_load(&kept->is_other) && /if (/'
twin "only the size of a source counts" parsed parsed '/^static void look_at_piece/,/^}/s/if (kept->fd >= 0 &&/if (false \&\& kept->fd >= 0 \&\&/'
twin "the last piece of a source is not looked at" parsed parsed '/^static void add_looks/,/^}/s/i < count/i + (are_blocks ? 0 : 1) < count/'
twin "what was kept is not looked at" parsed parsed 's/look_at_block(look, /(void)(look, /'
twin "tables may be damaged" parsed parsed 's/bool is_good = memcmp(check, header + PARSED_CHECK, sizeof(check)) == 0;/bool is_good = true;/'
twin "it does not matter how it was understood" parsed parsed 's/memcmp(header + PARSED_ORIGIN, kept->origin, PARSED_HASH_SIZE) != 0/false/'
twin "the day of delivery does not matter" parsed_origin parsed 's/if (source->description->fact == FACT_PERSON)/if (false)/'
twin "values that stand for others do not matter" parsed_origin parsed 's/add_number(state, column->map\[i\].to);//'
twin "the number in the list is kept" parsed_block parsed 's/\.delivery = source->plan.delivery/.delivery = 0/'
twin "lines are those of the piece" intake parsed '/^static void commit(/,/^}/{/number_lines(output/d;s/reading->next_lines\[task->source\] += /number_lines(output, reading->next_lines[task->source]); &/}'
twin "half-made files stay" parsed parsed 's/is_wanted = !ends_with(entry->d_name, PARSED_SUFFIX NEW_SUFFIX) \&\&/is_wanted =/'
twin "what is delivered no more stays" parsed parsed 's/sweep(parsed, true);//'
twin "a folder that others may enter is taken" parsed parsed 's/(info.st_mode & (S_IRWXG | S_IRWXO)) != 0/false/'
twin "others may read what is kept" parsed parsed 's/O_NOFOLLOW, 0600)/O_NOFOLLOW, 0644)/'
twin "two loaders share a folder" parsed parsed 's/flock(fd, LOCK_EX | LOCK_NB) != 0/false/'
twin "what was refused as a whole is kept" intake parsed '/^static bool read_files/,/^}/s/if (!files_are_whole(reading, fault))/bool is_whole = files_are_whole(reading, fault); if (reading->parsed != NULL) (void)!parsed_finish(reading->parsed, \&reading->intake->parsed_fault); if (!is_whole)/'
twin "a full disk is not told" parsed parsed 's/give_up(parsed, kept, strerror(errno));/;/'
twin "long numbers are cut" shelves shelves 's/fact->identifier.size > TEXT_SIZE_SHORT/false/'

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
