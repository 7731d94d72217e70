# opsync - from OpenProject work packages to documents in a git repository.
#
#   make            build opsyncd and opsync into build/release
#   make demo       install what is missing, build, and show the main job
#   make check      install what is missing, build, and run every test
#   make map        what each file of the code is, in a line
#   make lint       formatting, clang-tidy, cppcheck, include arrows
#   make asan tsan  the tests under the address and the thread sanitizer
#   make coverage   how much of the code the tests reach
#   make mutants    broken code that no test notices; OF="store/heal.c …"
#   make fuzz       each fuzz target for SECONDS=60
#   make soak       faults of all kinds for an hour and a half; SOAK=0.1 a tenth
#   make bench      first sync, idle poll, one change; rendering alone
#   make install    into $(DESTDIR)$(PREFIX)
#   make deb        a Debian package, in build/deb
#   make deb-check  that package in a clean Debian with a running systemd

PREFIX ?= /usr/local
MODE   ?= release
BUILD  ?= build/$(MODE)
ifeq ($(origin CC),default)
CC := gcc
endif
PYTHON ?= /usr/bin/python3

MODULES  := base api content store daemon
PACKAGES := libcurl jansson yaml-0.1 libuv libgit2 sqlite3 gumbo icu-i18n \
	icu-uc libpcre2-8 libcrypto libsystemd zlib libdeflate liblz4

# The Debian packages that opsync needs, and those that its tests need.
NEEDED   := gcc make git ca-certificates pkg-config libcurl4-openssl-dev \
	libjansson-dev libyaml-dev libuv1-dev libgit2-dev libsqlite3-dev \
	libgumbo-dev libicu-dev libpcre2-dev libssl-dev libsystemd-dev \
	zlib1g-dev libdeflate-dev liblz4-dev python3
DEBIAN   := $(NEEDED) clang libcmocka-dev libmicrohttpd-dev clang-format \
	clang-tidy cppcheck libclang-rt-14-dev python3-yaml python3-requests \
	curl openssl strace hugo ruby systemd fish zsh mandoc

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes
OPTIMIZE-release := -O2
OPTIMIZE-asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover \
	-fno-omit-frame-pointer
OPTIMIZE-tsan := -O1 -fsanitize=thread
OPTIMIZE-fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined
# Counters that are mapped files (%c) outlive a process that is killed.
OPTIMIZE-coverage := -O1 -fcoverage-mapping -mllvm -runtime-counter-relocation \
	-fprofile-instr-generate=$(CURDIR)/$(BUILD)/profiles/%c%m.profraw
OPTIMIZE := $(OPTIMIZE-$(MODE))
CFLAGS   ?= -g
FLAGS    := -std=c11 -D_GNU_SOURCE -I. \
	$(OPTIMIZE) $(WARNINGS) -fstack-protector-strong -pthread $(CFLAGS)
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS   = $(shell pkg-config --libs $(PACKAGES))
LINK = $(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ -Wl,--as-needed

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)/*.c))
archive = $(BUILD)/lib$(1).a

# What a module's tests link: the module and what it may lean on.
lean-base    := base
lean-api     := api base
lean-content := content base
lean-store   := store base
lean-daemon  := daemon store content api base
archives = $(foreach m,$(lean-$(1)),$(call archive,$(m)))

all: $(BUILD)/opsyncd $(BUILD)/opsync

$(BUILD)/opsyncd: $(BUILD)/daemon/main.o $(call archives,daemon)
	$(LINK) $(PKG_LIBS)

$(BUILD)/opsync: $(call objects,cli) $(call archives,daemon)
	$(LINK) $(PKG_LIBS)

define module
$$(BUILD)/lib$(1).a: $$(filter-out %/main.o,$$(call objects,$(1)))
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module,$(m))))

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

# Tests: tests/unit/MODULE/NAME.c is one program; tests/scenarios/*.py drive
# the programs; tests/openproject is the stand-in server.
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/*.c))
STAND_IN := $(BUILD)/tests/openproject/openproject

define unit-module
$$(BUILD)/tests/unit/$(1)/%: $$(BUILD)/tests/unit/$(1)/%.o $$(call archives,$(1))
	$$(LINK) $$(PKG_LIBS) -lcmocka
unit-$(1): $$(filter $$(BUILD)/tests/unit/$(1)/%,$$(UNIT))
endef
$(foreach m,$(MODULES),$(eval $(call unit-module,$(m))))

$(STAND_IN): $(call objects,tests/openproject) $(call archive,base)
	$(LINK) $(PKG_LIBS) -lmicrohttpd

# What makes a program's system calls, allocations and clock go wrong.
FAULTS := $(addprefix $(BUILD)/tests/faults/,calls allocations.so clock.so)
$(BUILD)/tests/faults/calls: $(addprefix $(BUILD)/tests/faults/,calls.o call.o)
	$(LINK)
$(BUILD)/tests/faults/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -fPIC -shared -o $@ $<

# Fuzz targets: tests/fuzz/MODULE/NAME.c, linked with a driver that replays
# files (make check), or with libFuzzer (make fuzz SECONDS=600).
SECONDS ?= 60
SOAK ?= 1
FUZZ := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*/*.c))
define fuzz-module
$$(BUILD)/tests/fuzz/$(1)/%: $$(BUILD)/tests/fuzz/$(1)/%.o \
		$$(BUILD)/tests/fuzz/replay.o $$(call archives,$(1))
	$$(LINK) $$(PKG_LIBS)
