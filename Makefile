# SPDX-License-Identifier: GPL-2.0-only
# Everything is built below build/; "make help" lists what can be made.

VERSION		:= 0.1.0
SOVERSION	:= 0

# Kernels to build the module for and to test on; selftests/qemu/matrix.py has
# more of them. To look and to measure Debian's own will do.
STOCK			:= 6.1 6.12
KERNELS_check		:= 7-debug $(STOCK)
KERNELS_check-all	:= $(STOCK) 7 6.1-debug 7-debug 7-kcsan
KERNELS_coverage	:= 6.1-debug 7-debug
KERNELS_fuzz		:= 7-debug
# Of these programs "make storm" does all that is promised: so many pushes of each sort,
# and buffers lent.
STORMS			:= lent storm_strict stable_storm
STORM_PUSHES		?= 25000
STORM_LENT		?= 10000
KERNELS ?= $(or $(KERNELS_$(firstword $(MAKECMDGOALS))),$(STOCK))
# Tests to run; empty: all. A word is a subject: it selects the test of that name and
# those that have it between the "_" of theirs; =NAME is that test alone.
TESTS		?=
# Subjects that tests with other names belong to.
ALSO_lend	:= lent
ALSO_notify	:= reap
# Also those that take too long on a kernel, and all of what the others can do?
EVERY		?= $(if $(TESTS)$(filter check-all,$(MAKECMDGOALS)),1)
# Also look for memory that nothing points to any more? Debug kernels take twice as long.
LEAKS		?= $(if $(filter check-all,$(MAKECMDGOALS)),1)
# Also those that a sort of kernel is not for? They were asked for by their names.
NAMED		?= $(TESTS)
# Scenarios of the benchmark to run; empty: all.
BENCH		?=
# Seconds to fuzz for.
SECONDS		?= 600
# Seconds for one test program, and for all of them in one guest.
LIMIT		?= 1200
TOTAL		?= 3600

PREFIX		?= /usr/local
LIBDIR		?= $(PREFIX)/lib
MANDIR		?= $(PREFIX)/share/man
DESTDIR		?=
WERROR		?= -Werror

BUILD		:= build
RUNNING		:= $(shell uname -r)
QEMU		:= selftests/qemu
FETCH		:= $(QEMU)/fetch.py

# The harness of the tests; its include path is known once it was fetched.
HARNESS		:= $(BUILD)/kselftest

WARN		:= -Wall -Wextra $(WERROR)
CPPFLAGS	:= -Iinclude/uapi -Ilib -D_GNU_SOURCE
CFLAGS		?= -O2 -g
ALL_CFLAGS	= -std=gnu11 $(CFLAGS) $(WARN) $(CPPFLAGS) -MMD -MP

# As many jobs as there are processors, unless told otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS	+= -j$(shell nproc)
endif
MAKEFLAGS	+= --no-print-directory -r

Q		:= $(if $(filter 1,$(V)),,@)
say		= @printf '  %-7s %s\n' $(1) $(2)

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all lib tools programs modules install uninstall check check-all \
	coverage fuzz storm demo bench shell kernels selftest-here deps clean help FORCE
all: lib tools $(if $(wildcard /lib/modules/$(RUNNING)/build),\
	$(BUILD)/$(RUNNING)/splicevec.ko)

# Library

LIB_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*.c))
LIB_A	 := $(BUILD)/lib/libsplicevec.a
LIB_SO	 := $(BUILD)/lib/libsplicevec.so.$(VERSION)

lib: $(LIB_A) $(LIB_SO) $(BUILD)/lib/libsplicevec.pc

$(BUILD)/lib/%.o: lib/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -fvisibility=hidden -c -o $@ $<

$(LIB_A): $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(LIB_SO): $(LIB_OBJS) lib/libsplicevec.map
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $(LIB_OBJS) $(LDFLAGS) \
		-Wl,-soname,libsplicevec.so.$(SOVERSION) \
		-Wl,--version-script,lib/libsplicevec.map -Wl,-z,defs
	$(Q)ln -sf $(@F) $(@D)/libsplicevec.so.$(SOVERSION)
	$(Q)ln -sf $(@F) $(@D)/libsplicevec.so

