#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# checkpatch.sh SCRIPTS TREE FILE: what the kernel's style checker in SCRIPTS says
# of a FILE in TREE, less what checkpatch.ignore lists for it. TREE is a place to
# work in, with links to the sources.
set -eu

ignored=
while read -r pattern type; do
	case $pattern in
	'' | '#'*) continue ;;
	esac
	# shellcheck disable=SC2254
	case $3:$type in
	$pattern:-) break ;;
	$pattern:*) ignored=$ignored,$type ;;
	esac
done <"$(dirname "$0")/checkpatch.ignore"

# It wants to learn names from the headers of a kernel tree or repository, tells
# that this is none, and leaves a file behind.
cd "$2"
GIT_DIR=none "$1/checkpatch.pl" --no-tree --strict --quiet --no-summary \
	--show-types ${ignored:+--ignore "${ignored#,}"} -f "$3" 2>&1 |
	sed -e '/^find: /d' -e '/uninitialized value .root in/d'
