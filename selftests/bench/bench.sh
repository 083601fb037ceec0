#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# make bench: run the scenarios in BENCH (all if empty) in a guest of each of
# KERNELS and reckon what the rounds amount to. The Makefile sets all variables.
set -eu

mkdir -p "$BUILD/bench"
rm -f "$BUILD"/bench/*.rows "$BUILD"/bench/*.svg "$BUILD"/bench/results.json
for kernel in $KERNELS; do
	# shellcheck disable=SC2086
	selftests/qemu/run.py --name "$kernel" \
		--prefix "$BUILD/$kernel/kernel" \
		--initrd "$BUILD/$kernel/initramfs" \
		--logs "$BUILD/logs/$kernel" --limit "$TOTAL" --total "$TOTAL" \
		--rows "$BUILD/bench/$kernel.rows" bench bench $BENCH
done
# shellcheck disable=SC2086
exec selftests/bench/results.py "$BUILD/bench" $KERNELS
