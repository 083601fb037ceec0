#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The verdict of the static checks, which static.mk has run: a test for each, that
# passes if none of its logs holds anything. What they are is in BUILD/static/logs.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/../../lib/tests/tap.sh"

# silent CHECK
silent() {
	found=0
	while read -r of log; do
		if [ "$of" != "$1" ]; then
			continue
		elif [ ! -e "$log" ]; then
			echo "$log was not made"
		elif [ -s "$log" ]; then
			cat "$log"
		else
			continue
		fi
		found=1
	done <"$logs"
	return $found
}

logs=$BUILD/static/logs
cut -d ' ' -f 1 "$logs" | sort -u >"$tmp/checks"
while read -r check; do
	check "${check}_finds_nothing" silent "$check"
done <"$tmp/checks"
tap_done
