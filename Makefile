# reeve: `make help` lists the targets.
#
# Every variant (VARIANT=asan, clang, fault, fuzz) has its own tree below build/; the plain one is
# build/ itself. Objects of a room go into one archive per room, and a program or test links only the
# archives of its room and those below it: a call upwards does not link.

# ---- where things go ----------------------------------------------------------------------------
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
DOCDIR     ?= $(DATADIR)/doc/reeve
BASHDIR    ?= $(DATADIR)/bash-completion/completions
DESTDIR    ?=
INSTALL    ?= install

# The one place of the version is src/base/version.h; VERSION=… on the command line names another.
VERSION_IN_SOURCE := $(shell sed -n 's/^.define REEVE_VERSION "\(.*\)"/\1/p' src/base/version.h)
VERSION    ?= $(VERSION_IN_SOURCE)

VARIANT    ?=
B          := build$(if $(VARIANT),/$(VARIANT))
PYTHON     ?= /usr/bin/python3
PYTEST     := PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -rs -p no:cacheprovider
PYTEST_FLAGS ?=
FUZZ_SECONDS ?= 10
N          ?= 1000000
SEED       ?=

# ---- compilers and flags ------------------------------------------------------------------------
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= $(firstword $(shell command -v clang-14 clang) clang-14)
CLANG_FORMAT ?= clang-format-14
CLANG_TIDY ?= clang-tidy-14

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
    -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
    -Wundef -Wformat=2 -Wvla -Wnull-dereference -Wimplicit-fallthrough
ifneq ($(filter 1,$(CI) $(WERROR)),)
WARNINGS += -Werror
endif

DIALECT  := -std=gnu11 -D_GNU_SOURCE
INCLUDES := -Isrc
SECTIONS := -ffunction-sections -fdata-sections -Wl,--gc-sections
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

ifeq ($(VARIANT),)
CFLAGS   ?= -O2 -g
OWN      := $(HARDEN)
OWN_LD   := $(HARDEN_LD)
else ifeq ($(VARIANT),fault)
CFLAGS   ?= -O2 -g
OWN      := $(HARDEN) -DREEVE_FAULTS
OWN_LD   := $(HARDEN_LD)
else ifeq ($(VARIANT),clang)
override CC := $(CLANG)
CFLAGS   ?= -O2 -g
OWN      := $(HARDEN)
OWN_LD   := $(HARDEN_LD)
else ifeq ($(VARIANT),asan)
CFLAGS   ?= -O1 -g
OWN      := $(SANITIZE)
OWN_LD   := $(SANITIZE)
# What the sanitizers put in between keeps gcc from knowing how large a number can be.
WARNINGS += -Wno-format-truncation
else ifeq ($(VARIANT),fuzz)
override CC := $(CLANG)
CFLAGS   ?= -O1 -g
# The depth of the stack hangs on where it begins, that is on the environment and on chance.
OWN      := $(SANITIZE) -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth
OWN_LD   := $(SANITIZE)
else
$(error VARIANT=$(VARIANT) is none of asan, clang, fault, fuzz)
endif

DEFINES  := $(if $(filter-out $(VERSION_IN_SOURCE),$(VERSION)),-DREEVE_VERSION='"$(VERSION)"')
COMPILE   = $(CC) $(DIALECT) $(INCLUDES) $(DEFINES) $(CPPFLAGS) $(CFLAGS) $(OWN) $(WARNINGS) \
    $(filter-out -Wl%,$(SECTIONS))
LINK      = $(CC) $(CFLAGS) $(OWN_LD) $(LDFLAGS) $(filter -Wl%,$(SECTIONS)) -Wl,--as-needed
LIBS     := -lev -linih -lcjson -lm

# ---- rooms --------------------------------------------------------------------------------------
# From the bottom up. A room may use itself and what stands before it.
DAEMON_ROOMS := base core varlink os config run control reeved
CLI_ROOMS    := base core varlink os config reevectl
ROOMS        := $(DAEMON_ROOMS) reevectl

