# How the C programs are built; everything goes to build/VARIANT. VARIANT is release (default), asan
# (with the sanitizers), coverage (counts which lines run), fuzz (clang's fuzzer and sanitizers) or
# analyzer (gcc's static analysis; nothing is linked).
#
# A folder of C is a library of its sources; NAME_main.c beside them is the program NAME
# (underscores become dashes); tests/test_*.c and fuzz/fuzz_*.c are linked with that library.
# Each library and each program is one short line; V=1 shows the commands themselves.

VARIANT ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD_DIR := build/$(VARIANT)

CPPFLAGS += -D_GNU_SOURCE -I.
CFLAGS := -std=c17 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wpointer-arith -Wwrite-strings -Wformat=2 -fno-common $(EXTRA_CFLAGS)
ifeq ($(VARIANT),asan)
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
else ifeq ($(VARIANT),coverage)
CC := gcc
CFLAGS += -O0 --coverage
# a program or a test's child that ends with _exit() would leave no counts
EXIT_COUNTS := $(BUILD_DIR)/harness/base/tests/exit_counts.o
LDFLAGS += --coverage -Wl,--wrap=_exit $(EXIT_COUNTS)
else ifeq ($(VARIANT),fuzz)
CC := clang
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
          -fno-sanitize-recover=all
LDFLAGS += -fsanitize=fuzzer,address,undefined
else ifeq ($(VARIANT),analyzer)
CC := gcc
CFLAGS += -O2 -fanalyzer
include analyzer.mk
else
CFLAGS += -O2 -D_FORTIFY_SOURCE=2
endif

OPENSSL_LIBS := -lssl -lcrypto
EVENT_LIBS := -levent_core -levent_extra
LDLIBS := -ljansson

ifneq ($(V),1)
.SILENT:
endif
say = @printf '  %-4s %s\n'

FOLDERS := harness/base responders/engine responders/net responders/control responders/program \
           responders/ocsp responders/dns pki harness/clients harness/runtime

# folder -> the libraries it needs besides its own, in link order: from its floor down
floors = $(1:%=$(BUILD_DIR)/%.a)
BASE := $(call floors,harness/base)
LIBS_harness/base :=
LIBS_responders/engine := $(BASE)
LIBS_responders/net := $(call floors,responders/engine) $(BASE) $(EVENT_LIBS)
LIBS_responders/control := $(call floors,responders/net) $(LIBS_responders/net)
LIBS_responders/program := $(call floors,responders/control) $(LIBS_responders/control)
LIBS_responders/ocsp := $(call floors,responders/program) $(LIBS_responders/program) -lcrypto
LIBS_responders/dns := $(call floors,responders/program) $(LIBS_responders/program)
LIBS_pki := $(BASE) -lcrypto
LIBS_harness/clients := $(BASE) $(OPENSSL_LIBS)
LIBS_harness/runtime := $(BASE)

PROGRAMS :=
TESTS :=
FUZZERS :=

