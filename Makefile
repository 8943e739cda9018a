# The AVIS eligibility engine. `make help` lists the targets.
#
#   make check SAN=address,undefined    another compiler, sanitizer or TREE builds in a folder of
#   make check CC=clang                 its own, so nothing is rebuilt back and forth
#   make V=1                            shows the commands

# All cores, unless make was told how many.
ifeq ($(MAKELEVEL)$(findstring j,$(firstword -$(MAKEFLAGS)))$(findstring -j,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# What Debian 12 must have. tests/argv.sh compares the list with README.md.
PACKAGES := make gcc libc6-dev libev-dev liblmdb-dev libxxhash-dev libsodium-dev libexpat1-dev check
# header:package, each tried once per tree
HEADERS  := stdio.h:libc6-dev ev.h:libev-dev lmdb.h:liblmdb-dev xxhash.h:libxxhash-dev \
            sodium.h:libsodium-dev expat.h:libexpat1-dev check.h:check

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN     ?=
TREE    ?=
comma   := ,
BUILD   := build$(if $(filter-out gcc,$(CC)),-$(notdir $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(TREE),-$(TREE))
STD     := -std=c17 -D_GNU_SOURCE -I.
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
           -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
           -Wswitch-enum -Wundef -Wvla -Wformat=2 -Wcast-align -Wcast-qual \
           -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough -Werror
# Instrumented code is slow to compile: a third less so.
OPT     ?= $(if $(SAN),-O1 -g1,-O2 -g)
# Fortification wants an optimizer and gets in a sanitizer's way.
HARD    := -fstack-protector-strong -fPIE $(if $(SAN)$(filter -O0,$(OPT)),,-D_FORTIFY_SOURCE=2)
# Sizes of texts that gcc finds out at -O2 and guesses at -O1, where only sanitizers are.
GUESSES := $(if $(SAN),$(if $(filter gcc%,$(notdir $(CC))),-Wno-format-truncation))
ALL_CFLAGS  = $(STD) $(WARN) $(GUESSES) $(HARD) $(OPT) -pthread $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(OPT) $(LDFLAGS)
LIBS    := -lev -llmdb -lxxhash -lsodium -lexpat -lm

V ?= 0
ifeq ($(V),1)
Q    :=
say   = @:
else
Q    := @
say   = @printf '  %-5s %s\n'
endif

# A static library per folder: a program links only what it uses. Files with a main stay outside.
FOLDERS  := protocol engine loader bench
objects   = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c protocol/eligctl.c,$(wildcard $(1)/*.c)))
ARCHIVES := $(FOLDERS:%=$(BUILD)/lib%.a)
IN_ORDER := $(patsubst %,$(BUILD)/lib%.a,bench engine loader protocol)
MAINS    := $(wildcard protocol/eligctl.c engine/main.c loader/main.c bench/main.c)
PROGRAMS := $(patsubst %,$(BUILD)/bin/%,$(patsubst protocol/eligctl.c,eligctl,$(patsubst engine/main.c,eligd,$(patsubst loader/main.c,eligload,$(patsubst bench/main.c,eligbench,$(MAINS))))))
SUITES   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
MANUALS  := $(wildcard $(foreach folder,$(FOLDERS),$(folder)/*.[1-8]))
SOURCES   = $(wildcard $(foreach folder,$(FOLDERS) protocol/examples tests tests/fuzz,$(folder)/*.c $(folder)/*.h))

all: $(PROGRAMS) $(ARCHIVES) libelig $(BUILD)/examples/terminal ## the programs, in build/bin/

demo: all ## a whole country, loaded, served, measured; PERSONS=20000; LEDGER=1 TRANSACTIONS=20000 a day of it, too
	@BUILD=$(BUILD) tests/demo.sh $(PERSONS)
	$(if $(LEDGER),@BUILD=$(BUILD) tests/demo_ledger.sh $(or $(PERSONS),1857000) $(or $(TRANSACTIONS),1000000))

# ---- building ----

# Rewritten only when it would say something else: what depends on it is made anew only then.
remember = @mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@

$(BUILD)/flags: FORCE
	$(call remember,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))

# Missing packages are named all at once, with the line that installs them.
$(BUILD)/headers: Makefile
	@mkdir -p $(@D); \
	command -v $(CC) >/dev/null || { \
	    echo "No compiler '$(CC)'. This installs it:"; \
	    echo "    sudo apt-get install -y --no-install-recommends $(notdir $(CC)) libc6-dev"; exit 1; }; \
	missing=; \
	for pair in $(HEADERS); do \
	    printf '#include <%s>\n' "$${pair%:*}" | $(CC) -E -x c - >/dev/null 2>&1 || missing="$$missing $${pair#*:}"; \
	done; \
	test -z "$$missing" || { \
	    echo "Headers are missing. This installs them:"; \
	    echo "    sudo apt-get install -y --no-install-recommends$$missing"; exit 1; }; \
	echo "all there" >$@

$(BUILD)/%.o: %.c $(BUILD)/flags | $(BUILD)/headers
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# On the way of every check, and a twentieth faster so (bench/BENCHMARKS.md, "The decision"). Private: what
# it is made from is not made anew for it.
$(BUILD)/protocol/decide.o: private OPT += -O3

define archive
$(BUILD)/lib$(1).list: FORCE
	$$(call remember,$(call objects,$(1)))
$(BUILD)/lib$(1).a: $(call objects,$(1)) $(BUILD)/lib$(1).list
	$$(Q)rm -f $$@
	$$(Q)ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive,$(folder))))

link = $(Q)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ALL_LDFLAGS)

$(BUILD)/bin/eligctl:   $(BUILD)/protocol/eligctl.o $(BUILD)/libprotocol.a
$(BUILD)/bin/eligd:     $(BUILD)/engine/main.o $(BUILD)/libengine.a $(BUILD)/libprotocol.a
$(BUILD)/bin/eligload:  $(BUILD)/loader/main.o $(BUILD)/libloader.a $(BUILD)/libprotocol.a
$(BUILD)/bin/eligbench: $(BUILD)/bench/main.o $(IN_ORDER)
$(BUILD)/bin/%:
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link) -Wl,--as-needed $(LIBS)

# Helpers that only some suites want; an archive, so that the others do not link the loader.
HELPERS := booth eligd fixture ledger_fake ledger_maker ledger_model ledger_play ledger_scene market random_catalogue random_text random_trade reference reference_days reference_person reference_trade relay shop shopper \
           agreement agreement_count agreement_tell sealed_server
$(BUILD)/libtests.a: $(HELPERS:%=$(BUILD)/tests/%.o)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(IN_ORDER)
	$(say) LINK $@
	$(link) -lcheck_pic -lsubunit $(LIBS)

# Takes the place of write, fdatasync and their like, so it is in no archive: whoever wants it says so.
$(BUILD)/tests/test_powercut $(BUILD)/tests/test_audit_powercut $(BUILD)/tests/long_powercut: $(BUILD)/tests/powercut.o $(BUILD)/tests/disk_calls.o
$(BUILD)/tests/test_ledger_disk: $(BUILD)/tests/disk_calls.o

# ---- libelig: the client library; all that a maker of terminals needs beside protocol/elig.h ----
# The shared one shows what protocol/elig.map lists; the static one hides the rest likewise.

LIBELIG       := $(BUILD)/lib/libelig.so.1 $(BUILD)/lib/libelig.so $(BUILD)/lib/libelig.a
LIBELIG_PARTS := $(patsubst %,$(BUILD)/pic/protocol/%.o,address client counter fault frame means noise record replace sealed_client session status wire)
VERSION        = $(shell sed -n 's/^.define ELIG_VERSION "\(.*\)"/\1/p' protocol/options.h)
PREFIX        ?= /usr/local

$(BUILD)/pic/%.o: %.c $(BUILD)/flags | $(BUILD)/headers
	$(say) CC "$< (libelig)"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<
$(BUILD)/lib/libelig.so.1: $(LIBELIG_PARTS) protocol/elig.map
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $(filter %.o,$^) -Wl,-soname,libelig.so.1 -Wl,--version-script=protocol/elig.map \
	    -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN),-Wl,-z,defs) $(filter --coverage,$(OPT)) $(LDFLAGS) -lsodium
$(BUILD)/lib/libelig.so: $(BUILD)/lib/libelig.so.1
	$(Q)ln -sf libelig.so.1 $@
$(BUILD)/lib/libelig.a: $(LIBELIG_PARTS)
	@mkdir -p $(@D)
	$(Q)ld -r -o $(BUILD)/pic/elig.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='elig_*' $(BUILD)/pic/elig.o
	$(Q)rm -f $@
	$(Q)ar rcs $@ $(BUILD)/pic/elig.o
$(BUILD)/lib/pkgconfig/elig.pc: protocol/elig.pc.in protocol/options.h
	$(Q)mkdir -p $(@D)
	$(Q)sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' $< >$@

# As a maker of firmware builds it: the header, the static library and nothing else.
$(BUILD)/examples/terminal: protocol/examples/terminal.c protocol/elig.h $(BUILD)/lib/libelig.a $(BUILD)/flags
	$(say) CC $<
	@mkdir -p $(@D)/include
	$(Q)cp protocol/elig.h $(@D)/include/
	$(Q)$(CC) $(filter-out -I.,$(ALL_CFLAGS)) -I$(@D)/include -o $@ $< $(BUILD)/lib/libelig.a $(ALL_LDFLAGS) -lsodium

libelig: $(LIBELIG) $(BUILD)/lib/pkgconfig/elig.pc ## the client library, in build/lib/

# ---- tests ----

RESULTS := $(BUILD)/results
# What rounds by chance compare does not hang on sanitizers and valgrind: these see one in so many.
ROUNDS_SHARE ?= $(if $(SAN)$(filter memcheck,$(MAKECMDGOALS)),4,1)
IN_TEST  = exec env RESULTS=$(RESULTS) BUILD=$(BUILD) ELIG_BIN='$(CURDIR)/$(BUILD)/bin' ELIG_TOP='$(CURDIR)' \
           ALL_TWINS=$(ALL_TWINS) ROUNDS_SHARE=$(ROUNDS_SHARE) CK_DEFAULT_TIMEOUT=20 CK_TIMEOUT_MULTIPLIER=$(if $(filter memcheck,$(MAKECMDGOALS)),30,$(if $(SAN),8,2)) tests/run.sh
SCRIPTS := $(patsubst tests/%.sh,%,$(wildcard tests/layers.sh tests/simple_mistakes.sh tests/argv.sh tests/man.sh tests/test_*.sh))
# These wait more than they work: they begin first, and others run meanwhile.
PATIENT := $(addprefix run/test_,sealed_client client_twins.sh twins_engine.sh twins_ledger.sh eligd_disk sealed.sh faults faults_network eligd reliefs.sh progress page.sh)
ALL_RUN := $(SUITES:$(BUILD)/tests/%=run/%) $(FUZZERS:%=run/replay_%) $(SCRIPTS:%=run/%.sh)
CHECKS  := $(filter $(ALL_RUN),$(PATIENT)) $(filter-out $(PATIENT),$(ALL_RUN))

check: $(if $(T),$(foreach one,$(CHECKS),$(if $(findstring $(T),$(one)),$(one))),$(CHECKS)) ## every test; T=day only those named so
	@RESULTS=$(RESULTS) tests/run.sh

$(RESULTS)/new: FORCE
	@rm -rf $(RESULTS); mkdir -p $(RESULTS)
	@$(if $(filter-out 1,$(ROUNDS_SHARE)),echo "  left out: rounds by chance but one in $(ROUNDS_SHARE); plain make check runs all (or ROUNDS_SHARE=1)")

$(SUITES:$(BUILD)/tests/%=run/%): run/%: $(BUILD)/tests/% all | $(RESULTS)/new
	@$(IN_TEST) $* $<
$(FUZZERS:%=run/replay_%): run/replay_%: $(BUILD)/fuzz/replay_% | $(RESULTS)/new
	@$(IN_TEST) replay_$* $< $(wildcard tests/fuzz/corpus/$*)
$(SCRIPTS:%=run/%.sh): run/%.sh: tests/%.sh all | $(RESULTS)/new
	@$(IN_TEST) $*.sh $<

# What it links once more, each time with one module that is wrong.
run/test_twins_engine.sh: $(patsubst %,$(BUILD)/tests/test_%,conn counters sealed spread handshakes conn_sealed answer_ledger conn_ledger ledger_thread)
run/test_twins_ledger.sh: $(patsubst %,$(BUILD)/tests/test_%,transact limits book portions ledger_clock ledger_thread \
                            awaited conn_ledger answer_ledger posting ledger_verify ledger_book ledger_disk redo book_redo)

ledger-twins: ## every wrong product of the ledger is noticed by its suite (make check tries some of them)
	@$(MAKE) --no-print-directory check T=twins_ledger ALL_TWINS=1

check-fresh: ## README's two commands and the tests in a new bare Debian 12 (root)
	@tests/fresh.sh

# Each test in its own process, as ever. Those that take foreign bytes apart or keep memory of their own;
# the others are run by the sanitizers, and by name.
MEMCHECKED := answer audit_read blake builder catalogue conn corrections counters csv edition enrolment frame identity json keyfile \
              manifest means noise options record revocation rows snapshot tables trade vocabulary xml

MEMCHECKS := $(if $(T),$(foreach s,$(SUITES),$(if $(findstring $(T),$(s)),memcheck/$(s:$(BUILD)/tests/%=%))),$(MEMCHECKED:%=memcheck/test_%))

memcheck: $(MEMCHECKS) ## suites that take foreign bytes apart, under valgrind; T=day those named so
	@RESULTS=$(RESULTS) tests/run.sh

$(SUITES:$(BUILD)/tests/%=memcheck/%): memcheck/%: $(BUILD)/tests/% all | $(RESULTS)/new valgrind
	@$(IN_TEST) $* valgrind -q --leak-check=full --error-exitcode=9 $<
valgrind:
	@command -v valgrind >/dev/null || { echo "sudo apt-get install -y --no-install-recommends valgrind"; exit 1; }

cover: ## how much of each folder the tests run
	@$(MAKE) --no-print-directory TREE=cover OPT='-O0 -g --coverage' check
	@for folder in $(FOLDERS); do \
	    find build-cover/$$folder -name '*.gcda' -exec gcov -n {} + 2>/dev/null | \
	    awk -v folder=$$folder '/^File/ { own = index($$0, "'"'"'" folder "/") } \
	        own && /^Lines executed:/ { split($$0, p, /[:% ]+/); lines += p[5]; ran += p[3] * p[5] / 100; own = 0 } \
	        END { if (lines) printf "  %-10s %5.1f %% of %d lines\n", folder, 100 * ran / lines, lines }'; \
	done

# What scripts about sealed sessions speak with.
$(BUILD)/tests/serve_sealed: $(BUILD)/tests/serve_sealed.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(BUILD)/libprotocol.a
	$(say) LINK $@
	$(link) -lcheck_pic -lsubunit $(LIBS)
run/test_sealed.sh: $(BUILD)/tests/serve_sealed
run/test_ledger_powercut.sh: $(BUILD)/tests/long_powercut

# What scripts about ledgers read.
$(BUILD)/tests/make_ledger: $(BUILD)/tests/make_ledger.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(BUILD)/libprotocol.a
	$(say) LINK $@
	$(link) -lcheck_pic -lsubunit $(LIBS)
run/test_ledger.sh: $(BUILD)/tests/make_ledger

# ---- long runs: asked for by name, never part of check ----

LONG ?= /tmp 100000000
$(BUILD)/tests/long_%: $(BUILD)/tests/long_%.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(IN_ORDER)
	$(say) LINK $@
	$(link) -lcheck_pic -lsubunit $(LIBS)

long-index: $(BUILD)/tests/long_index ## 100 million identifiers built, opened, probed; LONG='/tmp 4000000'
	@$< $(LONG)

$(BUILD)/tests/count_instructions $(BUILD)/tests/shared_lines: $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(IN_ORDER)
	$(say) LINK $@
	$(link) -lcheck_pic -lsubunit $(LIBS)

shared-lines: $(BUILD)/tests/shared_lines ## no cache line that is written beside checks is shared by loops (valgrind)
	@BUILD=$(BUILD) tests/shared_lines.sh || test $$? -eq 77

instructions: $(BUILD)/tests/count_instructions ## instructions of the hot path beside the recorded ones, never a time (valgrind)
	@BUILD=$(BUILD) CC=$(CC) tests/instructions.sh || test $$? -eq 77
instructions-record: $(BUILD)/tests/count_instructions ## record them anew; what has risen wants a reason, WHY='...'
	@BUILD=$(BUILD) CC=$(CC) tests/instructions.sh --record '$(WHY)'

bench-guard: $(BUILD)/tests/long_guard ## what the enumeration guard costs a check, in ns
	@$<

bench-audit: $(BUILD)/tests/long_audit ## what the journal of checks costs a CHECK; WORK='folder of keys and snapshots, truth.csv'
	@$< $(WORK)

faults-netns: $(BUILD)/tests/long_netns all ## lost packets, SYN floods, black holes in a namespace of its own (root)
	@ELIG_BIN='$(CURDIR)/$(BUILD)/bin' ELIG_TOP='$(CURDIR)' tests/faults_netns.sh $< || test $$? -eq 77

agree-random: $(BUILD)/tests/long_agree ## ten million decisions by chance, each two ways; RUNS=1000000 SEED=7
	@$< --seed $(or $(SEED),1) $(or $(RUNS),10000000)

ledger-model: $(BUILD)/tests/long_ledger_model ## ten million requests to the ledger and to a plain model of it; RUNS=1000000 SEED=7
	@TMPDIR=$(or $(wildcard /dev/shm),/tmp) $< $(or $(SEED),1) $(or $(RUNS),10000000)

power-cuts: $(BUILD)/tests/long_powercut $(BUILD)/tests/test_audit_powercut ## a million disks that power cuts can leave of a ledger, a tenth as many of a journal of checks, and broken writers are found; STATES=1000000 SEED=1
	@$< --seed $(or $(SEED),1) $(or $(STATES),1000000) && $< --nometasync --seed $(or $(SEED),1) 20000 && \
	    $< --noredosync --seed $(or $(SEED),1) 20000
	@TMPDIR=$(or $(wildcard /dev/shm),/tmp) STATES=$$(($(or $(STATES),1000000) / 10)) CK_DEFAULT_TIMEOUT=0 $(BUILD)/tests/test_audit_powercut

kills: $(BUILD)/tests/test_ledger_shoppers all ## a ledger whose server is killed ten thousand times; CYCLES=1000
	@CK_RUN_CASE=killed CYCLES=$(or $(CYCLES),10000) BUILD=$(BUILD) ELIG_BIN='$(CURDIR)/$(BUILD)/bin' ELIG_TOP='$(CURDIR)' CK_DEFAULT_TIMEOUT=0 $<

flaky-way: $(BUILD)/tests/test_ledger_shoppers all ## a million transactions over a way that cuts, delays and doubles; SALES=100000
	@CK_RUN_CASE=flaky SALES=$(or $(SALES),1000000) BUILD=$(BUILD) ELIG_BIN='$(CURDIR)/$(BUILD)/bin' ELIG_TOP='$(CURDIR)' CK_DEFAULT_TIMEOUT=0 $<

timing: $(BUILD)/tests/long_timing ## whether the time of an answer tells who was asked about; COUNTS='3000000 2000000'
	@$< $(COUNTS)

# ---- fuzzing ----

SECONDS ?= 20
FUZZ_SAN := fuzzer-no-link,address,undefined

fuzz: ## libFuzzer on every target; T=frame one, SECONDS=600, RUNS=100000, MAX_LEN=400
	@command -v clang >/dev/null || { echo "Fuzzing wants clang. This installs it:"; \
	    echo "    sudo apt-get install -y --no-install-recommends clang libclang-rt-14-dev"; exit 1; }
	@$(MAKE) --no-print-directory CC=clang SAN=$(FUZZ_SAN) run-fuzzers

run-fuzzers: $(addprefix fuzzing/,$(or $(T),$(FUZZERS)))
$(FUZZERS:%=fuzzing/%): fuzzing/%: $(BUILD)/fuzz/fuzz_%
	@mkdir -p $(BUILD)/corpus/$*
	@$< -max_total_time=$(SECONDS) $(if $(RUNS),-runs=$(RUNS)) $(if $(MAX_LEN),-max_len=$(MAX_LEN)) -timeout=10 -rss_limit_mb=1024 \
	    -artifact_prefix=$(BUILD)/crash-$*- -print_final_stats=1 -verbosity=1 \
	    $(BUILD)/corpus/$* $(wildcard tests/fuzz/corpus/$*) >$(BUILD)/fuzz-$*.log 2>&1 || \
	    { echo "  FAIL  $*"; tail -40 $(BUILD)/fuzz-$*.log; exit 1; }
	@printf '  FUZZ  %-12s %s runs\n' $* "$$(sed -n 's/^stat::number_of_executed_units: *//p' $(BUILD)/fuzz-$*.log)"

$(BUILD)/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(IN_ORDER)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link) -fsanitize=fuzzer -lcheck_pic -lsubunit $(LIBS)
$(BUILD)/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/support.o $(BUILD)/libtests.a $(IN_ORDER)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link) -lcheck_pic -lsubunit $(LIBS)

# ---- reading along ----

want = @command -v $(1) >/dev/null || { echo "sudo apt-get install -y --no-install-recommends $(or $(2),$(1))"; exit 1; }

# Few large functions have most of the paths that the analyzer walks. In the tests it stops at a third
# of its usual number; make lint NODES=225000 goes as far in them as in the product.
NODES ?= 75000
CORES  = $(shell nproc)
# $(call tidy,FILES,WORDS FOR CLANG)
tidy = printf '%s\n' $(1) | xargs -r -P $(CORES) -n 2 sh -c 'clang-tidy --quiet "$$@" -- $(STD) -idirafter protocol $(2) 2>&1 | \
       grep -v "warnings* generated"; test $$? -eq 1' sh

lint: ## clang-tidy, cppcheck, shellcheck, mandoc, simple mistakes; NODES=225000 as deep in tests
	$(call want,clang-tidy)
	$(call want,cppcheck)
	$(call want,shellcheck)
	$(call want,mandoc)
	@echo "  clang-tidy"; $(call tidy,$(filter-out tests/%,$(filter %.c,$(SOURCES))))
	@echo "  clang-tidy of tests"; $(call tidy,$(filter tests/%.c,$(SOURCES)),-Xclang -analyzer-config -Xclang max-nodes=$(NODES))
	@echo "  cppcheck"; cppcheck --quiet --std=c11 -I. --inline-suppr --error-exitcode=1 -j $(CORES) \
	    --enable=warning,performance,portability --suppress=missingIncludeSystem --suppress=ctuuninitvar \
	    --suppress=legacyUninitvar "--suppress=uninitvar:tests/*" $(filter %.c,$(SOURCES))
	@echo "  shellcheck"; shellcheck -x .ci/run $(wildcard $(FOLDERS:%=%/*.sh) tests/*.sh)
	@echo "  mandoc"; mandoc -Tlint -W warning $(MANUALS)
	@echo "  simple mistakes"; tests/simple_mistakes.sh

format: ## lay out every file as .clang-format says
	$(call want,clang-format)
	@clang-format -i $(SOURCES)
format-check: ## say which files are laid out otherwise
	$(call want,clang-format)
	@clang-format --dry-run --Werror $(SOURCES)

# ---- the rest ----

# $(call bench,EXTENT)
define bench
	@test -e $(BUILD)/demo/keys/subject.key || BUILD=$(BUILD) tests/demo.sh
	@ELIG_BIN=$(BUILD)/bin OUT=$(BUILD)/bench BUILD=$(BUILD) sh bench/run.sh $(BUILD)/demo $(1)
endef
bench: all ## measure this machine with the country of make demo, under five minutes, and make the report
	$(call bench)
bench-full: all ## the same with everything that bench/BENCHMARKS.md tells
	$(call bench,full)

man: all ## write the option tables into the manual pages
	@BUILD=$(BUILD) ELIG_BIN='$(CURDIR)/$(BUILD)/bin' tests/man.sh --write

place = install -d '$(DESTDIR)$(PREFIX)/$(2)' && install -m $(1) $(3) '$(DESTDIR)$(PREFIX)/$(2)/'

install: all ## programs, manuals, libelig, PROTOCOL.md, KEYS.md, registers, catalogue; DESTDIR= PREFIX=
	@$(call place,755,bin,$(PROGRAMS))
	@$(foreach page,$(MANUALS),$(call place,644,share/man/man$(patsubst .%,%,$(suffix $(page))),$(page)) &&) true
	@$(call place,644,share/doc/elig,protocol/PROTOCOL.md protocol/KEYS.md)
	@$(call place,644,share/doc/elig/examples,$(wildcard protocol/examples/*))
	@$(call place,644,include,protocol/elig.h)
	@$(call place,644,lib,$(BUILD)/lib/libelig.a $(BUILD)/lib/libelig.so.1)
	@ln -sf libelig.so.1 '$(DESTDIR)$(PREFIX)/lib/libelig.so'
	@rm -f $(BUILD)/lib/pkgconfig/elig.pc; $(MAKE) -s --no-print-directory $(BUILD)/lib/pkgconfig/elig.pc
	@$(call place,644,lib/pkgconfig,$(BUILD)/lib/pkgconfig/elig.pc)
	@$(foreach folder,registers catalogue,$(if $(wildcard loader/$(folder)/*),$(call place,644,share/elig/$(folder),$(wildcard loader/$(folder)/*)) &&)) true

print-deps: ## the Debian packages that are needed
	@echo $(PACKAGES)

clean: ## remove what was built
	rm -rf build build-*

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name what; do printf '  %-14s %s\n' "$$name" "$$what"; done

FORCE:
.PHONY: all libelig demo ledger-twins shared-lines instructions instructions-record long-index bench-guard bench-audit faults-netns agree-random ledger-model power-cuts kills flaky-way check check-fresh memcheck cover fuzz run-fuzzers lint format format-check bench bench-full man \
        install print-deps clean help FORCE valgrind $(CHECKS) $(SUITES:$(BUILD)/tests/%=memcheck/%) $(FUZZERS:%=fuzzing/%)
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
