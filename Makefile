# SPDX-License-Identifier: MIT
# sockloom. `make` builds ./sockloom; `make help` lists the rest.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
comma   := ,
BUILD   ?= build/$(notdir $(CC))$(if $(SANITIZE),-san)
OPT     ?= $(if $(SANITIZE),-O1,-O2)
SANFLAGS := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

PKGS    := sqlite3 lua5.4 libpcap libxxhash
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
           -Wpointer-arith -Wundef -Wno-sign-compare -Wno-unused-parameter -Wno-missing-field-initializers
CFLAGS  += -std=c17 -D_GNU_SOURCE $(OPT) -g -fno-strict-aliasing $(WARN) $(SANFLAGS) -I. \
           $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS  += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
LDFLAGS += $(SANFLAGS)

# V=1 shows the commands.
Q       := $(if $(V),,@)
say      = @$(if $(V),true,printf '  %-4s %s\n' $(1) $(2))

LAYERS  := sim/engine sim/host nic stack sim/process sim/scenario tools
SRCS    :=
# Each folder lists its sources in sources.mk: <folder>/sources.mk sets SRC.
define layer
SRC :=
include $(1)/sources.mk
SRCS += $$(addprefix $(1)/,$$(SRC))
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))
include tests/unit/sources.mk

LIB     := $(BUILD)/libsockloom.a
MAIN    := tools/main.c
OBJS    := $(SRCS:%.c=$(BUILD)/%.o)
UNITBIN := $(UNIT_TESTS:%=$(BUILD)/tests/unit/%_test)
# An archive, so that a test that fakes a layer does not pull in what it fakes.
UNITLIB := $(BUILD)/tests/unit/libsupport.a

# The link in the top folder is the default build; others stay in build/.
all: $(if $(filter build/gcc,$(BUILD)),sockloom,$(BUILD)/sockloom)

sockloom: $(BUILD)/sockloom
	@ln -sf $< $@

$(BUILD)/sockloom: $(MAIN:%.c=$(BUILD)/%.o) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(OBJS)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(UNITLIB): $(UNIT_SUPPORT:%.c=$(BUILD)/tests/unit/%.o)
	@mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/tests/unit/%_test: $(BUILD)/tests/unit/%_test.o $(UNITLIB) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Unit tests only: make unit [T=event] runs one.
unit: $(if $(T),$(BUILD)/tests/unit/$(T)_test,$(UNITBIN))
	@set -e; for t in $^; do ASAN_OPTIONS=detect_leaks=1 $$t; done

programs: $(BUILD)/sockloom
	@tests/programs/run.sh $<

scenarios-check: $(BUILD)/sockloom
	@tests/scenario/run.sh $<

# Real programs' transcripts of calls: on the running kernel (as root) and simulated, against what Linux 6.18 printed.
conformance: $(BUILD)/sockloom
	@tests/conformance/run.sh linux; linux=$$?; tests/conformance/run.sh sim $< && \
		{ [ $$linux = 0 ] || [ $$linux = 77 ]; }
conformance-check: $(BUILD)/sockloom
	@tests/conformance/run.sh sim $<

# ---- what README names ----------------------------------------------------------------------------

help:
	@echo 'make            build ./sockloom'
	@echo 'make demo       install what is missing, build, run a scenario, look at its packets'
	@echo 'make check      install what is missing, build three ways, run every test'
	@echo 'make unit       unit tests only; T=NAME for one'
	@echo 'make programs   real programs in scenarios'
	@echo 'make conformance transcripts of calls: the running kernel (as root) and sockloom'
	@echo 'make lint       clang-tidy, cppcheck, layers, banned functions'
	@echo 'make fuzz       fuzz what parses; FUZZ_SECONDS=20 for each target'
	@echo 'make bench      measure; BENCH="dumbbell idle" for some of it'
	@echo 'CC=clang, SANITIZE=1 (address and undefined behaviour), V=1 (show commands)'

deps:
	@tools/deps.sh build
deps-check:
	@tools/deps.sh check

# A recursive make, since pkg-config may only be there after deps.
demo: deps
	@$(MAKE) --no-print-directory -j$(JOBS) sockloom
	@tools/demo.sh

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
SUB   = $(MAKE) --no-print-directory -j$(JOBS)