$$(BUILD)/fuzz-$(1)-%: $$(BUILD)/tests/fuzz/$(1)/%.o $$(call archives,$(1))
	$$(LINK) -fsanitize=fuzzer $$(PKG_LIBS)
endef
$(foreach m,$(MODULES),$(eval $(call fuzz-module,$(m))))

# What the benchmark runs beside the programs.
BENCHES := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(call archive,content) \
		$(call archive,api) $(call archive,base)
	$(LINK) $(PKG_LIBS)

test-programs: all $(UNIT) $(FUZZ) $(STAND_IN) $(FAULTS)

check: test-deps
	$(MAKE) --no-print-directory test-programs
	BUILD=$(BUILD) $(PYTHON) tests/run.py

asan tsan: test-deps
	$(MAKE) --no-print-directory MODE=$@ test-programs
	BUILD=build/$@ $(PYTHON) tests/run.py --quick

# The folder, and the counters, are for tests that run as somebody else, too.
coverage: test-deps
	$(MAKE) --no-print-directory MODE=$@ CC=clang test-programs
	rm -rf build/$@/profiles
	mkdir -m 777 build/$@/profiles
	for program in opsync opsyncd; do build/$@/$$program --version; done
	chmod 666 build/$@/profiles/*
	BUILD=build/$@ $(PYTHON) tests/run.py >build/$@/tests.log || \
		{ cat build/$@/tests.log; exit 1; }
	BUILD=build/$@ $(PYTHON) tests/coverage.py

# What is broken; MUTANTS="--number 50"; after make coverage.
OF ?= store
mutants: test-deps
	$(PYTHON) tests/mutants.py $(MUTANTS) $(OF)

fuzz-programs: $(foreach f,$(wildcard tests/fuzz/*/*.c),$(BUILD)/fuzz-$(subst /,-,$(patsubst tests/fuzz/%.c,%,$(f))))

fuzz: test-deps
	$(MAKE) --no-print-directory MODE=$@ CC=clang fuzz-programs
	BUILD=build/$@ sh tests/fuzz.sh $(SECONDS)

soak: test-deps
	$(MAKE) --no-print-directory test-programs
	BUILD=$(BUILD) SOAK=$(SOAK) $(PYTHON) tests/soak.py

demo:
	@sh tests/deps.sh $(NEEDED) libmicrohttpd-dev
	$(MAKE) --no-print-directory all $(STAND_IN)
	BUILD=$(BUILD) sh tests/demo.sh

bench: test-deps
	$(MAKE) --no-print-directory all $(STAND_IN) $(BENCHES)
	BUILD=$(BUILD) $(PYTHON) tests/bench/bench.py $(BENCH)

lint: test-deps
	$(MAKE) --no-print-directory MODE=clang CC=clang test-programs \
		WARNINGS="$(WARNINGS) -Werror"
	$(MAKE) --no-print-directory MODE=werror test-programs \
		WARNINGS="$(WARNINGS) -Werror"
	BUILD=build/lint FLAGS='$(filter-out -O2,$(FLAGS)) $(PKG_CFLAGS)' \
		sh tests/lint.sh

