/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands as tables, and a bench to try them on: a vector with known
 * contents, a source and a sink that are as they were when nothing was done.
 */
#ifndef _SELFTEST_COMMANDS_H
#define _SELFTEST_COMMANDS_H

#include "common.h"
#include "places.h"

#include <linux/splicevec.h>

/* Bytes in the bench's vector and in its source. */
#define BENCH	(3 * PAGE)

struct bench {
	int vec;
	int source;
	int sink;
	uint64_t drop;		/* bytes the test took off the vector */
	struct splicevec_info before;
	struct splicevec_span spans[8];
	struct splicevec_completion records[8];
};

union arguments {
	uint32_t size;
	struct splicevec_pull pull;
	struct splicevec_push push;
	struct splicevec_splice splice;
	struct splicevec_info info;
	struct splicevec_spans spans;
	struct splicevec_features features;
	struct splicevec_reap reap;
	struct splicevec_cancel cancel;
	struct splicevec_policy policy;
	unsigned char bytes[4096];
};

enum number {
	NR_pull,
	NR_push,
	NR_splice,
	NR_info,
	NR_spans,
	NR_features,
	NR_reap,
	NR_cancel,
	NR_policy,
	NR_COMMANDS
};

extern const struct command {
	const char *name;
	unsigned int number;
	size_t size;
	size_t least;		/* as older callers have it */
	int err;		/* what it says unspoiled: 0, if it can work */
	/* Fill in a command with nothing wrong. */
	void (*prepare)(struct bench *b, union arguments *cmd);
} commands[NR_COMMANDS];

void bench_open(struct bench *b);
/* Its files are there, and not on tmpfs. */
void bench_open_in(struct bench *b, enum place place);
void bench_close(struct bench *b);
/* Return: 0 or a negative errno. */
int run_command(struct bench *b, enum number nr, union arguments *cmd);
/* The vector is as at the beginning, less what the test says it took. */
void check_vector(struct bench *b);
/* So are source and sink. */
void check_untouched(struct bench *b);

#endif
