# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Results in the Test Anything Protocol; sourced by the test scripts.
# They read from the environment: BUILD (build directory), CC, CXX, MAKE.

top=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$top/build}
CC=${CC:-cc}
CXX=${CXX:-c++}
MAKE=${MAKE:-make}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tap_count=0
tap_failed=0

# result STATUS NAME: what the last command gave; its words are in $tmp/log
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count $2"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count $2"
	sed 's/^/# /' "$tmp/log"
}

# check NAME COMMAND...: passes if the command does
check() {
	name=$1
	shift
	"$@" >"$tmp/log" 2>&1
	result $? "$name"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $1 # SKIP $2"
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
}