$(BUILD)/lib/libsplicevec.pc: lib/libsplicevec.pc.in Makefile FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@

# The command: one for this machine, one without shared libraries for guests

TOOL_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/*.c))

tools: $(BUILD)/tools/splicevec

$(BUILD)/tools/%.o: tools/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DSPLICEVEC_VERSION='"$(VERSION)"' -c -o $@ $<

$(BUILD)/tools/splicevec: $(TOOL_OBJS) $(LIB_A)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -pthread -o $@ $^ $(LDFLAGS) -ljansson -lm

$(BUILD)/guest/splicevec: $(TOOL_OBJS) $(LIB_A)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	@# The linker warns of getaddrinfo() in static programs: it wants the
	@# machine's name services, but a guest is given addresses in numbers.
	$(Q)$(CC) $(CFLAGS) -static -pthread -o $@ $^ -ljansson -lm 2>$@.log || \
		{ cat $@.log; exit 1; }

# Test programs: each selftests/*.c with a main is one, the rest is shared. The
# fuzzer is made of several files.

MAIN_C		:= $(shell grep -lE '^(TEST_HARNESS_MAIN|int main)' \
			selftests/*.c 2>/dev/null)
PROGRAMS	:= $(patsubst selftests/%.c,%,$(MAIN_C)) fuzz
GUEST_TESTS	:= $(filter-out demo,$(PROGRAMS))
SHARED_OBJS	:= $(patsubst %.c,$(BUILD)/%.o,\
			$(filter-out $(MAIN_C),$(wildcard selftests/*.c)))
SHARED_A	:= $(BUILD)/selftests/libshared.a
BINARIES	:= $(PROGRAMS:%=$(BUILD)/selftests/bin/%)

programs: $(BINARIES)

$(HARNESS)/kselftest_harness.h:
	$(Q)mkdir -p $(BUILD)
	$(Q)ln -sfn "$$($(FETCH) source 6.12)/tools/testing/selftests" $(HARNESS)

$(BUILD)/selftests/%.o: selftests/%.c Makefile | $(HARNESS)/kselftest_harness.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread -isystem $(HARNESS) -c -o $@ $<

$(SHARED_A): $(SHARED_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# The linker warns of dlopen(): libfuse has modules, none is asked for.
define link_test
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -static -pthread -Wl,--wrap=alarm -o $@ $^ \
		-lfuse3 -luring 2>$@.log || { cat $@.log; exit 1; }
endef

$(BUILD)/selftests/bin/%: $(BUILD)/selftests/%.o $(SHARED_A) $(LIB_A)
	$(link_test)

# The benchmark, a program of the guest too

BENCH_OBJS	:= $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/bench/*.c))

$(BUILD)/selftests/bin/bench: $(BENCH_OBJS) $(SHARED_A) $(LIB_A)
	$(link_test)

# The fuzzer, a test like others that may also go on for longer

FUZZ_OBJS	:= $(patsubst %.c,$(BUILD)/%.o,$(wildcard selftests/fuzz/*.c))

$(BUILD)/selftests/bin/fuzz: $(FUZZ_OBJS) $(SHARED_A) $(LIB_A)
	$(link_test)

# Tests of library and command that need no module

HOST_C		:= $(wildcard lib/tests/*.c tools/tests/*.c)
HOST_SH		:= selftests/static/static.sh $(filter-out %/tap.sh,\
			$(wildcard lib/tests/*.sh tools/tests/*.sh))
HOST_BINARIES	:= $(patsubst %.c,$(BUILD)/%,$(HOST_C))
HOST_FILES	:= $(HOST_SH) $(HOST_BINARIES)
HOST_TESTS	:= $(notdir $(basename $(HOST_FILES)))

$(HOST_BINARIES): $(BUILD)/%: %.c $(LIB_A) Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread -o $@ $< $(LIB_A)

# The module. Kbuild builds where the sources lie, so each kernel gets a tree
# of links to them.

MODULE_SRC := Kbuild $(shell find kmod include -name '*.[ch]' | sort)
KERNEL_DIR  = $(if $(filter $(RUNNING),$(1)),/lib/modules/$(1)/build,\
		$(BUILD)/$(1)/kernel/headers)
# Type information in modules takes pahole; nothing here needs it.
KBUILD_ARGS = W=1 KCFLAGS=$(WERROR) $(if $(COVERAGE),GCOV_PROFILE=y) \
	$(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

modules: $(KERNELS:%=$(BUILD)/%/splicevec.ko)

$(BUILD)/$(RUNNING)/fetched:
	$(Q)mkdir -p $(@D)
	$(Q)touch $@

$(BUILD)/%/fetched: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)prefix=$$($(FETCH) kernel $*) && \
	if [ "$$(cat $@ 2>/dev/null)" != "$$prefix" ]; then \
		rm -rf $(@D)/src && ln -sfn "$$prefix" $(@D)/kernel && \
		echo "$$prefix" >$@; \
	fi

$(BUILD)/%/splicevec.ko: $(BUILD)/%/fetched $(MODULE_SRC) Makefile
	$(call say,MODULE,$@)
	$(Q)mkdir -p $(@D)/src
	$(Q)cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kmod $(CURDIR)/include $(@D)/src/
	$(Q)find $(@D)/src -xtype l -delete
	+$(Q)$(MAKE) $(if $(Q),-s) -C $(call KERNEL_DIR,$*) \
		M=$(abspath $(@D)/src) $(KBUILD_ARGS) modules
	$(Q)cp $(@D)/src/splicevec.ko $@

# Modules for the tests: the example of one that lends to vectors, one with a race.

define module_beside
	$(call say,MODULE,$@)
	$(Q)mkdir -p $(@D)/src/$(dir $(1))
	$(Q)cp -rsf $(CURDIR)/$(1) $(@D)/src/$(dir $(1))
	$(Q)find $(@D)/src/$(1) -xtype l -delete
	+$(Q)$(MAKE) $(if $(Q),-s) -C $(call KERNEL_DIR,$*) \
		M=$(abspath $(@D)/src/$(1)) $(KBUILD_ARGS) \
		KBUILD_EXTRA_SYMBOLS=$(abspath $(@D)/src/Module.symvers) modules
	$(Q)cp $(@D)/src/$(1)/$(@F) $@
endef

$(BUILD)/%/lender.ko: $(BUILD)/%/splicevec.ko $(wildcard examples/lender/*) Makefile
	$(call module_beside,examples/lender)

$(BUILD)/%/racer.ko: $(BUILD)/%/splicevec.ko $(wildcard selftests/racer/*) Makefile
	$(call module_beside,selftests/racer)

# The guest

INIT_C := $(wildcard $(QEMU)/*.c) selftests/alarms.c selftests/klog.c
INIT_H := $(QEMU)/init.h selftests/alarms.h selftests/klog.h

$(BUILD)/guest/init: $(INIT_C) $(INIT_H) Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) $(WARN) -static -o $@ $(INIT_C)

# What TESTS selects of the tests; "selected" is which of those in $(2) the words in $(1)
# do.
selected	= $(strip $(foreach t,$(2),\
			$(if $(filter $(1),$(t) =$(t) $(subst _, ,$(t))),$(t))))
WORDS		:= $(or $(foreach w,$(TESTS),$(w) $(ALSO_$(w))),%)
CHOSEN_HOST	:= $(strip $(foreach f,$(HOST_FILES),$(if $(call \
			selected,$(WORDS),$(basename $(notdir $(f)))),$(f))))
CHOSEN_GUEST	:= $(call selected,$(WORDS),$(GUEST_TESTS))
UNKNOWN		:= $(strip $(foreach w,$(TESTS),$(if $(call \
			selected,$(w),$(HOST_TESTS) $(GUEST_TESTS)),,$(w))))
BOOTED		:= $(if $(CHOSEN_GUEST),$(KERNELS))
IN_GUEST	?= $(CHOSEN_GUEST)

# Holds the programs named by IN_GUEST; made anew each time, as they change.
$(BUILD)/%/initramfs: $(BUILD)/%/splicevec.ko $(BUILD)/%/lender.ko \
		$(BUILD)/%/racer.ko $(BUILD)/guest/init $(BUILD)/guest/splicevec \
		$(IN_GUEST:%=$(BUILD)/selftests/bin/%) FORCE
	$(call say,CPIO,$@)
	$(Q)$(QEMU)/initramfs.py $(@D)/kernel $@ /init=$(BUILD)/guest/init \
		/splicevec.ko=$< /lender.ko=$(BUILD)/$*/lender.ko \
		/racer.ko=$(BUILD)/$*/racer.ko \
		/bin/splicevec=$(BUILD)/guest/splicevec \
		/bin/busybox=/bin/busybox /bin/sh="->busybox" \
		/sbin/e2fsck=+/sbin/e2fsck /sbin/xfs_repair=+/sbin/xfs_repair \
		/sbin/mke2fs=+/sbin/mke2fs \
		/etc/profile=$(QEMU)/profile $(foreach p,$(IN_GUEST),\
		/selftests/$(p)=$(BUILD)/selftests/bin/$(p))