define folder_rules
SOURCES_$(1) := $$(filter-out %_main.c $(1)/labclock.c,$$(wildcard $(1)/*.c $(1)/codec/*.c $(1)/faults/*.c))
$(BUILD_DIR)/$(1).a: $$(SOURCES_$(1):%.c=$(BUILD_DIR)/%.o)
	@rm -f $$@
	$(say) AR $$@
	ar rcs $$@ $$^
$$(foreach m,$$(wildcard $(1)/*_main.c),$$(eval $$(call program_rule,$(1),$$(m))))
$$(foreach t,$$(wildcard $(1)/tests/test_*.c),$$(eval $$(call test_rule,$(1),$$(t))))
$$(foreach f,$$(wildcard $(1)/fuzz/fuzz_*.c),$$(eval $$(call fuzz_rule,$(1),$$(f))))
endef

define program_rule
PROGRAMS += $(BUILD_DIR)/bin/$(subst _,-,$(notdir $(2:_main.c=)))
$(BUILD_DIR)/bin/$(subst _,-,$(notdir $(2:_main.c=))): $(BUILD_DIR)/$(2:.c=.o) $(BUILD_DIR)/$(1).a $(filter %.a,$(LIBS_$(1)))
	@mkdir -p $$(@D)
	$(say) LD $$@
	$$(CC) $$(LDFLAGS) -o $$@ $$< $(BUILD_DIR)/$(1).a $(LIBS_$(1)) $$(LDLIBS)
endef

define test_rule
TESTS += $(BUILD_DIR)/$(2:.c=)
$(BUILD_DIR)/$(2:.c=): $(BUILD_DIR)/$(2:.c=.o) $(BUILD_DIR)/$(1).a $(filter %.a,$(LIBS_$(1)))
	$(say) LD $$@
	$$(CC) $$(LDFLAGS) -o $$@ $$< $(BUILD_DIR)/$(1).a $(LIBS_$(1)) $$(LDLIBS) -lcmocka
endef

# A fuzz target is linked with a small driver that replays its corpus and seeded mutations of it;
# in VARIANT=fuzz clang's fuzzer is its driver.
FUZZ_DRIVER := $(if $(filter-out fuzz,$(VARIANT)),$(BUILD_DIR)/harness/base/tests/fuzz_replay.o)

define fuzz_rule
FUZZERS += $(BUILD_DIR)/$(2:.c=)
$(BUILD_DIR)/$(2:.c=): $(BUILD_DIR)/$(2:.c=.o) $(FUZZ_DRIVER) $(BUILD_DIR)/$(1).a $(filter %.a,$(LIBS_$(1)))
	$(say) LD $$@
	$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) $(BUILD_DIR)/$(1).a $(LIBS_$(1)) $$(LDLIBS)
endef

$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

$(BUILD_DIR)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(PROGRAMS) $(TESTS) $(FUZZERS): | $(EXIT_COUNTS)

# Preloaded into programs that may be linked against any C library: it uses none itself. So it is
# not counted in VARIANT=coverage either: gcov writes its counts with the help of one, and it would
# do so in programs that are not ours.
$(BUILD_DIR)/lib/labclock.so: harness/runtime/labclock.c
	@mkdir -p $(@D)
	$(say) LD $@
	$(CC) -std=c17 -Wall -Wextra -Werror -O2 -D_GNU_SOURCE -fPIC -fno-stack-protector -shared -nostdlib -o $@ $<

# The launcher runs in the server's image, too, whatever C library that has.
ifeq ($(VARIANT),release)
$(BUILD_DIR)/bin/launcher: private LDFLAGS += -static
endif

# RSA keys take a while to make: once, before a run would wait for them, for every profile.
KEYS := build/keys/made
$(KEYS): $(wildcard pki/profiles/*.json) | $(BUILD_DIR)/bin/pki-mint
	$(say) KEYS $(@D)
	for profile in $^; do \
	    rm -rf $(BUILD_DIR)/minted; \
	    $(BUILD_DIR)/bin/pki-mint --key-pool=$(@D) --set=ocsp_port=80 \
	        --set=ocsp_address=127.0.0.1 $$profile $(BUILD_DIR)/minted || exit; \
	done
	rm -r $(BUILD_DIR)/minted
	touch $@

# What the programs are made of, without the tests: in a test, a failed allocation may well crash.
ANALYZED := $(patsubst %.c,$(BUILD_DIR)/%.o,$(wildcard $(foreach f,$(FOLDERS),$(f)/*.c $(f)/*/*.c)))
ANALYZED := $(foreach o,$(ANALYZED),$(if $(findstring /tests/,$o)$(findstring /fuzz/,$o),,$o))

.PHONY: build build-tests check keys analyze
analyze: $(ANALYZED)
ifeq ($(VARIANT),analyzer)
$(ANALYZED): analyzer.mk
endif
keys: $(KEYS)
build: $(PROGRAMS) $(BUILD_DIR)/lib/labclock.so
build-tests: $(TESTS) $(FUZZERS)

# Runs every unit test, and every fuzz target on its corpus (fuzz/corpus_NAME for fuzz/fuzz_NAME.c):
# a line for each that passes, the whole output of one that fails.
CHECKS := $(addsuffix .check,$(TESTS) $(FUZZERS))
.PHONY: $(CHECKS)
check: $(CHECKS)
$(FUZZERS:%=%.check): CORPUS = $(subst /fuzz/fuzz_,/fuzz/corpus_,$(<:$(BUILD_DIR)/%=%))
$(CHECKS): %.check: %
	timeout 300 $< $(CORPUS) >$<.log 2>&1 || { echo "FAILED ($$?): $<"; cat $<.log; exit 1; } >&2
	$(say) TEST $<

# Looks for inputs that crash: each fuzz target, or FUZZ=X alone, for SECONDS (VARIANT=fuzz).
SECONDS ?= 60
FUZZED := $(if $(FUZZ),$(filter %/fuzz_$(FUZZ),$(FUZZERS)),$(FUZZERS))
.PHONY: build-fuzz fuzz $(FUZZED:%=%.fuzz)
build-fuzz: $(FUZZED)
	$(if $(FUZZED),,$(error no fuzz target FUZZ=$(FUZZ); there are \
	    $(sort $(patsubst fuzz_%,%,$(notdir $(FUZZERS))))))
fuzz: $(FUZZED:%=%.fuzz)
$(FUZZED:%=%.fuzz): %.fuzz: %
	harness/setup/fuzz $< $(subst /fuzz/fuzz_,/fuzz/corpus_,$(<:$(BUILD_DIR)/%=%)) $(SECONDS)

-include $(shell find $(BUILD_DIR) -name '*.d' 2>/dev/null)
