// SPDX-License-Identifier: GPL-2.0-only
/* The command line of a subcommand. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>

static const struct argp_option common_options[] = {
	{ "json", 'j', NULL, 0, "Print one JSON object", 0 },
	{ "verbose", 'v', NULL, 0, "Say at the end what was done", 0 },
	{ "quiet", 'q', NULL, 0, "No progress line", 0 },
	{ 0 }
};

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	(void)arg;
	switch (key) {
	case 'j':
		opts->json = true;
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	case 'q':
		opts->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp common = {
	.options = common_options,
	.parser = parse_common,
};

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = opts;
		return 0;
	case KEY_DIRECT:
		opts->direct = true;
		return 0;
	case KEY_BIND:
		opts->bind = arg;
		return 0;
	case ARGP_KEY_ARGS:
		opts->args = state->argv + state->next;
		opts->nr_args = state->argc - state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argp names the program after argv[0] in all its messages. */
static char *full_name(const char *command)
{
	char *name;

	if (asprintf(&name, "%s %s", program_invocation_short_name,
		     command) < 0)
		abort();
	return name;
}

void parse_options(const struct command *cmd, int argc, char **argv,
		   struct options *opts)
{
	const struct argp_child children[] = { { &common, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = cmd->options,
		.parser = parse_own,
		.args_doc = cmd->args,
		.doc = cmd->doc,
		.children = children,
	};

	*opts = (struct options){ .command = cmd->name };
	argv[0] = full_name(cmd->name);
	argp_parse(&argp, argc, argv, 0, NULL, opts);
	if (opts->nr_args >= cmd->least && opts->nr_args <= cmd->most)
		return;
	fprintf(stderr, "%s: too %s arguments\n", argv[0],
		opts->nr_args < cmd->least ? "few" : "many");
	argp_help(&argp, stderr, ARGP_HELP_STD_USAGE, argv[0]);
	exit(argp_err_exit_status);
}
