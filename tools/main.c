// SPDX-License-Identifier: GPL-2.0-only
/* splicevec: one program, one command with subcommands. */
#include "tool.h"
#include "error.h"

#include <errno.h>
#include <splicevec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "splicevec " SPLICEVEC_VERSION;

static const struct command *const commands[] = {
	&cp_command, &send_command, &recv_command, &tee_command, &info_command,
	NULL
};

static const struct command *find(const char *name)
{
	const struct command *const *cmd;

	for (cmd = commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name))
			return *cmd;
	return NULL;
}

/* argp frees what a help filter returns. */
static char *list_commands(int key, const char *text, void *input)
{
	const struct command *const *cmd;
	char *list = NULL;
	size_t size;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	f = open_memstream(&list, &size);
	if (!f)
		return NULL;
	fputs("Commands:\n", f);
	for (cmd = commands; *cmd; cmd++)
		fprintf(f, "  %-6s %s\n", (*cmd)->name, (*cmd)->brief);
	fputs("\nsplicevec COMMAND --help tells more about one.", f);
	fclose(f);
	return list;
}

/* Stops at the first word: what follows is for the command to parse. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct command **cmd = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*cmd = find(arg);
		if (!*cmd)
			argp_error(state, "%s: no such command", arg);
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "COMMAND [ARG...]",
	.doc = "Move bytes between files, pipes and sockets without copying "
	       "them.\v",
	.help_filter = list_commands,
};

/* Our own arguments are those up to and with the first that is no option. */
static int own_args(int argc, char **argv)
{
	int n = 1;

	while (n < argc && argv[n][0] == '-')
		n++;
	return n < argc ? n + 1 : argc;
}

int main(int argc, char **argv)
{
	const struct command *cmd = NULL;
	int own = own_args(argc, argv);
	struct options opts;
	int status;

	argp_parse(&argp, own, argv, ARGP_IN_ORDER, NULL, &cmd);
	parse_options(cmd, argc - own + 1, argv + own - 1, &opts);
	opts.vec = sv_open(0);
	if (opts.vec < 0)
		return fail_device(opts.vec);
	status = cmd->run(&opts);
	if (fclose(stdout))
		status = fail(errno, "stdout");
	return status;
}