GUEST = $(QEMU)/run.py --name $(1) --prefix $(BUILD)/$(1)/kernel \
	--initrd $(BUILD)/$(1)/initramfs --logs $(BUILD)/logs/$(1) \
	--limit $(LIMIT) --total $(TOTAL) $(if $(filter 1,$(V)),--verbose)
NEWEST := $(lastword $(shell printf '%s\n' $(KERNELS) | sort -V))

deps:
	@selftests/deps.sh $(KERNELS)

# Ahead of all that is built from them, so that one sees what takes so long.
kernels: deps
	@for kernel in $(BOOTED); do \
		$(FETCH) kernel $$kernel >/dev/null || exit 1; done

check check-all: deps kernels
	$(if $(UNKNOWN),$(error no test named $(UNKNOWN); "make help" names all))
	+@$(MAKE) -Otarget KERNELS='$(KERNELS)' \
		$(if $(CHOSEN_HOST),check-host) \
		$(if $(filter %/static.sh,$(CHOSEN_HOST)),check-static) \
		$(if $(BOOTED),check-guest)
	@V='$(V)' LIMIT='$(LIMIT)' TOTAL='$(TOTAL)' MAKE=make CC='$(CC)' \
	 CXX='$(CXX)' BUILD='$(abspath $(BUILD))' KERNELS='$(BOOTED)' \
	 EVERY='$(EVERY)' LEAKS='$(LEAKS)' NAMED='$(NAMED)' \
	 COVERAGE='$(COVERAGE)' \
	 HOST_TESTS='$(CHOSEN_HOST)' GUEST_TESTS='$(CHOSEN_GUEST)' \
	 selftests/check.sh

