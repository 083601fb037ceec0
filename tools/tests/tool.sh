#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# splicevec(1) as far as it goes without a module: help, usage, messages.
# shellcheck source=lib/tests/tap.sh
. "$(dirname "$0")/../../lib/tests/tap.sh"

tool=${SPLICEVEC:-$BUILD/tools/splicevec}

# status WANT COMMAND...: its exit status is WANT
status() {
	want=$1
	shift
	"$@"
	got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got"; return 1; }
}

# says TEXT COMMAND...: it fails, and says so on stderr
says() {
	text=$1
	shift
	if "$@" 2>"$tmp/err" >"$tmp/out"; then
		echo "did not fail"
		return 1
	fi
	cat "$tmp/err"
	[ ! -s "$tmp/out" ] && grep -qF -- "$text" "$tmp/err"
}

# prints TEXT COMMAND...: it succeeds, and prints it on stdout
prints() {
	text=$1
	shift
	"$@" >"$tmp/out" && cat "$tmp/out" && grep -qF -- "$text" "$tmp/out"
}

check "version_is_printed" prints "splicevec " "$tool" --version
for command in cp send recv tee info; do
	check "help_lists_$command" prints "  $command " "$tool" --help
	check "help_of_$command" prints "Usage: " "$tool" $command --help
	check "usage_of_$command" prints "splicevec $command" \
		"$tool" $command --usage
done

check "no_command_is_refused" says "a command is missing" "$tool"
check "unknown_command_is_refused" says "frob: no such command" "$tool" frob
check "unknown_option_is_refused" says "--frob" "$tool" cp --frob a b
check "option_of_another_command_is_refused" says "--direct" \
	"$tool" send --direct localhost:1 a
check "too_few_arguments" says "splicevec cp: too few arguments" "$tool" cp a
check "too_many_arguments" says "splicevec cp: too many arguments" \
	"$tool" cp a b c
check "tee_wants_a_sink" says "too few arguments" "$tool" tee a
check "send_wants_a_file" says "too few arguments" "$tool" send localhost:1
check "usage_errors_exit_64" status 64 "$tool" cp a

if [ -e /dev/splicevec ]; then
	for name in says_what_to_do names_the_device exits_1 leaves_sink_alone; do
		skip "missing_module_$name" "the module is loaded"
	done
else
	check "missing_module_says_what_to_do" says "is the module loaded?" \
		"$tool" info
	check "missing_module_names_the_device" \
		says "/dev/splicevec: No such file or directory" "$tool" cp a b
	check "missing_module_exits_1" status 1 "$tool" info --json
	echo kept >"$tmp/sink"
	"$tool" cp "$0" "$tmp/sink" 2>"$tmp/log"
	check "missing_module_leaves_sink_alone" grep -q kept "$tmp/sink"
fi
tap_done
