// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file to one TCP connection, such that the peer gets what was there: by a copy, by
 * having writers wait, or by being told that it was not; against pushes that do neither,
 * and a buffer.
 */
#include "bench.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages on the way before some records are waited for. */
#define WINDOW	64

static unsigned int on_way;

/* Holds the whole file, such that it can be pinned. */
static int writable;
static uint64_t nr_pinned, nr_pushed;

static void by_read_write(struct job *job, off_t offset)
{
	read_write(job->buffer, job->file, offset, job->peers[0].fd, STREAM,
		   job->size);
}

static void push_all_kept(struct job *job, unsigned int flags)
{
	size_t done;

	for (done = 0; done < job->size;)
		done += some_sv(sv_push_window(job->kept, job->peers[0].fd,
					       SV_POSITION, done,
					       job->size - done, flags));
}

static void by_kept(struct job *job, off_t offset)
{
	(void)offset;
	push_all_kept(job, 0);
}

static void by_stable(struct job *job, off_t offset)
{
	(void)offset;
	push_all_kept(job, SPLICEVEC_STABLE);
}

/* No record may say that a page has changed: nobody writes here. */
static void reap_some(int vec, unsigned int min)
{
	struct splicevec_completion records[WINDOW];
	int i, n;

	n = must_sv(sv_reap(vec, records, WINDOW, min, -1));
	for (i = 0; i < n; i++)
		if (records[i].status || records[i].flags)
			die("push: %s, flags %#x", errno_name(-records[i].status),
			    records[i].flags);
	on_way -= n;
}

static void push_told(struct job *job, unsigned int flags)
{
	if (must_sv(sv_push_strict(job->kept, job->peers[0].fd, SV_POSITION,
				   job->size, SPLICEVEC_KEEP | flags, 0)) !=
	    (long long)job->size)
		die("push: short");
	if (++on_way == WINDOW)
		reap_some(job->kept, WINDOW / 2);
}

static void by_strict(struct job *job, off_t offset)
{
	(void)offset;
	push_told(job, 0);
}

static void by_strict_stable(struct job *job, off_t offset)
{
	(void)offset;
	push_told(job, SPLICEVEC_STABLE);
}

static void by_verify(struct job *job, off_t offset)
{
	(void)offset;
	push_told(job, SPLICEVEC_VERIFY);
}

/* Another part of the file each time: what was pinned is not pinned again at once. */
static void by_pin(struct job *job, off_t offset)
{
	struct splicevec_push push = {
		.fd = job->peers[0].fd,
		.flags = SPLICEVEC_KEEP | SPLICEVEC_STRICT | SPLICEVEC_STABLE,
		.offset = SV_POSITION,
		.start = offset,
		.len = job->size,
	};

	must_sv(sv_cmd_push(writable, &push));
	if (push.bytes != job->size)
		die("push: short");
	nr_pinned += push.pinned;
	nr_pushed += push.bytes;
	if (++on_way == WINDOW)
		reap_some(writable, WINDOW / 2);
}

static void settle(struct job *job)
{
	while (on_way)
		reap_some(job->kept, on_way);
}

static void settle_pins(struct job *job)
{
	(void)job;
	while (on_way)
		reap_some(writable, on_way);
}

static void allow_pins(const char *yes)
{
	put_file("/sys/module/splicevec/parameters/stable_pin", yes);
}

static int pulled_by(const struct job *job, int mode, size_t len)
{
	int vec = new_vector(), file;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", job->file);
	file = must(open(path, mode | O_CLOEXEC));
	pull_all(vec, file, 0, len);
	close(file);
	return vec;
}

/* What is pulled by somebody who could not write to it is not pinned. */
static void setup(struct job *job)
{
	close(job->kept);
	job->kept = pulled_by(job, O_RDONLY, job->size);
	writable = pulled_by(job, O_RDWR, FILE_SIZE);
	put_file("/sys/module/splicevec/parameters/stable_pin_pages", "65536");
	put_file("/sys/module/splicevec/parameters/stable_timeout_ms", "10000");
	allow_pins("1");
}

static void teardown(struct job *job)
{
	(void)job;
	allow_pins("0");
	close(writable);
	printf("# of the bytes to be pinned %llu %% were\n",
	       (unsigned long long)(100 * nr_pinned / (nr_pushed ?: 1)));
}

static const struct method methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "splicevec-kept", .send = by_kept },
	{ .name = "splicevec-stable", .send = by_stable },
	{ .name = "splicevec-strict", .send = by_strict, .settle = settle },
	{ .name = "splicevec-strict-stable", .send = by_strict_stable,
	  .settle = settle },
	{ .name = "splicevec-strict-pin", .send = by_pin, .settle = settle_pins },
	{ .name = "splicevec-verify", .send = by_verify, .settle = settle },
};

const struct scenario stable = {
	.name = "stable",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.setup = setup,
	.teardown = teardown,
};