# Not for the command line: what "make check" builds. All of it is the benchmark too.
.PHONY: check-host check-guest
check-host: lib tools $(HOST_BINARIES)
check-guest: $(KERNELS:%=$(BUILD)/%/initramfs) \
		$(if $(TESTS),,$(BUILD)/selftests/bin/bench)

demo: deps
	+@$(MAKE) -Otarget IN_GUEST=demo $(BUILD)/$(NEWEST)/initramfs
	@$(call GUEST,$(NEWEST)) demo demo

# A tree of its own: a module that counts is another module.
coverage:
	+@$(MAKE) check COVERAGE=1 KERNELS='$(KERNELS)' BUILD='$(BUILD)/coverage' \
		TESTS='$(or $(TESTS),$(GUEST_TESTS))' EVERY='$(EVERY)' \
		NAMED='$(NAMED)'; failed=$$?; \
	selftests/coverage.py '$(BUILD)/coverage' $(KERNELS) && exit $$failed

# The time is on top of what any program has.
fuzz:
	+@$(MAKE) check TESTS==fuzz KERNELS='$(KERNELS)' \
		FUZZ_SECONDS='$(SECONDS)' \
		LIMIT='$(shell expr $(SECONDS) + $(LIMIT))' \
		TOTAL='$(shell expr $(SECONDS) + $(TOTAL))'

