/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TOOL_H
#define TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef SPLICEVEC_VERSION
#define SPLICEVEC_VERSION "(version not set)"
#endif

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/**
 * struct options - the parsed command line of a command
 * @command: its name
 * @json: one JSON object in place of text
 * @verbose: say at the end what was done
 * @quiet: no progress line
 * @direct: the destination bypasses the page cache
 * @bind: address to listen on, or NULL for all
 * @vec: a new vector
 * @args: its arguments
 * @nr_args: how many
 */
struct options {
	const char *command;
	bool json;
	bool verbose;
	bool quiet;
	bool direct;
	const char *bind;
	int vec;
	char **args;
	size_t nr_args;
};

/**
 * struct command - one subcommand: all that main() and --help know of it
 * @name: first word of the command line
 * @args: its arguments, for --usage
 * @brief: one line, for the list of commands
 * @doc: a paragraph, for its own --help
 * @least: how few arguments it takes
 * @most: how many
 * @options: what it accepts beside --json, --verbose and --quiet, or NULL
 * @run: does it; returns the exit status
 */
struct command {
	const char *name;
	const char *args;
	const char *brief;
	const char *doc;
	size_t least;
	size_t most;
	const struct argp_option *options;
	int (*run)(const struct options *opts);
};

extern const struct command cp_command;
extern const struct command send_command;
extern const struct command recv_command;
extern const struct command tee_command;
extern const struct command info_command;

/* Keys of long options; common to all commands, so that one parser does. */
enum option_key {
	KEY_DIRECT = 0x100,
	KEY_BIND,
};

/**
 * parse_options - parse the command line of a command, or exit with its usage
 * @cmd: the command
 * @argc: argument count, the command's name included
 * @argv: arguments; the first one is replaced for the messages
 * @opts: result
 */
void parse_options(const struct command *cmd, int argc, char **argv,
		   struct options *opts);

#endif /* TOOL_H */
