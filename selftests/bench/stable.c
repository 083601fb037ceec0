// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file to one TCP connection, such that the peer gets what was there: by a copy, by
 * having writers wait, or by being told that it was not; against pushes that do neither,
 * and a buffer. Either nobody writes to the file, or somebody does to the first page of
 * each message as soon as it has been handed over.
 */
#include "bench.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages on the way before some records are waited for. */
#define WINDOW	64

static unsigned int on_way;

/* Holds the whole file, as job->kept does, and such that it can be pinned. */
static int pinnable;

/* The file, for who writes to it. */
static int written;

/* Bytes that could be pinned and that were, messages verified and those that changed. */
static struct {
	uint64_t pinnable, pinned;
	uint64_t verified, changed;
} count;

static void by_read_write(struct job *job, off_t offset)
{
	read_write(job->buffer, job->file, offset, job->peers[0].fd, STREAM,
		   job->size);
}

/* Return: bytes of the message that are pinned. */
static uint64_t push_message(struct job *job, int vec, off_t offset,
			     unsigned int flags)
{
	struct splicevec_push push = {
		.fd = job->peers[0].fd,
		.flags = SPLICEVEC_KEEP | flags,
		.offset = SV_POSITION,
		.start = offset,
		.len = job->size,
	};

	must_sv(sv_cmd_push(vec, &push));
	if (push.bytes != job->size)
		die("push: short");
	return push.pinned;
}

static void by_kept(struct job *job, off_t offset)
{
	push_message(job, job->kept, offset, 0);
}

static void by_stable(struct job *job, off_t offset)
{
	push_message(job, job->kept, offset, SPLICEVEC_STABLE);
}

/* A record may say that a page has changed only if somebody writes here. */
static void reap_some(const struct job *job, int vec, unsigned int min)
{
	unsigned int allowed = job->scenario->writer ? SPLICEVEC_CHANGED : 0;
	struct splicevec_completion records[WINDOW];
	int i, n;

	n = must_sv(sv_reap(vec, records, WINDOW, min, -1));
	for (i = 0; i < n; i++) {
		if (records[i].status || records[i].flags & ~allowed)
			die("push: %s, flags %#x", errno_name(-records[i].status),
			    records[i].flags);
		count.changed += !!records[i].flags;
	}
	on_way -= n;
}

static uint64_t push_told(struct job *job, int vec, off_t offset, unsigned int flags)
{
	uint64_t pinned = push_message(job, vec, offset, SPLICEVEC_STRICT | flags);

	if (++on_way == WINDOW)
		reap_some(job, vec, WINDOW / 2);
	return pinned;
}

static void by_strict(struct job *job, off_t offset)
{
	push_told(job, job->kept, offset, 0);
}

static void by_strict_stable(struct job *job, off_t offset)
{
	push_told(job, job->kept, offset, SPLICEVEC_STABLE);
}

static void by_pin(struct job *job, off_t offset)
{
	count.pinned += push_told(job, pinnable, offset, SPLICEVEC_STABLE);
	count.pinnable += job->size;
}

static void by_verify(struct job *job, off_t offset)
{
	push_told(job, job->kept, offset, SPLICEVEC_VERIFY);
	count.verified++;
}

static void settle(struct job *job)
{
	while (on_way)
		reap_some(job, job->kept, on_way);
}

static void settle_pins(struct job *job)
{
	while (on_way)
		reap_some(job, pinnable, on_way);
}

static void allow_pins(const char *yes)
{
	put_file("/sys/module/splicevec/parameters/stable_pin", yes);
}

static int reopened(const struct job *job, int mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", job->file);
	return must(open(path, mode | O_CLOEXEC));
}

static int pulled_by(const struct job *job, int mode)
{
	int vec = new_vector(), file = reopened(job, mode);

	pull_all(vec, file, 0, FILE_SIZE);
	close(file);
	return vec;
}

/* What is pulled by somebody who could not write to it is not pinned. */
static void setup(struct job *job)
{
	close(job->kept);
	job->kept = pulled_by(job, O_RDONLY);
	pinnable = pulled_by(job, O_RDWR);
	written = reopened(job, O_RDWR);
	memset(&count, 0, sizeof(count));
	put_file("/sys/module/splicevec/parameters/stable_pin_pages", "65536");
	put_file("/sys/module/splicevec/parameters/stable_timeout_ms", "10000");
	allow_pins("1");
}

static unsigned long long percent(uint64_t part, uint64_t whole)
{
	return 100 * part / (whole ?: 1);
}

static void teardown(struct job *job)
{
	allow_pins("0");
	must(fsync(written));
	close(written);
	close(pinnable);
	printf("# of the bytes to be pinned %llu %% were\n",
	       percent(count.pinned, count.pinnable));
	if (job->scenario->writer)
		printf("# of the messages verified %llu %% had changed\n",
		       percent(count.changed, count.verified));
}

/* Other bytes each time, as who verifies sees no others. */
static void write_page(struct job *job, off_t offset)
{
	static uint64_t page[PAGE / sizeof(uint64_t)];

	(void)job;
	page[0]++;
	if (must(pwrite(written, page, PAGE, offset)) != PAGE)
		die("pwrite: short");
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

const struct scenario stable_write = {
	.name = "stable-write",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.setup = setup,
	.writer = write_page,
	.teardown = teardown,
};
