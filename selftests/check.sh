#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make check: run HOST_TESTS here and GUEST_TESTS in a guest of each of KERNELS
# and add up what they report; without EVERY those that take too long on a kernel
# are left out there; with COVERAGE guests leave what they counted in
# BUILD/KERNEL/counters. The Makefile has built them and sets all variables.
set -u
export BUILD CC CXX MAKE

verbose=$([ "$V" != 1 ] || echo --verbose)
rm -f "$BUILD"/logs/*/counts
mkdir -p "$BUILD/logs/host"

# shellcheck disable=SC2086
[ -z "$HOST_TESTS" ] || selftests/here.py --limit "$LIMIT" $verbose \
	--name host --summary "$BUILD/logs/host/counts" $HOST_TESTS

for kernel in $KERNELS; do
	programs=$GUEST_TESTS
	# shellcheck disable=SC2086
	[ -n "$EVERY" ] || programs=$(selftests/qemu/matrix.py programs \
		"$kernel" $GUEST_TESTS)
	# shellcheck disable=SC2086
	selftests/qemu/run.py --name "$kernel" \
		--prefix "$BUILD/$kernel/kernel" \
		--initrd "$BUILD/$kernel/initramfs" \
		--logs "$BUILD/logs/$kernel" --limit "$LIMIT" --total "$TOTAL" \
		--summary "$BUILD/logs/$kernel/counts" $verbose \
		${COVERAGE:+--counters "$BUILD/$kernel/counters"} \
		check $programs
done

passed=0 failed=0 skipped=0
for part in ${HOST_TESTS:+host} $KERNELS; do
	counts=$BUILD/logs/$part/counts
	if ! { [ -f "$counts" ] && read -r p f s <"$counts"; }; then
		echo "$part: FAIL no verdict"
		p=0 f=1 s=0
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
