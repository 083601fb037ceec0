// SPDX-License-Identifier: GPL-2.0-only
/* The records of 64 strict pushes: each waited for, one by one, all at once. */
#include "bench.h"

#include <fcntl.h>
#include <splicevec.h>
#include <unistd.h>

#define BATCH	64

static int null;

/* What is pushed to a device is done at return, so the record is there at once. */
static void push(int vec)
{
	some_sv(sv_push_strict(vec, null, SV_POSITION, BATCH, SPLICEVEC_KEEP, 0));
}

static void reap(int vec, unsigned int nr)
{
	struct splicevec_completion records[BATCH];

	if (must_sv(sv_reap(vec, records, nr, nr, -1)) != (int)nr)
		die("REAP: short");
}

static void prepare(struct job *job)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		push(job->kept);
}

static void by_round_trip(struct job *job, off_t offset)
{
	unsigned int i;

	(void)offset;
	for (i = 0; i < BATCH; i++) {
		push(job->vec);
		reap(job->vec, 1);
	}
}

static void by_one(struct job *job, off_t offset)
{
	unsigned int i;

	(void)offset;
	for (i = 0; i < BATCH; i++)
		reap(job->kept, 1);
}

static void by_batch(struct job *job, off_t offset)
{
	(void)offset;
	reap(job->kept, BATCH);
}

static void finish(struct job *job)
{
	struct splicevec_completion records[BATCH];

	must_sv(sv_reap(job->kept, records, BATCH, 0, 0));
}

static void setup(struct job *job)
{
	pull_all(job->vec, job->file, 0, job->size);
	null = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static void teardown(struct job *job)
{
	(void)job;
	close(null);
}

static const struct method methods[] = {
	{ .name = "round-trips", .send = by_round_trip },
	{ .name = "one-by-one", .send = by_one },
	{ .name = "splicevec-batch", .send = by_batch },
};

const struct scenario strict_reap = {
	.name = "strict-reap",
	.paths = 1U << PATH_NONE,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.messages = 1,
	.setup = setup,
	.prepare = prepare,
	.finish = finish,
	.teardown = teardown,
};
