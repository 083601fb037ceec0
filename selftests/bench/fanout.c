// SPDX-License-Identifier: GPL-2.0-only
/* The same message to sixteen connections. */
#include "bench.h"

#include <fcntl.h>
#include <unistd.h>

static void by_read_write(struct job *job, off_t offset)
{
	size_t done, n;
	unsigned int i;

	for (done = 0; done < job->size; done += n) {
		n = job->size - done;
		n = n < BUFFER_SIZE ? n : BUFFER_SIZE;
		n = some(pread(job->file, job->buffer, n, offset + done));
		for (i = 0; i < MAX_PEERS; i++)
			write_all(job->peers[i].fd, job->buffer, n);
	}
}

static void by_sendfile(struct job *job, off_t offset)
{
	unsigned int i;

	for (i = 0; i < MAX_PEERS; i++)
		sendfile_all(job->peers[i].fd, job->file, offset, job->size);
}

/* @len bytes of job->pipe are teed for all, and go to the last one themselves. */
static void tee_all(struct job *job, size_t len, bool more)
{
	unsigned int i;
	size_t n;

	for (i = 0; i < MAX_PEERS - 1; i++) {
		n = must(tee(job->pipe[0], job->copy[1], len, 0));
		if (n != len)
			die("tee: %zu bytes of %zu", n, len);
		drain_pipe(job->copy[0], job->peers[i].fd, n, more);
	}
	drain_pipe(job->pipe[0], job->peers[i].fd, len, more);
}

static void by_tee(struct job *job, off_t offset)
{
	size_t done, n;

	for (done = 0; done < job->size;) {
		n = fill_pipe(job->pipe[1], job->file, offset + done,
			      job->size - done);
		done += n;
		tee_all(job, n, done < job->size);
	}
}

/* The last one gets the spans themselves, so the vector is empty again. */
static void by_pull_push(struct job *job, off_t offset)
{
	unsigned int i;

	pull_all(job->vec, job->file, offset, job->size);
	for (i = 0; i < MAX_PEERS - 1; i++)
		push_held(job->vec, job->peers[i].fd, job->size);
	push_all(job->vec, job->peers[i].fd, STREAM, job->size);
}

static void by_kept(struct job *job, off_t offset)
{
	unsigned int i;

	(void)offset;
	for (i = 0; i < MAX_PEERS; i++)
		push_kept(job->kept, job->peers[i].fd, STREAM, job->size);
}

static const struct method methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "sendfile", .send = by_sendfile },
	{ .name = "tee+splice", .send = by_tee },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
	{ .name = "splicevec-kept", .send = by_kept },
};

const struct scenario fanout_16 = {
	.name = "fanout-16",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = MAX_PEERS,
};
