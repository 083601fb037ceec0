// SPDX-License-Identifier: GPL-2.0-only
/* splicevec recv PORT FILE */
#include "net.h"
#include "transfer.h"

#include <stdlib.h>

/*
 * A file is emptied only when we can listen, and nobody is let in only to find
 * that it cannot be written.
 */
static int run(const struct options *opts)
{
	struct source src;
	struct sink sink;
	struct transfer t = {
		.opts = opts,
		.sources = &src,
		.nr_sources = 1,
		.sinks = &sink,
		.nr_sinks = 1,
	};
	int listener = listen_on(opts->bind, opts->args[0], opts->verbose);

	if (listener < 0 || open_sink(&sink, opts->args[1], NULL, false) ||
	    accept_source(&src, listener))
		return EXIT_FAILURE;
	return transfer(&t);
}

static const struct argp_option options[] = {
	{ "bind", KEY_BIND, "ADDRESS", 0, "Listen on this address only", 0 },
	{ 0 }
};

const struct command recv_command = {
	.name = "recv",
	.args = "PORT FILE",
	.brief = "receive a file over TCP",
	.doc = "Listen on PORT, over IPv4 and IPv6, take one connection and "
	       "write what it sends to FILE (- for stdout).",
	.least = 2,
	.most = 2,
	.options = options,
	.run = run,
};
