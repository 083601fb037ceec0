// SPDX-License-Identifier: GPL-2.0-only
/*
 * LAZY pulls of what cannot be read: whoever needs the bytes has the error, and is the
 * one who has them read again.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "disks.h"
#include "places_file.h"
#include "rings.h"
#include "sinks.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <splicevec.h>
#include <sys/ioctl.h>

#define SEED	43

/* Three parts of this size, one pull each; the middle one cannot be read. */
#define PART	KIB(64)

FIXTURE_VARIANT(broken)
{
	int how;
};

FIXTURE(broken)
{
	struct ledger before;
	int disk;
	int vec;
};

FIXTURE_SETUP(broken)
{
	const struct disk_part parts[] = {
		{ DISK_GOOD, PART },
		{ variant->how, PART },
		{ DISK_GOOD, PART },
	};
	size_t i;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	ledger_read(&self->before);
	disk_fill(DISK_BAD, SEED, 3 * PART);
	self->disk = bad_disk_open(parts, ARRAY_LEN(parts), O_RDONLY);
	self->vec = new_vector();
	for (i = 0; i < 3; i++)
		check_eq(PART, sv_pull(self->vec, self->disk, i * PART, PART,
				       SPLICEVEC_LAZY));
}

FIXTURE_TEARDOWN(broken)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

FIXTURE_VARIANT_ADD(broken, at_once) { .how = DISK_BROKEN };
FIXTURE_VARIANT_ADD(broken, late) { .how = DISK_BROKEN_LATE };

static const struct sink_kind *const sinks[] = {
	&sink_ext4, &sink_ext4_direct, &sink_tmpfs, &sink_pipe, &sink_tcp4,
	&sink_unix, &sink_memory,
};

/* Push all that goes. Return: the error that ended it, or 0. */
static int push_good(struct sink *to, int vec, uint64_t *sum)
{
	struct splicevec_push cmd;
	int ret;

	do {
		cmd = (struct splicevec_push){
			.fd = to->fd,
			.offset = SV_POSITION,
			/* memory: one more than is good, to see it refused */
			.len = to->addr ? to->len - *sum + 1 : SV_ALL,
			.addr = to->addr ? (uintptr_t)to->addr + *sum : 0,
		};
		ret = sv_cmd_push(vec, &cmd);
		*sum += ret ? 0 : cmd.bytes;
	} while (!ret && cmd.bytes);
	return ret;
}

static void push_around_the_broken_part(const struct sink_kind *kind, int from)
{
	int vec = new_vector();
	uint64_t sum = 0;
	struct sink to;

	context("to %s", kind->name);
	if (sink_missing(kind))
		return;
	check_eq(3 * PART, sv_pull(vec, from, SV_POSITION, SV_ALL, 0));
	sink_open(&to, kind, SEED, 0, PART);
	check_errno(EIO, push_good(&to, vec, &sum));
	check_eq(PART, sum);
	/* it stays bad, and stays */
	check_errno(EIO, push_good(&to, vec, &sum));
	sink_close(&to);
	check_eq(PART, sv_drop(vec, PART));
	sum = 0;
	sink_open(&to, kind, SEED, 2 * PART, PART);
	check_errno(0, push_good(&to, vec, &sum));
	check_eq(PART, sum);
	sink_close(&to);
	close(vec);
}

TEST_F(broken, span_is_eio_where_it_is_needed_and_the_others_arrive)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(sinks); i++)
		push_around_the_broken_part(sinks[i], self->vec);
}

TEST_F(broken, windows_beside_the_bad_span_are_good)
{
	int sink = new_file(TMPFS, O_RDWR);

	check_errno(EIO, sv_push_window(self->vec, sink, 0, PART, PART, 0));
	check_errno(EIO, sv_push_window(self->vec, sink, 0, 2 * PART - 1, PART,
					0));
	check_eq(PART, sv_push_window(self->vec, sink, 0, 2 * PART, PART, 0));
	check_eq(-1, file_check(sink, 0, SEED, 2 * PART, PART));
	check_eq(PART, sv_push_window(self->vec, sink, 0, SV_HEAD, SV_ALL, 0));
	check_eq(-1, file_check(sink, 0, SEED, 0, PART));
}

TEST_F(broken, read_gives_what_lies_before_and_then_eio)
{
	char *buf = map_pages(3 * PART);

	check_eq(PART, read(self->vec, buf, 3 * PART));
	check_eq(-1, pattern_check(buf, SEED, 0, PART));
	check_eq(-1, read(self->vec, buf, 3 * PART));
	check_eq(EIO, errno);
	check_eq(-1, pread(self->vec, buf, PART, PART));
	check_eq(EIO, errno);
	check_eq(PART, pread(self->vec, buf, PART, 2 * PART));
	check_eq(-1, pattern_check(buf, SEED, 2 * PART, PART));
}

