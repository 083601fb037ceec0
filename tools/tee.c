// SPDX-License-Identifier: GPL-2.0-only
/* splicevec tee SRC DST... */
#include "transfer.h"
#include "error.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static int tee(struct transfer *t, const struct options *opts)
{
	size_t i;

	if (open_source(t->sources, opts->args[0]))
		return EXIT_FAILURE;
	for (i = 0; i < t->nr_sinks; i++)
		if (open_sink(&t->sinks[i], opts->args[1 + i], t->sources,
			      false))
			return EXIT_FAILURE;
	return transfer(t);
}

static int run(const struct options *opts)
{
	size_t nr = opts->nr_args - 1;
	struct source src;
	struct transfer t = {
		.opts = opts,
		.sources = &src,
		.nr_sources = 1,
		.sinks = calloc(nr, sizeof(struct sink)),
		.nr_sinks = nr,
	};
	int status = t.sinks ? tee(&t, opts) : fail(ENOMEM, opts->command);

	free(t.sinks);
	return status;
}

const struct command tee_command = {
	.name = "tee",
	.args = "SRC DST...",
	.brief = "copy a file to many, reading it once",
	.doc = "Pull SRC once and push the same pages to every DST. A DST that "
	       "fails is reported and the others go on.",
	.least = 2,
	.most = SIZE_MAX,
	.run = run,
};
