#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each public header compiles alone, in every language it is meant for.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/tap.sh"

flags="-pedantic -Wall -Wextra -Werror -fsyntax-only"

# compiles NAME COMPILER STANDARD SUFFIX HEADER
compiles() {
	printf '#include <%s>\nint sv_used;\n' "$5" >"$tmp/alone.$4"
	# shellcheck disable=SC2086
	check "$1" "$2" -std="$3" $flags -I"$top/lib" \
		-I"$top/include/uapi" "$tmp/alone.$4"
}

for header in splicevec.h splicevec_uring.h linux/splicevec.h; do
	word=$(echo "$header" | tr /. __)
	compiles "${word}_compiles_alone_as_c99" "$CC" c99 c "$header"
	compiles "${word}_compiles_alone_as_c11" "$CC" c11 c "$header"
	compiles "${word}_compiles_alone_as_cxx17" "$CXX" c++17 cc "$header"
done
tap_done