MAINS := $(wildcard src/reeved/main.c src/reevectl/main.c)
SRCS  := $(filter-out $(MAINS),$(wildcard $(ROOMS:%=src/%/*.c)))
HDRS  := $(wildcard $(ROOMS:%=src/%/*.h))
BINS  := $(MAINS:src/%/main.c=$(B)/%)

# The contract of the control socket, as text inside the program.
CONTRACT := $(wildcard src/varlink/io.reeve.Manager.varlink)
GEN      := $(if $(CONTRACT),$(B)/gen/varlink_contract.c)
GEN_OBJS := $(GEN:$(B)/gen/%.c=$(B)/obj/gen/%.o)

room_objs = $(patsubst %.c,$(B)/obj/%.o,$(filter src/$(1)/%,$(SRCS))) \
    $(if $(filter varlink,$(1)),$(GEN_OBJS))
archive   = $(B)/lib/$(1).a
# up_to ROOM,LIST: the words of LIST up to and with ROOM
up_to     = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,\
    $(call up_to,$(1),$(wordlist 2,99,$(2)))))
rooms_of  = $(if $(filter reevectl,$(1)),$(CLI_ROOMS),$(call up_to,$(1),$(DAEMON_ROOMS)))
reversed  = $(if $(1),$(call reversed,$(wordlist 2,99,$(1))) $(firstword $(1)))
# Archives from the top down, the order in which the linker wants them.
archives  = $(foreach r,$(call reversed,$(call rooms_of,$(1))),$(call archive,$(r)))
ALL_ARCHIVES := $(foreach r,$(call reversed,$(DAEMON_ROOMS)),$(call archive,$(r)))

OBJS := $(SRCS:%.c=$(B)/obj/%.o) $(MAINS:%.c=$(B)/obj/%.o) $(GEN_OBJS)

# ROOM=base narrows check-unit to one room.
UNIT_SRCS  := $(wildcard tests/unit/test_$(if $(ROOM),$(ROOM)_)*.c)
UNIT_TESTS := $(UNIT_SRCS:%.c=$(B)/%)
FUZZ_SRCS  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS    := $(FUZZ_SRCS:%.c=$(B)/%)
SIM_SRCS   := $(wildcard tests/sim/*.c)
SIM_OBJS   := $(SIM_SRCS:%.c=$(B)/obj/%.o)
TEST_HELPERS := $(patsubst %.c,$(B)/%,$(wildcard tests/integration/helpers/*.c))
FAILMALLOC := $(if $(wildcard tests/faults/failmalloc.c),$(B)/tests/faults/failmalloc.so)
MAN_PAGES  := $(wildcard man/*.[1578])

.PHONY: all
all: $(BINS) ## build reeved and reevectl

$(B)/reeved: $(B)/obj/src/reeved/main.o $(call archives,reeved)
$(B)/reevectl: $(B)/obj/src/reevectl/main.o $(call archives,reevectl)
$(B)/reeved $(B)/reevectl:
	@echo "  LD    $@"
	@$(LINK) -o $@ $^ $(LIBS)

define room_archive
$(call archive,$(1)): $(call room_objs,$(1)) $(B)/sources
	@mkdir -p $$(@D)
	@rm -f $$@.new
	@$(AR) rcs $$@.new $$(filter %.o,$$^)
	@mv -f $$@.new $$@
endef
$(foreach r,$(ROOMS),$(eval $(call room_archive,$(r))))

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(COMPILE) -MMD -MP -c -o $@ $<

$(B)/obj/gen/%.o: $(B)/gen/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(COMPILE) -MMD -MP -c -o $@ $<

$(GEN): $(CONTRACT) src/varlink/embed.sh
	@mkdir -p $(@D)
	@sh src/varlink/embed.sh $(CONTRACT) $@

# Files that change when the flags or the list of sources change, so that what depends on them is
# made anew: an archive forgets a file that is gone, an object knows its warnings.
.PHONY: FORCE
FORCE:
$(B)/flags: WORDS = $(COMPILE) $(LINK)
$(B)/sources: WORDS = $(SRCS)
$(B)/flags $(B)/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(WORDS))' >$@.$$$$ && \
	    if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv -f $@.$$$$ $@; fi

# ---- tests --------------------------------------------------------------------------------------
.SECONDEXPANSION:

.PHONY: unit-tests check-unit
unit-tests: $(UNIT_TESTS)
check-unit: $(UNIT_TESTS) $(FAILMALLOC) ## unit tests (ROOM=core: of one room)
	@$(PYTHON) tests/tools/run_unit.py $(UNIT_TESTS)

$(UNIT_TESTS): $(B)/tests/unit/%: $(B)/obj/tests/unit/%.o \
    $$(call archives,$$(word 2,$$(subst _, ,$$*)))
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(LINK) -o $@ $^ -lcmocka $(LIBS)

# The same in every variant, and static: tests start them by the thousand.
$(TEST_HELPERS): $(B)/%: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(CC) $(DIALECT) -O2 -g $(WARNINGS) -static -o $@ $<

$(B)/tests/faults/failmalloc.so: tests/faults/failmalloc.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(COMPILE) -fPIC -shared -o $@ $< -ldl

.PHONY: test-helpers
test-helpers: $(TEST_HELPERS) $(FAILMALLOC)

.PHONY: check-integration
check-integration: all test-helpers ## the real daemon, by pytest (T=… narrows, as pytest -k)
	@REEVE_BUILD=$(CURDIR)/$(B) $(PYTEST) $(PYTEST_FLAGS) $(if $(T),-k '$(T)') \
	    --ignore-glob='*/test_fault_*.py' --ignore-glob='*/test_vm_*.py' tests/integration

.PHONY: check-faults
check-faults: ## the real daemon with system calls and allocations that fail
	@$(MAKE) --no-print-directory VARIANT=fault all test-helpers
	@REEVE_BUILD=$(CURDIR)/build/fault $(PYTEST) $(PYTEST_FLAGS) $(if $(T),-k '$(T)') \
	    $(or $(wildcard tests/integration/test_fault_*.py),tests/integration/test_fault_none.py)

# What only an older kernel shows, and what could cost the machine: in a machine in software, of which
# tests/vm/run.py says more.
.PHONY: check-vm
check-vm: all test-helpers unit-tests ## tests on Debian's cloud kernel, in qemu (T=… narrows)
	@REEVE_BUILD=$(CURDIR)/$(B) PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/vm/run.py \
	    $(PYTEST_FLAGS) $(if $(T),-k '$(T)')

.PHONY: sim check-sim
# The simulator makes the core's allocations fail, at random and by seed.
$(B)/sim: $(SIM_OBJS) $(call archives,core)
	@echo "  LD    $@"
	@$(LINK) -Wl,--wrap=realloc,--wrap=calloc -o $@ $^ $(LIBS)
sim: $(if $(SIM_SRCS),$(B)/sim) ## the simulator: N events, SEED=…
	$(if $(SIM_SRCS),$(B)/sim -n $(N) $(if $(SEED),-s $(SEED)),@echo "tests/sim holds no simulator"; exit 1)
check-sim: ## the simulator over a million events
	@$(MAKE) --no-print-directory sim N=1000000

.PHONY: fuzzers fuzz check-fuzz
fuzzers: $(FUZZERS)
check-fuzz: ## fuzz what parses: the same inputs each time
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@$(PYTHON) tests/tools/run_fuzz.py check $(FUZZ_SRCS:%.c=build/fuzz/%)
fuzz: ## a campaign of FUZZ_SECONDS each: inputs by chance, from what earlier ones found
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@$(PYTHON) tests/tools/run_fuzz.py $(FUZZ_SECONDS) $(FUZZ_SRCS:%.c=build/fuzz/%)

# Time in this one is its own, so that what it does depends on nothing but the input.
$(B)/tests/fuzz/fuzz_control: FUZZ_LD := -Wl,--wrap=timer_set,--wrap=timer_stop
$(FUZZERS): $(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(ALL_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(LINK) $(FUZZ_LD) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: check-asan check-clang check-house
check-asan: ## unit and integration tests under ASan and UBSan
	@$(MAKE) --no-print-directory VARIANT=asan check-unit
	@$(MAKE) --no-print-directory VARIANT=asan check-integration

# All that clang warns about it knows before it makes code.
check-clang: ## everything compiles with clang, warnings are errors
	@$(MAKE) --no-print-directory VARIANT=clang WERROR=1 parse
.PHONY: parse
parse: $(GEN)
	@$(COMPILE) -fsyntax-only $(SRCS) $(MAINS) $(GEN) $(UNIT_SRCS) $(SIM_SRCS)

check-house: all ## layers, what core calls, the map
	@$(PYTEST) tests/house

.PHONY: check
check: ## install what the tests need, then run everything (STEPS='unit house': these)
	@started=$$(date +%s) && packaging/deps.sh check && \
	    CHECK_STARTED=$$started PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/tools/check.py $(STEPS)

# ---- the house rules of text --------------------------------------------------------------------
C_FILES := $(wildcard src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] tests/sim/*.[ch] \
    tests/faults/*.[ch] tests/integration/helpers/*.[ch])

.PHONY: lint check-tidy check-cppcheck man format check-format
# How many states of a function the analyzer looks at before it gives up: its cost. 225000 is what it
# takes by itself, which triples the time of lint.
TIDY_NODES ?= 75000
TIDY_DEPTH := -Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES)
TIDY := $(patsubst %.c,build/lint/%.tidy,$(SRCS) $(MAINS))
lint: check-tidy check-cppcheck ## clang-tidy and cppcheck

check-tidy: $(TIDY)
$(TIDY): build/lint/%.tidy: %.c $(HDRS) .clang-tidy
	@mkdir -p $(@D)
	@echo "  TIDY  $<"
	@$(CLANG_TIDY) --quiet --warnings-as-errors='*' $< -- $(DIALECT) $(INCLUDES) $(TIDY_DEPTH) \
	    2>$@.err >$@.out \
	    || { cat $@.out; grep -v 'warnings* generated' $@.err; rm -f $@.out $@.err; exit 1; }
	@rm -f $@.out $@.err; touch $@

check-cppcheck:
	@mkdir -p build/lint/cppcheck
	@cppcheck --quiet --std=c11 -D_GNU_SOURCE -D__GNUC__ $(INCLUDES) \
	    --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=tests/tools/cppcheck.suppressions \
	    --cppcheck-build-dir=build/lint/cppcheck src

man: ## lint the manual pages
	@$(if $(MAN_PAGES),mandoc -Tlint -Wwarning $(MAN_PAGES),echo "no pages in man/"; exit 1)

format: ## format the C files in place
	@$(CLANG_FORMAT) -i $(C_FILES)
check-format:
	@$(CLANG_FORMAT) --dry-run --Werror $(C_FILES)

# ---- for users ----------------------------------------------------------------------------------
.PHONY: install uninstall demo dist clean help
install: all ## install below DESTDIR and PREFIX
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(DOCDIR)/examples \
	    $(DESTDIR)$(BASHDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 755 build/reeved $(DESTDIR)$(SBINDIR)/reeved
	$(INSTALL) -m 755 build/reevectl $(DESTDIR)$(BINDIR)/reevectl
	$(foreach p,$(MAN_PAGES),$(INSTALL) -m 644 $(p) $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)) &&) true
	$(INSTALL) -m 644 conf/reeve.ini $(DESTDIR)$(DOCDIR)/examples/reeve.ini
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE $(DESTDIR)$(DOCDIR)
	$(INSTALL) -m 644 packaging/completion/reevectl.bash $(DESTDIR)$(BASHDIR)/reevectl

# Removes our files, then the directories that are ours alone or were left empty.
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(SBINDIR)/reeved $(DESTDIR)$(BINDIR)/reevectl $(DESTDIR)$(BASHDIR)/reevectl
	rm -f $(foreach p,$(MAN_PAGES),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)))
	rm -rf $(DESTDIR)$(DOCDIR)
	-for d in $(SBINDIR) $(BINDIR) $(BASHDIR) $(dir $(DOCDIR)) $(MANDIR)/man1 $(MANDIR)/man5 \
	    $(MANDIR)/man7 $(MANDIR)/man8; do rmdir -p --ignore-fail-on-non-empty $(DESTDIR)$$d 2>/dev/null; done; true

demo: ## a small real site, supervised in the foreground
	@packaging/demo.sh

dist: ## a source archive of the committed tree
	@mkdir -p build
	git archive --format=tar.gz --prefix=reeve-$(VERSION)/ -o build/reeve-$(VERSION).tar.gz HEAD

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 20

.DELETE_ON_ERROR:
-include $(OBJS:.o=.d) $(UNIT_SRCS:%.c=$(B)/obj/%.d) $(SIM_OBJS:.o=.d) $(FUZZ_SRCS:%.c=$(B)/obj/%.d)
