// SPDX-License-Identifier: GPL-2.0-only
/* splicevec cp SRC DST */
#include "transfer.h"

#include <stdlib.h>

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

	if (open_source(&src, opts->args[0]) ||
	    open_sink(&sink, opts->args[1], &src, opts->direct))
		return EXIT_FAILURE;
	return transfer(&t);
}

static const struct argp_option options[] = {
	{ "direct", KEY_DIRECT, NULL, 0, "Write DST with O_DIRECT", 0 },
	{ 0 }
};

const struct command cp_command = {
	.name = "cp",
	.args = "SRC DST",
	.brief = "copy a file, stdin or stdout (-)",
	.doc = "Copy SRC to DST, each a file or - for stdin and stdout.",
	.least = 2,
	.most = 2,
	.options = options,
	.run = run,
};
