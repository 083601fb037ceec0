#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make check: run HOST_TESTS here and GUEST_TESTS in guests of each of KERNELS,
# as many at once as there are processors, and add up what they report; without
# EVERY those that take too long on a kernel are left out there, and without NAMED
# those that it is not for; with COVERAGE guests leave what they counted in
# BUILD/logs/GUEST/counters. The Makefile has built them and sets all variables.
set -u
export BUILD CC CXX MAKE V LIMIT TOTAL COVERAGE

verbose=$([ "$V" != 1 ] || echo --verbose)

# run_guest GUEST KERNEL PROGRAM...
run_guest() {
	logs=$BUILD/logs/$1 kernel=$2
	shift 2
	# shellcheck disable=SC2086
	exec selftests/qemu/run.py --name "$kernel" \
		--prefix "$BUILD/$kernel/kernel" \
		--initrd "$BUILD/$kernel/initramfs" --logs "$logs" \
		--limit "$LIMIT" --total "$TOTAL" --summary "$logs/summary" \
		$verbose ${COVERAGE:+--counters "$logs/counters"} check "$@"
}

if [ "${1-}" = guest ]; then
	shift
	run_guest "$@"
fi

# shellcheck disable=SC2086
guests=$(selftests/qemu/matrix.py guests ${EVERY:+--every} ${NAMED:+--named} \
	$KERNELS -- $GUEST_TESTS) || exit
rm -f "$BUILD"/logs/*/summary
mkdir -p "$BUILD/logs/host"

# shellcheck disable=SC2086
[ -z "$HOST_TESTS" ] || selftests/here.py --limit "$LIMIT" $verbose \
	--name host --summary "$BUILD/logs/host/summary" $HOST_TESTS

echo "$guests" | xargs -r -L 1 -P "$(nproc)" "$0" guest

passed=0 failed=0 skipped=0
for part in ${HOST_TESTS:+host} $(echo "$guests" | cut -d ' ' -f 1); do
	summary=$BUILD/logs/$part/summary
	if ! { [ -f "$summary" ] && read -r p f s <"$summary"; }; then
		echo "$part: FAIL no verdict"
		p=0 f=1 s=0
	elif [ "$f" -gt 0 ]; then
		# Once more, after all that the other guests had to say.
		tail -n +2 "$summary"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