# Each of its tests may take an hour.
storm:
	+@$(MAKE) check TESTS='$(STORMS:%==%)' KERNELS='$(KERNELS)' \
		STORM='$(or $(STORM),$(STORM_PUSHES))' \
		LENT='$(or $(LENT),$(STORM_LENT))' LIMIT=36000 TOTAL=72000

bench:
	@selftests/deps.sh bench $(KERNELS)
	+@$(MAKE) -Otarget IN_GUEST=bench $(KERNELS:%=$(BUILD)/%/initramfs)
	@BUILD='$(abspath $(BUILD))' KERNELS='$(KERNELS)' BENCH='$(BENCH)' \
	 TOTAL='$(TOTAL)' selftests/bench/bench.sh

shell: deps
	+@$(MAKE) -Otarget IN_GUEST='$(PROGRAMS)' $(BUILD)/$(NEWEST)/initramfs
	@$(call GUEST,$(NEWEST)) shell

# The fuzzer only where it is called by its name: it is used to guests.
CHOSEN_HERE	:= $(if $(TESTS),$(CHOSEN_GUEST),$(filter-out fuzz,$(CHOSEN_GUEST)))

selftest-here: $(CHOSEN_HERE:%=$(BUILD)/selftests/bin/%) \
		$(if $(wildcard /lib/modules/$(RUNNING)/build),\
		$(BUILD)/$(RUNNING)/lender.ko $(BUILD)/$(RUNNING)/racer.ko)
	$(if $(UNKNOWN),$(error no test named $(UNKNOWN); "make help" names all))
	@selftests/here.py --limit $(LIMIT) $(if $(filter 1,$(V)),--verbose) \
		--module $(BUILD)/$(RUNNING)/splicevec.ko \
		$(CHOSEN_HERE:%=$(BUILD)/selftests/bin/%)

include selftests/static/static.mk

# Installing

