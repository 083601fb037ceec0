#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The Debian packages that building and testing take; installs missing ones.
# "deps.sh bench 7-debug": and those for measuring, and for kernels so named.
set -eu

# The module: gcc-12 is what Debian's kernels are built with, objtool and
# modpost of the headers packages use libelf.
packages="make gcc gcc-12 g++ libc6-dev binutils libelf1 libssl3 kmod xz-utils"
# The command and the manual.
packages="$packages libjansson-dev pkg-config man-db"
# The guest and its disks and NICs.
packages="$packages qemu-system-x86 seabios busybox-static e2fsprogs xfsprogs"
packages="$packages iproute2 python3 debian-archive-keyring"
# A FUSE server among the tests, and io_uring.
packages="$packages libfuse3-dev liburing-dev"
# The static checks; checkpatch and kernel-doc are Perl.
packages="$packages perl sparse clang-tidy shellcheck"

for purpose; do
	case $purpose in
	# Its drawings.
	bench) packages="$packages gnuplot-nox" ;;
	# Debian has an image of SERIES.MINOR; others are built from source.
	*-*) kernel=1 ;;
	*.*) ;;
	*) kernel=1 ;;
	esac
done
[ -z "${kernel-}" ] ||
	packages="$packages flex bison bc libelf-dev libssl-dev tar"

missing=
for package in $packages; do
	case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>&1) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing:$missing" >&2
	echo "deps: run as root: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
install() {
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $missing </dev/null
}
echo "deps: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be missing or name files the mirror no longer has.
install >"$log" 2>&1 ||
	{ apt-get update -q && install; } >"$log" 2>&1 ||
	{ cat "$log" >&2; exit 1; }
