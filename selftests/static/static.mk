# SPDX-License-Identifier: GPL-2.0-only
# Checks that need no running kernel. Each writes what it finds to a log of its
# own, so make runs them side by side and only where something has changed; an
# empty log is a pass. static.sh, a test like others, gives the verdict.

STATIC		:= selftests/static
S		:= $(BUILD)/static

# $(call findings,WORD,COMMAND): the rest of a rule
define findings
	$(call say,$(1),$@)
	$(Q)mkdir -p $(@D)
	$(Q){ $(2) ; } >$@ 2>&1 || echo "exit status $$?" >>$@
endef

SOURCES		:= $(shell find kmod include lib tools selftests examples \
			-name '*.[ch]')
SCRIPTS		:= $(shell find lib tools selftests -name '*.sh') .ci/run
UAPI		:= include/uapi/linux/splicevec.h
MODULE_FILES	:= $(filter kmod/% include/%,$(SOURCES))
LENDER_FILES	:= $(filter examples/lender/%,$(SOURCES))
RACER_FILES	:= $(filter selftests/racer/%,$(SOURCES))
DOCUMENTED	:= $(MODULE_FILES) $(LENDER_FILES) \
		lib/splicevec.h lib/splicevec_uring.h
# rings.c calls what lib/splicevec_uring.h defines: a header alone is not analyzed.
PROGRAM_SOURCES	:= $(wildcard lib/*.c tools/*.c examples/*.c) selftests/rings.c
PROGRAM_HEADERS	:= $(wildcard lib/*.h tools/*.h) $(UAPI) \
		selftests/rings.h selftests/common.h
PROGRAM_FLAGS	= -std=gnu11 -O2 $(CPPFLAGS) -DSPLICEVEC_VERSION='"$(VERSION)"'

# Scripts of the kernel's sources, and a place where checkpatch may leave files.

$(S)/scripts: $(FETCH)
	$(Q)mkdir -p $(@D)
	$(Q)ln -sfn "$$($(FETCH) source 6.12)/scripts" $@

$(S)/tree:
	$(Q)mkdir -p $@
	$(Q)ln -sfn $(addprefix $(CURDIR)/,kmod include lib tools selftests \
		examples) $@

checkpatch_logs := $(SOURCES:%=$(S)/%.checkpatch)
$(checkpatch_logs): $(S)/%.checkpatch: % $(wildcard $(STATIC)/checkpatch.*) \
		| $(S)/scripts $(S)/tree
	$(call findings,STYLE,$(STATIC)/checkpatch.sh $(abspath $(S)/scripts) \
		$(S)/tree $<)

kernel_doc_logs := $(S)/kernel-doc
$(kernel_doc_logs): $(DOCUMENTED) | $(S)/scripts
	$(call findings,DOC,$(S)/scripts/kernel-doc -none -Wall -Werror $(DOCUMENTED))

# The module is built with W=1 and -Werror, and for sparse not once more: C=2 looks
# at what is up to date. What it says of the kernel's headers is not for us, but
# after an error it would have missed the rest of a file; and a kernel that wants
# another sparse says so and goes on without.
#
# Debian 12's does not know two things that 7.x uses: a typeof without qualifiers, for
# which any typeof will do as the types are the same, and the length of a string as a
# constant, which has to be one only where the string is a literal. So it is told what
# to take instead.
#
# One kernel of each series is enough, and 7-debug's module has our suites in it.

SPARSE_KERNELS	:= $(filter $(KERNELS_check),$(KERNELS))
SPARSE_FLAGS	:= '-D__typeof_unqual__=__typeof__' \
		'-D__builtin_strlen(s)=(sizeof(s)-1)'

sparse_logs := $(SPARSE_KERNELS:%=$(S)/sparse-%)
$(sparse_logs): $(S)/sparse-%: $(BUILD)/%/lender.ko $(BUILD)/%/racer.ko
	+$(call findings,SPARSE,for tree in $(BUILD)/$*/src \
		$(BUILD)/$*/src/examples/lender \
		$(BUILD)/$*/src/selftests/racer; do \
		$(MAKE) -s -C $(call KERNEL_DIR,$*) M="$$(realpath $$tree)" \
		KBUILD_EXTRA_SYMBOLS=$(abspath $(BUILD)/$*/src/Module.symvers) \
		$(KBUILD_ARGS) C=2 CF="$(SPARSE_FLAGS)" modules || \
		echo "error: make"; done 2>&1 | \
		sed -nE '/^[^ ]*(kmod|lender|racer|src\/include)\/[^ ]*:[0-9]+:|error:|C=2 /p')

