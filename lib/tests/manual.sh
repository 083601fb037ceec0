#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual formats without a warning and misses no call.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/tap.sh"

pages=$top/Documentation/man

# formats PAGE: man(1) has nothing to say about it, and shows something
formats() {
	(cd "$pages" && man --warnings -E UTF-8 -P cat -l "$1") \
		>"$tmp/text" 2>"$tmp/warnings"
	cat "$tmp/warnings"
	[ ! -s "$tmp/warnings" ] && [ -s "$tmp/text" ]
}

# leads_to_page PAGE: it is a page, or names one that exists
leads_to_page() {
	[ -s "$pages/$1" ] || { echo "no page $1"; return 1; }
	target=$(sed -n 's/^\.so man3\///p' "$pages/$1")
	[ -z "$target" ] || grep -q '^\.TH ' "$pages/$target"
}

for page in "$pages"/*.[134]; do
	grep -q '^\.TH ' "$page" || continue
	name=$(basename "$page")
	if command -v man >/dev/null; then
		check "formats_without_warning_$name" formats "$name"
	else
		skip "formats_without_warning_$name" "man is not installed"
	fi
done

# shellcheck disable=SC2013 # names have no blanks
for call in $(sed -n 's/^[[:space:]]*\(sv_[a-z_]*\);$/\1/p' \
		"$top/lib/libsplicevec.map"; echo sv_prep_pull sv_prep_push \
		sv_prep_splice); do
	check "manual_has_$call" leads_to_page "$call.3"
done
tap_done
