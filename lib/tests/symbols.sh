#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shared library exports what the map lists and the header declares.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/tap.sh"

so=$BUILD/lib/libsplicevec.so.0.1.0

sed -n '/global:/,/local:/s/^[[:space:]]*\(sv_[a-z_]*\);$/\1/p' \
	"$top/lib/libsplicevec.map" | sort >"$tmp/map"
nm -D --defined-only "$so" |
	sed -n 's/^[^ ]* [TDBR] \([^@]*\)@@LIBSPLICEVEC_0\.1$/\1/p' |
	sort >"$tmp/exported"
nm -D --defined-only "$so" | grep -v ' A ' |
	sed 's/^[^ ]* [A-Za-z] //; s/@.*//' | sort >"$tmp/anything"
sed -n 's/^[a-z].*[ *]\(sv_[a-z_]*\)(.*/\1/p' "$top/lib/splicevec.h" |
	sort >"$tmp/declared"

check "map_is_not_empty" test -s "$tmp/map"
check "exported_symbols_are_those_of_the_map" diff "$tmp/map" "$tmp/exported"
check "nothing_else_is_exported" diff "$tmp/map" "$tmp/anything"
check "header_declares_what_is_exported" diff "$tmp/map" "$tmp/declared"
objdump -p "$so" | grep -q 'SONAME *libsplicevec\.so\.0$' >"$tmp/log" 2>&1
result $? "soname_is_libsplicevec_so_0"
tap_done