# Library, command and example, by two analyzers; .clang-tidy says what the second
# looks for.

analyzer_logs := $(PROGRAM_SOURCES:%=$(S)/%.analyzer)
$(analyzer_logs): $(S)/%.analyzer: % $(PROGRAM_HEADERS)
	$(call findings,ANALYZE,gcc $(PROGRAM_FLAGS) -Wall -Wextra -fanalyzer -c \
		-o /dev/null $<)

clang_tidy_logs := $(PROGRAM_SOURCES:%=$(S)/%.clang-tidy)
$(clang_tidy_logs): $(S)/%.clang-tidy: % $(PROGRAM_HEADERS) \
		.clang-tidy tools/.clang-tidy
	$(call findings,TIDY,{ clang-tidy --quiet $< -- $(PROGRAM_FLAGS) 2>&1 || \
		echo "exit status $$?"; } | sed '/warnings* generated/d')

shellcheck_logs := $(S)/shellcheck
$(shellcheck_logs): $(SCRIPTS)
	$(call findings,SHELL,shellcheck -x $(SCRIPTS))

# What is written down of layers and of the ABI.

layers_logs := $(S)/layers
$(layers_logs): $(STATIC)/layers.py $(MODULE_FILES) $(LENDER_FILES) $(RACER_FILES)
	$(call findings,LAYERS,$<)

abi_logs := $(S)/abi-complete $(S)/abi-64 $(S)/abi-32
$(S)/abi-complete: $(STATIC)/abi.py $(STATIC)/header.py $(STATIC)/abi.c $(UAPI)
	$(call findings,ABI,$<)

# Debian's headers for x86-64 are those for 32 bits too, only gcc would look for
# them elsewhere.
$(S)/abi-64 $(S)/abi-32: $(S)/abi-%: $(STATIC)/abi.c $(UAPI)
	$(call findings,ABI,gcc -m$* -std=gnu11 -ffreestanding -Wall -Wextra -Wpadded \
		-Werror -Iinclude/uapi -fsyntax-only \
		-isystem /usr/include/$$(gcc -print-multiarch) $<)

syzlang_logs := $(S)/syzlang
$(syzlang_logs): $(STATIC)/syzlang.py $(STATIC)/header.py $(UAPI) \
		$(wildcard selftests/fuzz/splicevec.txt*)
	$(call findings,SYZLANG,$<)

# Which logs belong to which check. How they are made may have changed too.

STATIC_CHECKS	:= checkpatch kernel_doc sparse analyzer clang_tidy shellcheck \
			layers abi syzlang

STATIC_LOGS	:= $(foreach c,$(STATIC_CHECKS),$($(c)_logs))

$(STATIC_LOGS): $(STATIC)/static.mk

$(S)/logs: $(STATIC_LOGS) FORCE
	$(file >$@)
	$(foreach c,$(STATIC_CHECKS),$(foreach l,$($(c)_logs),\
		$(file >>$@,$(c) $(l))))

.PHONY: check-static static checkpatch
check-static: $(S)/logs

static: deps
	+@$(MAKE) -Otarget check-static
	@BUILD='$(abspath $(BUILD))' CC='$(CC)' CXX='$(CXX)' selftests/here.py \
		--name static $(if $(filter 1,$(V)),--verbose) \
		$(STATIC)/static.sh lib/tests/headers.sh

checkpatch: deps
	+@$(MAKE) -Otarget $(checkpatch_logs)
	@! cat $(checkpatch_logs) | grep .
