// SPDX-License-Identifier: GPL-2.0-only
/* From one connection, which is kept full, to another. */
#include "bench.h"

static void by_read_write(struct job *job, off_t offset)
{
	(void)offset;
	read_write(job->buffer, job->producer.fd, STREAM, job->peers[0].fd,
		   STREAM, job->size);
}

static void by_splice(struct job *job, off_t offset)
{
	(void)offset;
	splice_pipe(job->pipe, job->producer.fd, STREAM, job->peers[0].fd,
		    job->size);
}

static void by_splicevec(struct job *job, off_t offset)
{
	(void)offset;
	splice_all(job->vec, job->producer.fd, STREAM, job->peers[0].fd, STREAM,
		   job->size);
}

static void by_pull_push(struct job *job, off_t offset)
{
	(void)offset;
	pull_push(job->vec, job->producer.fd, STREAM, job->peers[0].fd, STREAM,
		  job->size);
}

static const struct method methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "splice", .send = by_splice },
	{ .name = "splicevec-splice", .send = by_splicevec },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
};

const struct scenario proxy = {
	.name = "proxy",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.produced = true,
};
