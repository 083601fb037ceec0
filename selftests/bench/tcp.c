// SPDX-License-Identifier: GPL-2.0-only
/* A file to one TCP connection: pulled for each message, or pulled once. */
#include "bench.h"

static void by_read_write(struct job *job, off_t offset)
{
	read_write(job->buffer, job->file, offset, job->peers[0].fd, STREAM,
		   job->size);
}

static void by_sendfile(struct job *job, off_t offset)
{
	sendfile_all(job->peers[0].fd, job->file, offset, job->size);
}

static void by_splice(struct job *job, off_t offset)
{
	splice_pipe(job->pipe, job->file, offset, job->peers[0].fd, job->size);
}

static void by_splicevec(struct job *job, off_t offset)
{
	splice_all(job->vec, job->file, offset, job->peers[0].fd, STREAM,
		   job->size);
}

static void by_pull_push(struct job *job, off_t offset)
{
	pull_push(job->vec, job->file, offset, job->peers[0].fd, STREAM,
		  job->size);
}

static void by_kept(struct job *job, off_t offset)
{
	(void)offset;
	push_kept(job->kept, job->peers[0].fd, STREAM, job->size);
}

static const struct method file_methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "sendfile", .send = by_sendfile },
	{ .name = "splice", .send = by_splice },
	{ .name = "splicevec-splice", .send = by_splicevec },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
};

const struct scenario file_tcp = {
	.name = "file-tcp",
	.paths = PATHS_NET,
	.methods = file_methods,
	.nr_methods = ARRAY_LEN(file_methods),
	.peers = 1,
};

static const struct method kept_methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "sendfile", .send = by_sendfile },
	{ .name = "splice", .send = by_splice },
	{ .name = "splicevec-kept", .send = by_kept },
};

const struct scenario kept_tcp = {
	.name = "kept-tcp",
	.paths = PATHS_NET,
	.methods = kept_methods,
	.nr_methods = ARRAY_LEN(kept_methods),
	.peers = 1,
};