/* Bad bytes pass through nobody's hands as good ones. */
TEST_F(broken, bad_span_is_bad_wherever_it_goes)
{
	int other = new_vector(), sink = new_file(TMPFS, O_RDWR), third = new_vector();

	check_eq(10, sv_pull(other, self->vec, PART + 100, 10, 0));
	check_errno(EIO, sv_push(other, sink, 0, SV_ALL, 0));
	/* a vector that is given copies cannot be asked for them later */
	check_errno(EIO, sv_push(other, third, SV_POSITION, SV_ALL, SPLICEVEC_STABLE));
	check_errno(EIO, sv_push_strict(other, third, SV_POSITION, SV_ALL, 0, 1));
	check_eq(2 * PART, sv_push(self->vec, other, SV_POSITION, 2 * PART, 0));
	check_errno(EIO, sv_push(other, sink, 0, SV_ALL, 0));
	check_eq(10, sv_drop(other, 10));
	check_eq(PART, sv_push(other, sink, 0, SV_ALL, 0));
	check_errno(EIO, sv_push(other, sink, 0, SV_ALL, 0));
	check_eq(-1, file_check(sink, 0, SEED, 0, PART));
}

/* The parts were read in one request, which failed for the bad one. */
TEST_F(broken, good_bytes_around_bad_ones_of_a_span_arrive)
{
	int vec = new_vector(), sink = new_file(TMPFS, O_RDWR);
	uint64_t sum = 0;
	int64_t n;

	check_eq(3 * PART, sv_drop(self->vec, SV_ALL));
	evict(self->disk);
	check_eq(0, resident_pages(self->disk, 3 * PART));
	check_eq(3 * PART, sv_pull(vec, self->disk, 0, 3 * PART,
				   SPLICEVEC_LAZY));
	while ((n = sv_push(vec, sink, SV_POSITION, SV_ALL, 0)) > 0)
		sum += n;
	check_errno(EIO, n);
	check_eq(PART, sum);
	check_eq(-1, file_check(sink, 0, SEED, 0, PART));
	check_eq(PART, sv_drop(vec, PART));
	check_eq(PART, sv_push(vec, sink, 0, SV_ALL, 0));
	check_eq(-1, file_check(sink, 0, SEED, 2 * PART, PART));
}

TEST_F(broken, pull_that_waits_has_the_error_itself)
{
	int vec = new_vector();

	check_eq(3 * PART, sv_drop(self->vec, SV_ALL));
	evict(self->disk);
	must(lseek(self->disk, 0, SEEK_SET));
	check_eq(PART, sv_pull(vec, self->disk, SV_POSITION, SV_ALL, 0));
	check_errno(EIO, sv_pull(vec, self->disk, SV_POSITION, SV_ALL, 0));
	check_eq(PART, lseek(self->disk, 0, SEEK_CUR));
	check_held(vec, SEED, 0, PART);
}

/* It takes a try anew to know whether it can be read: that is for io_uring's threads. */
TEST_F(broken, submitter_does_not_wait_for_it_to_be_read_again)
{
	struct splicevec_push cmd;
	struct io_uring ring;
	double least = 1, begin;
	unsigned int i;
	int ends[2];

	NEEDS(ring_missing(0));
	must(pipe2(ends, O_CLOEXEC));
	ring_open(&ring, 4, 0);
	check_eq(PART, sv_drop(self->vec, PART));
	check_errno(EIO, sv_push(self->vec, ends[1], SV_POSITION, PART, 0));
	for (i = 0; i < 5; i++) {
		cmd = (struct splicevec_push){
			.fd = ends[1],
			.offset = SV_POSITION,
			.len = PART,
		};
		ring_push(&ring, self->vec, &cmd, i, 0);
		begin = now();
		ring_submit(&ring, 1);
		begin = now() - begin;
		least = begin < least ? begin : least;
		check_eq(-EIO, ring_result(&ring, i));
	}
	check(least < DISK_LATE / 1e3, "it waits for %g s", least);
	io_uring_queue_exit(&ring);
	close(ends[0]);
	close(ends[1]);
}

FIXTURE(beside)
{
	struct ledger before;
	int disk;
	int vec;
};

/* What cannot be read, and what takes long to be discarded. */
FIXTURE_SETUP(beside)
{
	static const struct disk_part parts[] = {
		{ DISK_BROKEN, PART }, { DISK_DELAYED, PART },
	};

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	ledger_read(&self->before);
	self->disk = bad_disk_open(parts, ARRAY_LEN(parts), O_RDWR);
	self->vec = new_vector();
	check_eq(PART, sv_pull(self->vec, self->disk, 0, PART, SPLICEVEC_LAZY));
	check_errno(EIO, sv_push(self->vec, new_file(TMPFS, O_RDWR), 0, SV_ALL, 0));
}

FIXTURE_TEARDOWN(beside)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static void zero_out(void *arg)
{
	uint64_t range[2] = { PART, PART };

	must(ioctl(*(int *)arg, BLKZEROOUT, range));
}

/* Blocks that are about to be another's must not get into a page of the file. */
TEST_F(beside, nothing_is_read_again_while_blocks_are_taken_away)
{
	int sink = new_file(TMPFS, O_RDWR);
	struct worker worker;
	double start = now();

	worker_start(&worker, zero_out, &self->disk);
	usleep(1000 * DISK_SLOW / 4);
	check_errno(EIO, sv_push(self->vec, sink, 0, SV_ALL, 0));
	check(now() - start >= SLOW_SECONDS, "it took %.1f s", now() - start);
	worker_finish(&worker);
}

TEST_HARNESS_MAIN
