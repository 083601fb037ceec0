#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make check: run HOST_TESTS here and GUEST_TESTS in a guest of each of KERNELS,
# as many at once as there are processors, and add up what they report; without
# EVERY those that take too long on a kernel are left out there; with COVERAGE guests
# leave what they counted in BUILD/KERNEL/counters. The Makefile has built them and
# sets all variables.
set -u
export BUILD CC CXX MAKE V LIMIT TOTAL EVERY COVERAGE GUEST_TESTS

verbose=$([ "$V" != 1 ] || echo --verbose)

# run_guest KERNEL
run_guest() {
	programs=$GUEST_TESTS
	# shellcheck disable=SC2086
	[ -n "$EVERY" ] || programs=$(selftests/qemu/matrix.py programs \
		"$1" $GUEST_TESTS)
	# shellcheck disable=SC2086
	exec selftests/qemu/run.py --name "$1" --prefix "$BUILD/$1/kernel" \
		--initrd "$BUILD/$1/initramfs" --logs "$BUILD/logs/$1" \
		--limit "$LIMIT" --total "$TOTAL" \
		--summary "$BUILD/logs/$1/counts" $verbose \
		${COVERAGE:+--counters "$BUILD/$1/counters"} check $programs
}

if [ "${1-}" = guest ]; then
	run_guest "$2"
fi

rm -f "$BUILD"/logs/*/counts
mkdir -p "$BUILD/logs/host"

# shellcheck disable=SC2086
[ -z "$HOST_TESTS" ] || selftests/here.py --limit "$LIMIT" $verbose \
	--name host --summary "$BUILD/logs/host/counts" $HOST_TESTS

# shellcheck disable=SC2086
printf '%s\n' $KERNELS | xargs -r -n 1 -P "$(nproc)" "$0" guest

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