# The first sentence of each.
map:
	@awk 'FNR == 1 { on = 1; text = "" } \
		FNR > 1 && on { line = $$0; sub(/^ \*\/?/, "", line); \
			text = text line; \
			if (line == "" || text ~ /\.( |$$)/) { on = 0; \
				sub(/\. .*/, ".", text); \
				sub(/^ [^ ]* - /, "", text); \
				printf "%-28s %s\n", FILENAME, text } }' \
		$(foreach m,$(MODULES) cli,$(wildcard $(m)/*.c))

format:
	git ls-files '*.[ch]' | xargs clang-format -i

deps:
	@sh tests/deps.sh $(NEEDED)

test-deps:
	@sh tests/deps.sh $(DEBIAN)

# make install puts below $(DESTDIR)$(PREFIX) what is staged here; units name
# the prefix, and those without @ are the templates with opsync for their name,
# which has no folder of its own.
STAGE    := $(BUILD)/stage
AT_PREFIX = sed 's,/usr/local/,$(PREFIX)/,g'
PLAIN     = sed 's,/%i\([ /]\|$$\),\1,g; s,%i,opsync,g'

stage-units:
	rm -rf $(STAGE)
	mkdir -p $(STAGE)/lib/systemd/system
	cd systemd && for unit in *.service *.path; do $(AT_PREFIX) $$unit \
		>$(abspath $(STAGE))/lib/systemd/system/$$unit; done
	$(AT_PREFIX) systemd/opsyncd@.service | $(PLAIN) \
		>$(STAGE)/lib/systemd/system/opsyncd.service
	$(PLAIN) systemd/opsync-published@.path \
		>$(STAGE)/lib/systemd/system/opsync-published.path
	install -D -m 644 systemd/sysusers.conf \
		$(STAGE)/lib/sysusers.d/opsync.conf
	install -D -m 644 systemd/tmpfiles.conf \
		$(STAGE)/lib/tmpfiles.d/opsync.conf

# The manual is docs/*.md: docs/man.py makes pages of it.
MAN := $(addprefix $(BUILD)/man/,opsync.1 opsyncd.8 opsync.yaml.5)
man: $(MAN)
$(MAN): docs/man.py $(wildcard docs/*.md) $(BUILD)/opsync $(BUILD)/opsyncd
	@mkdir -p $(@D)
	$(PYTHON) docs/man.py $(PAGE) >$@
$(BUILD)/man/opsync.1: PAGE = opsync 1 "see and steer opsyncd" \
	$(BUILD)/opsync docs/opsync.md
$(BUILD)/man/opsyncd.8: PAGE = opsyncd 8 \
	"keep documents in git in step with OpenProject" \
	$(BUILD)/opsyncd docs/opsyncd.md
$(BUILD)/man/opsync.yaml.5: PAGE = opsync.yaml 5 \
	"configuration of opsyncd" \
	$(BUILD)/opsyncd docs/configuration.md docs/mapping.md

stage: all man stage-units
	for page in $(MAN); do install -D -m 644 -t \
		$(STAGE)/share/man/man$${page##*.} $$page; done
	install -D -m 644 completion/opsync.bash \
		$(STAGE)/share/bash-completion/completions/opsync
	install -D -m 644 completion/opsyncd.bash \
		$(STAGE)/share/bash-completion/completions/opsyncd
	install -D -m 644 -t $(STAGE)/share/zsh/site-functions \
		completion/_opsync completion/_opsyncd
	install -D -m 644 -t $(STAGE)/share/fish/vendor_completions.d \
		completion/opsync.fish completion/opsyncd.fish
	install -D -t $(STAGE)/bin $(BUILD)/opsyncd $(BUILD)/opsync
	install -D -m 644 -t $(STAGE)/share/doc/opsync README.md docs/*.md
	cp -R examples $(STAGE)/share/doc/opsync
	$(PLAIN) examples/opsync-published@.service \
		>$(STAGE)/share/doc/opsync/examples/opsync-published.service

install: stage
	cd $(STAGE) && find . -type f | while read -r file; do \
		mode=644; test -x "$$file" && mode=755; \
		install -D -m $$mode "$$file" "$(DESTDIR)$(PREFIX)/$$file" || \
		exit 1; done

uninstall: stage
	cd $(STAGE) && find . -type f | while read -r file; do \
		rm -f "$(DESTDIR)$(PREFIX)/$$file"; done
	cd $(STAGE) && find share/doc/opsync -depth -type d | \
		while read -r folder; do \
		to="$(DESTDIR)$(PREFIX)/$$folder"; test ! -d "$$to" || \
		rmdir --ignore-fail-on-non-empty "$$to"; done

# A Debian package, of the files as they are; what lintian warns of fails.
VERSION := $(shell sed -n 's/.*OPSYNC_VERSION "\(.*\)"/\1/p' base/version.h)
deb:
	@sh tests/deps.sh $(NEEDED) build-essential debhelper dpkg-dev fakeroot lintian
	rm -rf build/deb
	mkdir -p build/deb/opsync-$(VERSION)
	git ls-files -co --exclude-standard | tar -c -T - | \
		tar -x -C build/deb/opsync-$(VERSION)
	cd build/deb/opsync-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL \
		dpkg-buildpackage -b -us -uc
	lintian --fail-on error,warning build/deb/*.changes

deb-check: test-deps deb $(STAND_IN)
	@sh tests/deps.sh debootstrap systemd-container
	BUILD=$(BUILD) $(PYTHON) tests/package.py \
		build/deb/opsync_$(VERSION)_*.deb build/debian

clean:
	rm -rf build

.PHONY: all check asan tsan coverage mutants fuzz soak demo bench lint map format \
	deps test-deps install uninstall stage stage-units man deb deb-check clean \
	test-programs fuzz-programs $(addprefix unit-,$(MODULES))
.PRECIOUS: $(BUILD)/%.o
.DELETE_ON_ERROR:

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
