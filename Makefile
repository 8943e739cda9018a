# The AVIS eligibility engine. `make help` lists the targets.
CC     := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN    ?=
comma  := ,
BUILD  := build$(if $(filter-out gcc,$(CC)),-$(notdir $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
STD    := -std=c17 -D_GNU_SOURCE -I.
WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
          -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
          -Wswitch-enum -Wundef -Wvla -Wformat=2 -Wcast-align -Wcast-qual \
          -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough -Werror
HARD   := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
OPT    ?= -O2 -g
ALL_CFLAGS  = $(STD) $(WARN) $(HARD) $(OPT) -pthread $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS   := -lev -llmdb -lxxhash -lsodium -lexpat -lm

# A static library per folder: a program links only what it uses. Files with a main stay outside.
objects  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c protocol/eligctl.c,$(wildcard $(1)/*.c)))
FOLDERS  := protocol engine loader bench
ARCHIVES := $(FOLDERS:%=$(BUILD)/lib%.a)
PROGRAMS := $(patsubst %,$(BUILD)/bin/%,eligctl $(if $(wildcard engine/main.c),eligd) $(if $(wildcard loader/main.c),eligload) $(if $(wildcard bench/main.c),eligbench))
ifeq ($(wildcard protocol/eligctl.c),)
PROGRAMS := $(filter-out %/eligctl,$(PROGRAMS))
endif
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

all: $(PROGRAMS) ## the programs, in build/bin/

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(BUILD)/lib$(1).a: $(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive,$(folder))))

link = @mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ALL_LDFLAGS) $(LIBS)

$(BUILD)/bin/eligctl: $(BUILD)/protocol/eligctl.o $(BUILD)/libprotocol.a
	$(link)
$(BUILD)/bin/eligd: $(BUILD)/engine/main.o $(BUILD)/libengine.a $(BUILD)/libprotocol.a
	$(link)
$(BUILD)/bin/eligload: $(BUILD)/loader/main.o $(BUILD)/libloader.a $(BUILD)/libprotocol.a
	$(link)
$(BUILD)/bin/eligbench: $(BUILD)/bench/main.o $(BUILD)/libbench.a $(BUILD)/libengine.a $(BUILD)/libloader.a $(BUILD)/libprotocol.a
	$(link)
$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/tests/support.o $(BUILD)/libbench.a $(BUILD)/libengine.a $(BUILD)/libloader.a $(BUILD)/libprotocol.a
	@mkdir -p $(@D) && $(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ALL_LDFLAGS) -lcheck -lsubunit $(LIBS)

# --- libelig: the client library; all that a maker of terminals needs beside protocol/elig.h ---
# The shared one shows what protocol/elig.map lists; the static one hides the rest likewise.
LIBELIG        := $(BUILD)/lib/libelig.so.1 $(BUILD)/lib/libelig.so $(BUILD)/lib/libelig.a
LIBELIG_PARTS  := $(patsubst %,$(BUILD)/pic/protocol/%.o,client frame means status day)
ELIG_VERSION    = $(shell sed -n 's/^.define ELIG_VERSION "\(.*\)"/\1/p' protocol/options.h)
PREFIX         ?= /usr/local

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<
$(BUILD)/lib/libelig.so.1: $(LIBELIG_PARTS) protocol/elig.map
	@mkdir -p $(@D)
	$(CC) -shared -o $@ $(filter %.o,$^) -Wl,-soname,libelig.so.1 -Wl,--version-script=protocol/elig.map \
	    -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN),-Wl,-z,defs) $(LDFLAGS)
$(BUILD)/lib/libelig.so: $(BUILD)/lib/libelig.so.1
	ln -sf libelig.so.1 $@
$(BUILD)/lib/libelig.a: $(LIBELIG_PARTS)
	@mkdir -p $(@D)
	ld -r -o $(BUILD)/pic/elig.o $^
	objcopy --wildcard --keep-global-symbol='elig_*' $(BUILD)/pic/elig.o
	@rm -f $@
	ar rcs $@ $(BUILD)/pic/elig.o
$(BUILD)/lib/pkgconfig/elig.pc: protocol/elig.pc.in protocol/options.h
	@mkdir -p $(@D)
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(ELIG_VERSION)|' $< >$@

libelig: $(LIBELIG) $(BUILD)/lib/pkgconfig/elig.pc ## the client library, in build/lib/
all: libelig
.PHONY: libelig
# --- end of libelig ---

check: all $(TESTS) ## every test
	@for t in $(TESTS); do ELIG_BIN=$(BUILD)/bin ./$$t || exit 1; done

format: ## lay out every file as .clang-format says
	@clang-format -i $$(git ls-files '*.[ch]')
format-check: ## say which files are laid out otherwise
	@clang-format --dry-run --Werror $$(git ls-files '*.[ch]')
clean: ## remove what was built
	rm -rf build build-*
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

.PHONY: all check format format-check clean help
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