# Distributions build with a key that nobody else has.
SIGNING_KEY	:= /lib/modules/$(RUNNING)/build/certs/signing_key.pem
INSTALL_DATA	:= install -D -m 644
INSTALL_BIN	:= install -D -m 755
MAN_PAGES	= $(wildcard Documentation/man/*.[1-8])
D		= $(DESTDIR)
INSTALLED	= $(D)$(PREFIX)/bin/splicevec \
	$(D)$(PREFIX)/include/splicevec.h \
	$(D)$(PREFIX)/include/splicevec_uring.h \
	$(D)$(PREFIX)/include/linux/splicevec.h \
	$(D)$(LIBDIR)/libsplicevec.a $(D)$(LIBDIR)/libsplicevec.so \
	$(D)$(LIBDIR)/libsplicevec.so.$(SOVERSION) \
	$(D)$(LIBDIR)/libsplicevec.so.$(VERSION) \
	$(D)$(LIBDIR)/pkgconfig/libsplicevec.pc \
	$(D)/usr/lib/udev/rules.d/60-splicevec.rules \
	$(D)/usr/lib/sysusers.d/splicevec.conf \
	$(foreach m,$(MAN_PAGES),\
		$(D)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))

install: all
	$(INSTALL_BIN) $(BUILD)/tools/splicevec -t $(D)$(PREFIX)/bin
	$(INSTALL_DATA) lib/splicevec.h lib/splicevec_uring.h -t $(D)$(PREFIX)/include
	$(INSTALL_DATA) include/uapi/linux/splicevec.h \
		-t $(D)$(PREFIX)/include/linux
	$(INSTALL_DATA) $(LIB_A) $(LIB_SO) -t $(D)$(LIBDIR)
	cp -dP $(BUILD)/lib/libsplicevec.so $(D)$(LIBDIR)
	cp -dP $(BUILD)/lib/libsplicevec.so.$(SOVERSION) $(D)$(LIBDIR)
	$(INSTALL_DATA) $(BUILD)/lib/libsplicevec.pc -t $(D)$(LIBDIR)/pkgconfig
	$(INSTALL_DATA) etc/60-splicevec.rules -t $(D)/usr/lib/udev/rules.d
	$(INSTALL_DATA) etc/splicevec.conf -t $(D)/usr/lib/sysusers.d
	for page in $(MAN_PAGES); do \
		$(INSTALL_DATA) $$page -t $(D)$(MANDIR)/man$${page##*.}; done
	+if [ -e $(BUILD)/$(RUNNING)/splicevec.ko ]; then \
		$(MAKE) -s -C /lib/modules/$(RUNNING)/build \
		M=$(abspath $(BUILD)/$(RUNNING)/src) INSTALL_MOD_DIR=updates \
		$(if $(wildcard $(SIGNING_KEY)),,CONFIG_MODULE_SIG_ALL=) \
		$(if $(D),INSTALL_MOD_PATH=$(abspath $(D))) modules_install && \
		{ [ -n "$(D)" ] || depmod $(RUNNING); }; \
	else echo "no headers of kernel $(RUNNING): module not installed"; fi
	[ -n "$(D)" ] || { getent group splicevec >/dev/null || \
		groupadd --system splicevec; ldconfig; }

uninstall:
	rm -f $(INSTALLED)
	rm -f $(D)/lib/modules/$(RUNNING)/updates/splicevec.ko*
	[ -n "$(D)" ] || { ldconfig; [ ! -d /lib/modules/$(RUNNING) ] || \
		depmod $(RUNNING); }

clean:
	rm -rf $(BUILD)

help:
	@echo 'make                 library, command; module if headers are here'
	@echo 'make modules         module for the kernels in KERNELS'
	@echo 'make install         to PREFIX; the module to /lib/modules'
	@echo 'make uninstall       take all that away'
	@echo 'make demo            boot the newest of KERNELS, show what it does'
	@echo 'make check           the tests on each of KERNELS, in bearable time'
	@echo 'make check-all       all tests on all kernels: hours'
	@echo 'make coverage        the tests, and what of kmod/ they execute'
	@echo 'make fuzz            random commands for SECONDS, repeated with SEED'
	@echo 'make storm           writers at work while it is pushed: all of it, hours'
	@echo 'make bench           measure, on each of KERNELS; to $(BUILD)/bench'
	@echo 'make shell           a shell in a guest: module, command, tests'
	@echo 'make selftest-here   the tests on this machine (module loaded)'
	@echo 'make static          the checks that run nothing, of make check'
	@echo 'make checkpatch      of these, the kernel'"'"'s style checker'
	@echo 'make clean           remove build/'
	@echo
	@echo 'KERNELS="$(KERNELS)" (all: $(KERNELS_check-all))'
	@echo 'TESTS="$(or $(TESTS),all)"  V=1 shows more'
	@echo 'TESTS=strict is all tests of that subject, TESTS==strict the one'
	@echo 'tests: $(GUEST_TESTS) $(HOST_TESTS)'

-include $(LIB_OBJS:.o=.d) $(TOOL_OBJS:.o=.d) $(SHARED_OBJS:.o=.d) \
	$(BENCH_OBJS:.o=.d) $(FUZZ_OBJS:.o=.d) \
	$(PROGRAMS:%=$(BUILD)/selftests/%.d) $(HOST_BINARIES:=.d)