check: deps-check
	@$(SUB) all unit-bins
	@$(SUB) CC=clang all unit-bins
	@$(SUB) SANITIZE=1 all unit-bins
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory CC=clang unit
	@$(MAKE) --no-print-directory SANITIZE=1 unit
	@$(MAKE) --no-print-directory lint
	@tests/scenario/run.sh $(CURDIR)/build/gcc/sockloom
	@tests/scenario/readme.sh $(CURDIR)/build/gcc/sockloom
	@tests/scenario/run.sh $(CURDIR)/build/gcc-san/sockloom
	@tests/conformance/run.sh sim $(CURDIR)/build/gcc/sockloom
	@tests/conformance/run.sh sim $(CURDIR)/build/gcc-san/sockloom
	@SECOND=$(CURDIR)/build/clang/sockloom tests/programs/run.sh $(CURDIR)/build/gcc/sockloom
	@tests/programs/run.sh $(CURDIR)/build/gcc-san/sockloom threads ends static socat
	@tests/explore/run.sh $(CURDIR)/build/gcc/sockloom
	@tests/explore/run.sh $(CURDIR)/build/gcc-san/sockloom
	@tests/determinism/run.sh $(CURDIR)/build/gcc/sockloom $(CURDIR)/build/clang/sockloom $(SEEDS)
	@$(MAKE) --no-print-directory fuzz
	@echo 'check: all passed'

unit-bins: $(UNITBIN)

LINTSRC = $(SRCS) $(MAIN) $(UNIT_TESTS:%=tests/unit/%_test.c) $(UNIT_SUPPORT:%=tests/unit/%)
# scenario_error() does not return, which cppcheck cannot see: hence the suppression for its folder.
lint: $(LIB)
	@tests/lint/layers.sh
	@tests/lint/sysctl.sh
	@LIB=$(LIB) tests/lint/banned.sh
	@printf '%s\n' $(LINTSRC) | xargs -P $(JOBS) -n 8 sh -c 'clang-tidy --quiet "$$@" -- \
		$(filter -I% -D% -std%,$(CFLAGS)) -Wno-unknown-warning-option 2>/dev/null' tidy
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr -I. --suppress='nullPointerRedundantCheck:sim/scenario/*' -j $(JOBS) \
		--suppress=missingIncludeSystem --suppress=unusedStructMember --error-exitcode=1 sim nic stack tools
	@echo 'lint: clean'


# Fuzz targets with clang's libFuzzer: make fuzz [FUZZ_SECONDS=20]. What they find stays in build/fuzz/found.
FUZZERS := scenario packet
FUZZ_SECONDS ?= 20
FUZZSAN := -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

fuzz:
	@if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }' | \
		clang -fsanitize=fuzzer -xc -o /dev/null - 2>/dev/null; then \
		echo "fuzz: skipped, clang's libFuzzer is missing"; exit 0; fi; \
	$(SUB) CC=clang BUILD=build/fuzz OPT=-O1 SANFLAGS='$(FUZZSAN) -fsanitize=fuzzer-no-link' fuzz-bins || exit 1; \
	mkdir -p build/fuzz/found; \
	for f in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$f; log=build/fuzz/$$f.log; \
		build/fuzz/tests/fuzz/$${f}_fuzz -seed=1 -max_total_time=$(FUZZ_SECONDS) -timeout=20 \
		-rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix=build/fuzz/found/$$f- \
		-dict=tests/fuzz/$$f.dict build/fuzz/corpus/$$f tests/fuzz/corpus/$$f >$$log 2>&1 || \
		{ tail -60 $$log; echo "fuzz: $$f failed; $$log has all"; exit 1; }; \
		echo "fuzz: $$f:$$(sed -n 's/.*number_of_executed_units://p' $$log) inputs, nothing found"; done

# make bench [BENCH="dumbbell idle"]. With ns-3 there, the same dumbbell in it, in the same run.
bench: $(BUILD)/sockloom $(BUILD)/tests/bench/cost $(BUILD)/tests/bench/floor $(BUILD)/tests/bench/calls
	@if pkg-config --exists ns3-internet ns3-point-to-point ns3-applications 2>/dev/null; then \
		$(SUB) $(BUILD)/tests/bench/ns3_dumbbell; fi
	@tests/bench/run.sh $(BUILD) $(BENCH)

$(BUILD)/tests/bench/cost: tests/bench/cost.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BUILD)/tests/bench/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $<

# Static, as what it measures is calls and not the loading of libraries.
$(BUILD)/tests/bench/calls: tests/bench/calls.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu17 -O2 -Wall -Werror -static -o $@ $<

NS3MODS := core network internet point-to-point applications
$(BUILD)/tests/bench/ns3_dumbbell: tests/bench/ns3_dumbbell.cc
	@mkdir -p $(@D)
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=c++17 -O2 -w -o $@ $< $(NS3MODS:%=-lns3-%)

fuzz-bins: $(FUZZERS:%=$(BUILD)/tests/fuzz/%_fuzz)

$(BUILD)/tests/fuzz/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(LIB)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

clean:
	rm -rf build sockloom

.PHONY: all unit unit-bins bench lint fuzz fuzz-bins clean help deps deps-check demo check scenarios-check conformance conformance-check programs
.PRECIOUS: $(BUILD)/%.o
-include $(OBJS:.o=.d) $(UNITBIN:=.d) $(UNIT_SUPPORT:%.c=$(BUILD)/tests/unit/%.d) $(MAIN:%.c=$(BUILD)/%.d)
