// SPDX-License-Identifier: GPL-2.0-only
/* splicevec send HOST:PORT FILE... */
#include "net.h"
#include "transfer.h"
#include "error.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* All files are opened first: a wrong name shall not end a transfer halfway. */
static int send_files(struct transfer *t, const struct options *opts)
{
	size_t i;

	for (i = 0; i < t->nr_sources; i++)
		if (open_source(&t->sources[i], opts->args[1 + i]))
			return EXIT_FAILURE;
	if (connect_sink(t->sinks, opts->args[0]))
		return EXIT_FAILURE;
	return transfer(t);
}

static int run(const struct options *opts)
{
	size_t nr = opts->nr_args - 1;
	struct sink sink;
	struct transfer t = {
		.opts = opts,
		.sources = calloc(nr, sizeof(struct source)),
		.nr_sources = nr,
		.sinks = &sink,
		.nr_sinks = 1,
	};
	int status = t.sources ? send_files(&t, opts) :
				 fail(ENOMEM, opts->command);

	free(t.sources);
	return status;
}

const struct command send_command = {
	.name = "send",
	.args = "HOST:PORT FILE...",
	.brief = "send files over TCP, one after another",
	.doc = "Connect to HOST:PORT, or [ADDRESS]:PORT for IPv6, and send each "
	       "FILE (- for stdin). Ends when the peer has acknowledged the "
	       "last byte.",
	.least = 2,
	.most = SIZE_MAX,
	.run = run,
};
