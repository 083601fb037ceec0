#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program is built against a staged install through pkg-config alone.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/tap.sh"

stage=$tmp/stage
prefix=/opt/splicevec
export PKG_CONFIG_SYSROOT_DIR="$stage"
export PKG_CONFIG_LIBDIR="$stage$prefix/lib/pkgconfig"

# The module is not asked for: RUNNING names a kernel nobody has headers of.
install_staged() {
	env -u MAKEFLAGS -u MAKELEVEL "$MAKE" -C "$top" install \
		BUILD="$BUILD" RUNNING=none PREFIX=$prefix DESTDIR="$stage"
}

# built HOW PKG_CONFIG_ARGS LINK_ARGS: compile and link the program
built() {
	# shellcheck disable=SC2046,SC2086
	"$CC" -o "$tmp/$1" "$tmp/user.c" $3 \
		$(pkg-config $2 --cflags --libs libsplicevec)
}

# builds EXAMPLE: it needs nothing that is not installed
builds() {
	# shellcheck disable=SC2046
	"$CC" -Wall -Wextra -Werror -o "$tmp/example" "$1" \
		$(pkg-config --cflags --libs libsplicevec)
}

needs_library() {
	objdump -p "$tmp/$1" | grep 'NEEDED.*libsplicevec\.so\.0'
}

cat >"$tmp/user.c" <<'EOF'
#include <errno.h>
#include <splicevec.h>

int main(void)
{
	return sv_pull(-1, 0, SV_POSITION, 1, 0) != -EBADF;
}
EOF

check "install_into_destdir" install_staged
check "pkg_config_finds_it" pkg-config --exists --print-errors libsplicevec
check "program_links_shared" built shared "" ""
check "shared_program_needs_the_library" needs_library shared
check "shared_program_runs" \
	env LD_LIBRARY_PATH="$stage$prefix/lib" "$tmp/shared"
check "program_links_static" built static --static -static
check "static_program_runs" "$tmp/static"
for example in "$top"/examples/*.c; do
	check "example_builds_$(basename "$example" .c)" builds "$example"
done
for page in man1/splicevec.1 man3/libsplicevec.3 man4/splicevec.4; do
	check "manual_is_installed_$(basename $page)" \
		test -s "$stage$prefix/share/man/$page"
done
tap_done
