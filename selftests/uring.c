// SPDX-License-Identifier: GPL-2.0-only
/* Commands by io_uring: they do what the ioctls do, and the submitter never waits. */
#include "kselftest_harness.h"

#include "common.h"
#include "compat.h"
#include "places.h"
#include "records.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <limits.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
/* More than both sides of a connection, or a pipe, keep. */
#define MUCH	MIB(8)

static struct splicevec_pull pull_of(int fd, uint64_t len, unsigned int flags)
{
	return (struct splicevec_pull) {
		.fd = fd, .offset = -1, .len = len, .flags = flags,
	};
}

static struct splicevec_push push_to(int fd, uint64_t len, unsigned int flags)
{
	return (struct splicevec_push) {
		.fd = fd, .offset = -1, .len = len, .flags = flags,
	};
}

FIXTURE(uring)
{
	struct ledger before;
	struct io_uring ring;
};

FIXTURE_SETUP(uring)
{
	ledger_read(&self->before);
	ring_open(&self->ring, 64, 0);
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

TEST_F(uring, push_arrives)
{
	struct splicevec_push push;
	int fds[2], vec = text_vector(3 * PAGE);

	stream_pair(TCP4, fds);
	push = push_to(fds[0], SV_ALL, 0);
	check_eq(3 * PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(3 * PAGE, push.bytes);
	check_arrives(fds[1], SEED, 0, 3 * PAGE);
	check_span(vec, 3 * PAGE, 3 * PAGE);
}

TEST_F(uring, pulls_from_whatever_can_be_pulled)
{
	int vec = new_vector(), text = text_vector(PAGE), file, pipe[2], fds[2], i;
	char *memory = map_pages(PAGE);
	struct splicevec_pull pull;

	file = pattern_file(EXT4, SEED, PAGE);
	must(pipe2(pipe, O_CLOEXEC));
	write_all(pipe[1], "x", 1);
	stream_pair(TCP4, fds);
	pattern_fill(memory, SEED, 0, PAGE);
	write_all(fds[1], memory, PAGE);

	pull = pull_of(file, MIB(1), 0);
	pull.offset = 0;
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	check_eq(PAGE, pull.bytes);
	check_kind(vec, SPLICEVEC_CACHE,
		   SPLICEVEC_SPAN_LOAN | SPLICEVEC_SPAN_WRITABLE);
	pull = pull_of(fds[0], PAGE, 0);
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	pull = pull_of(SPLICEVEC_FD_MEM, PAGE, 0);
	pull.addr = (uintptr_t)memory;
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	pull = pull_of(text, PAGE, 0);
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	for (i = 0; i < 4; i++)
		check_arrives(vec, SEED, 0, PAGE);
	pull = pull_of(pipe[0], PAGE, 0);
	check_eq(1, ring_do_pull(&self->ring, vec, &pull));
	pull = pull_of(must(open("/dev/zero", O_RDONLY)), PAGE, 0);
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	pull = pull_of(file, PAGE, SPLICEVEC_UNCACHED);
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
	pull = pull_of(file, PAGE, 0);
	check_eq(0, ring_do_pull(&self->ring, vec, &pull));
	check_span(vec, 4 * PAGE, 6 * PAGE + 1);
	unmap_pages(memory, PAGE);
}

/* What has to be read first is not lost half way, nor read twice. */
TEST_F(uring, pull_of_a_file_that_is_partly_in_memory_is_whole)
{
	int file = pattern_file(EXT4, SEED, MIB(2)), vec = new_vector();
	struct splicevec_pull pull = pull_of(file, MIB(4), 0);

	must(fsync(file));
	must(posix_fadvise(file, MIB(1), MIB(1), POSIX_FADV_DONTNEED));
	must(lseek(file, 0, SEEK_SET));
	check_eq(MIB(2), ring_do_pull(&self->ring, vec, &pull));
	check_eq(MIB(2), lseek(file, 0, SEEK_CUR));
	check_arrives(vec, SEED, 0, MIB(2));
	check_span(vec, MIB(2), MIB(2));
}

TEST_F(uring, pushes_to_whatever_can_be_pushed_to)
{
	int vec = text_vector(7 * PAGE), other = new_vector(), pipe[2];
	int file = new_file(EXT4, O_RDWR);
	int direct = new_file(EXT4, O_RDWR | O_DIRECT);
	char *memory = map_pages(PAGE);
	struct splicevec_push push;

	must(pipe2(pipe, O_CLOEXEC));
	push = push_to(file, PAGE, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(PAGE, push.copied);
	check_eq(-1, file_check(file, 0, SEED, 0, PAGE));
	push = push_to(direct, PAGE, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(-1, file_check(reopen(direct, O_RDONLY), 0, SEED, PAGE, PAGE));
	push = push_to(SPLICEVEC_FD_MEM, PAGE, 0);
	push.addr = (uintptr_t)memory;
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(-1, pattern_check(memory, SEED, 2 * PAGE, PAGE));
	push = push_to(pipe[1], PAGE, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_arrives(pipe[0], SEED, 3 * PAGE, PAGE);
	push = push_to(other, PAGE, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_arrives(other, SEED, 4 * PAGE, PAGE);
	push = push_to(SPLICEVEC_FD_NONE, PAGE, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	push = push_to(must(open("/dev/null", O_WRONLY)), SV_ALL, 0);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	push = push_to(file, SV_ALL, 0);
	check_eq(0, ring_do_push(&self->ring, vec, &push));
	unmap_pages(memory, PAGE);
}

TEST_F(uring, splice_moves_all_and_tells_the_end)
{
	int file = pattern_file(EXT4, SEED, MIB(1)), vec = new_vector(), fds[2];
	struct drain drain = { .seed = SEED };
	struct splicevec_splice splice = {
		.in = file, .in_offset = 0, .out_offset = -1, .len = MIB(2),
	};

	stream_pair(TCP4, fds);
	drain.fd = fds[1];
	drain_start(&drain);
	splice.out = fds[0];
	check_eq(MIB(1), ring_do_splice(&self->ring, vec, &splice));
	check_eq(MIB(1), splice.pulled);
	check_eq(MIB(1), splice.pushed);
	check(splice.result & SPLICEVEC_EOF, "result %#x", splice.result);
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(MIB(1), drain.got);
}

TEST_F(uring, splice_waits_and_its_submitter_does_not)
{
	struct splicevec_splice splice = { .in_offset = -1, .len = 10 };
	int in[2], out[2];

	must(pipe2(in, O_CLOEXEC));
	must(pipe2(out, O_CLOEXEC));
	splice.in = in[0];
	splice.out = out[1];
	splice.out_offset = -1;
	ring_splice(&self->ring, new_vector(), &splice, 3, 0);
	ring_submit(&self->ring, 1);
	ring_check_silent(&self->ring);
	write_pattern(in[1], SEED, 0, 10);
	check_eq(10, ring_result(&self->ring, 3));
	check_arrives(out[0], SEED, 0, 10);
}

/*
 * Submitting returns, however long the peer takes; and nothing is done by halves, nor
 * more than was asked for.
 */
static void check_full_push(struct io_uring *ring, enum place place,
			    unsigned int flags, unsigned int sqe_flags)
{
	int file = pattern_file(EXT4, SEED, MUCH + PAGE), vec, fds[2];
	struct drain drain = { .seed = SEED };
	struct splicevec_push push;

	context("flags %#x, %#x", flags, sqe_flags);
	stream_pair(place, fds);
	vec = file_vector(file, MUCH + PAGE);
	push = push_to(fds[0], MUCH, flags);
	if (flags & SPLICEVEC_KEEP)
		push.start = -1;
	ring_push(ring, vec, &push, 5, sqe_flags);
	ring_submit(ring, 1);
	ring_check_silent(ring);
	drain.fd = fds[1];
	drain_start(&drain);
	check_eq(MUCH, ring_result(ring, 5));
	check_eq(MUCH, push.bytes);
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(MUCH, drain.got);
	check_span(vec, flags & SPLICEVEC_KEEP ? 0 : MUCH, MUCH + PAGE);
	close(vec);
	close(file);
	context(NULL);
}

TEST_F(uring, push_to_a_slow_peer_is_a_full_one)
{
	check_full_push(&self->ring, TCP4, 0, 0);
	check_full_push(&self->ring, UNIX, 0, 0);
	check_full_push(&self->ring, TCP4, SPLICEVEC_KEEP, 0);
	check_full_push(&self->ring, UNIX, SPLICEVEC_KEEP, IOSQE_ASYNC);
	check_full_push(&self->ring, TCP4, 0, IOSQE_ASYNC);
}

TEST_F(uring, nonblock_gets_the_short_count_and_then_eagain)
{
	int file = pattern_file(EXT4, SEED, MUCH), vec, fds[2], sent;
	struct splicevec_push push;
	struct splicevec_pull pull;
	int pipe[2];

	stream_pair(TCP4, fds);
	vec = file_vector(file, MUCH);
	push = push_to(fds[0], MUCH, SPLICEVEC_NONBLOCK);
	sent = ring_do_push(&self->ring, vec, &push);
	check(sent > 0 && sent < (int)MUCH, "sent %d", sent);
	check_eq(sent, push.bytes);
	check_span(vec, sent, MUCH);
	do {
		push = push_to(fds[0], MUCH, SPLICEVEC_NONBLOCK);
		sent = ring_do_push(&self->ring, vec, &push);
	} while (sent > 0);
	check_errno(EAGAIN, sent);
	must(pipe2(pipe, O_CLOEXEC));
	pull = pull_of(pipe[0], PAGE, SPLICEVEC_NONBLOCK);
	check_errno(EAGAIN, ring_do_pull(&self->ring, vec, &pull));
	/* a disk is waited for, as by the ioctl */
	must(fsync(file));
	must(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
	pull = pull_of(file, PAGE, SPLICEVEC_NONBLOCK);
	pull.offset = MUCH - PAGE;
	check_eq(PAGE, ring_do_pull(&self->ring, vec, &pull));
}

TEST_F(uring, pull_waits_for_the_first_bytes)
{
	struct splicevec_pull pull;
	int pipe[2], vec = new_vector();

	must(pipe2(pipe, O_CLOEXEC));
	pull = pull_of(pipe[0], PAGE, 0);
	ring_pull(&self->ring, vec, &pull, 1, 0);
	ring_submit(&self->ring, 1);
	ring_check_silent(&self->ring);
	write_pattern(pipe[1], SEED, 0, 10);
	check_eq(10, ring_result(&self->ring, 1));
	check_arrives(vec, SEED, 0, 10);
	ring_pull(&self->ring, vec, &pull, 2, 0);
	ring_submit(&self->ring, 1);
	close(pipe[1]);
	check_eq(0, ring_result(&self->ring, 2));
}

TEST_F(uring, linked_push_runs_after_its_pull)
{
	static const unsigned int how[] = { 0, IOSQE_ASYNC };
	struct splicevec_pull pull;
	struct splicevec_push push;
	int pipe[2], fds[2], vec = new_vector();
	size_t i;

	must(pipe2(pipe, O_CLOEXEC));
	stream_pair(TCP4, fds);
	for (i = 0; i < ARRAY_LEN(how); i++) {
		pull = pull_of(pipe[0], PAGE, 0);
		push = push_to(fds[0], SV_ALL, 0);
		ring_pull(&self->ring, vec, &pull, 1, IOSQE_IO_LINK | how[i]);
		ring_push(&self->ring, vec, &push, 2, how[i]);
		ring_submit(&self->ring, 2);
		ring_check_silent(&self->ring);
		write_pattern(pipe[1], SEED, i * 100, 100);
		check_eq(100, ring_result(&self->ring, 1));
		check_eq(100, ring_result(&self->ring, 2));
		check_arrives(fds[1], SEED, i * 100, 100);
	}
}

/* Some kernels look at the entry no sooner than it is its turn. */
TEST_F(uring, linked_push_whose_entry_is_gone_is_itself_or_estale)
{
	static const unsigned int how[] = { 0, IOSQE_ASYNC };
	struct splicevec_push push, others[4];
	struct splicevec_pull pull;
	struct io_uring ring;
	int pipe[2], vec = new_vector(), other = text_vector(PAGE), res;
	size_t i, j;

	must(pipe2(pipe, O_CLOEXEC));
	ring_open(&ring, 4, 0);
	for (j = 0; j < ARRAY_LEN(how); j++) {
		pull = pull_of(pipe[0], PAGE, 0);
		push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
		ring_pull(&ring, vec, &pull, 1, IOSQE_IO_LINK);
		ring_push(&ring, vec, &push, 2, how[j]);
		ring_submit(&ring, 2);
		for (i = 0; i < 4; i++) {
			others[i] = push_to(SPLICEVEC_FD_NONE, 1, 0);
			ring_push(&ring, other, &others[i], 3, 0);
		}
		ring_submit(&ring, 4);
		for (i = 0; i < 4; i++)
			check_eq(1, ring_result(&ring, 3));
		write_all(pipe[1], "text", 4);
		check_eq(4, ring_result(&ring, 1));
		res = ring_result(&ring, 2);
		if (how[j] || res != -ESTALE || !ring_reads_late())
			check_eq(4, res);
		must_sv(sv_drop(vec, SV_ALL));
	}
	check_span(other, 8, PAGE);
	io_uring_queue_exit(&ring);
}

TEST_F(uring, push_linked_to_a_pull_that_fails_is_called_off)
{
	struct splicevec_pull pull = pull_of(-1, PAGE, 0);
	struct splicevec_push push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	int vec = text_vector(PAGE);

	ring_pull(&self->ring, vec, &pull, 1, IOSQE_IO_LINK);
	ring_push(&self->ring, vec, &push, 2, 0);
	ring_submit(&self->ring, 2);
	check_errno(EBADF, ring_result(&self->ring, 1));
	check_errno(ECANCELED, ring_result(&self->ring, 2));
	check_span(vec, 0, PAGE);
}

TEST_F(uring, vector_may_be_a_registered_file)
{
	int vec = text_vector(PAGE), pipe[2];
	struct splicevec_push push;

	must(pipe2(pipe, O_CLOEXEC));
	must_sv(io_uring_register_files(&self->ring, &vec, 1));
	close(vec);
	push = push_to(pipe[1], SV_ALL, 0);
	ring_push(&self->ring, 0, &push, 9, IOSQE_FIXED_FILE);
	ring_submit(&self->ring, 1);
	check_eq(PAGE, ring_result(&self->ring, 9));
	check_arrives(pipe[0], SEED, 0, PAGE);
	must_sv(io_uring_unregister_files(&self->ring));
}

static void try_setup(unsigned int flags)
{
	int vec = text_vector(PAGE), pipe[2], fds[2];
	const char *missing = ring_missing(flags);
	struct splicevec_push push;
	struct io_uring ring;

	if (missing) {
		printf("# setup %#x: %s\n", flags, missing);
		return;
	}
	context("setup %#x", flags);
	must(pipe2(pipe, O_CLOEXEC));
	stream_pair(TCP4, fds);
	ring_open(&ring, 8, flags);
	push = push_to(pipe[1], 10, 0);
	check_eq(10, ring_do_push(&ring, vec, &push));
	check_arrives(pipe[0], SEED, 0, 10);
	push = push_to(fds[0], SV_ALL, SPLICEVEC_STRICT);
	ring_push(&ring, vec, &push, 3, IOSQE_ASYNC);
	ring_submit(&ring, 1);
	check_arrives(fds[1], SEED, 10, PAGE - 10);
	check_eq(PAGE - 10, ring_result(&ring, 3));
	io_uring_queue_exit(&ring);
	context(NULL);
}

TEST_F(uring, works_in_rings_of_all_setups)
{
	try_setup(IORING_SETUP_SQPOLL);
	try_setup(IORING_SETUP_SQE128);
	try_setup(IORING_SETUP_CQE32);
	try_setup(IORING_SETUP_COOP_TASKRUN);
	try_setup(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

TEST_F(uring, polled_ring_is_eopnotsupp)
{
	struct splicevec_push push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	int vec = text_vector(PAGE);
	struct io_uring ring;

	ring_open(&ring, 8, IORING_SETUP_IOPOLL);
	check_errno(EOPNOTSUPP, ring_do_push(&ring, vec, &push));
	check_span(vec, 0, PAGE);
	io_uring_queue_exit(&ring);
}

static int run_raw(struct io_uring *ring, int vec, unsigned int number,
		   const void *cmd, uint64_t rest, unsigned int rw_flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sv_prep_command(sqe, vec, number, cmd);
	sqe->__pad2[0] = rest;
	sqe->rw_flags = rw_flags;
	io_uring_sqe_set_data64(sqe, 4);
	ring_submit(ring, 1);
	return ring_result(ring, 4);
}

TEST_F(uring, bad_commands_fail_as_by_ioctl_and_do_nothing)
{
	static const unsigned int others[] = {
		SPLICEVEC_INFO, SPLICEVEC_SPANS, SPLICEVEC_FEATURES,
		SPLICEVEC_REAP, SPLICEVEC_CANCEL,
	};
	struct splicevec_push push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	struct io_uring *ring = &self->ring;
	int vec = text_vector(PAGE), readonly;
	struct {
		struct splicevec_push push;
		uint64_t more;
	} longer;
	size_t i;

	push.size = sizeof(push);
	for (i = 0; i < ARRAY_LEN(others); i++)
		check_errno(EOPNOTSUPP, run_raw(ring, vec, others[i], &push, 0, 0));
	check_errno(ENOTTY, run_raw(ring, vec, 0, &push, 0, 0));
	check_errno(ENOTTY, run_raw(ring, vec, SPLICEVEC_POLICY + 1, &push, 0, 0));
	check_errno(EINVAL, run_raw(ring, vec, SPLICEVEC_PUSH, &push, 1, 0));
	check_errno(EFAULT, run_raw(ring, vec, SPLICEVEC_PUSH, NULL, 0, 0));
	check_errno(EFAULT, run_raw(ring, vec, SPLICEVEC_PUSH,
				    (void *)~0xfffUL, 0, 0));
	check_errno(EINVAL, run_raw(ring, vec, SPLICEVEC_PUSH, &push, 0, 1 << 5));
	push.flags = 1U << 31;
	check_errno(EINVAL, ring_do_push(ring, vec, &push));
	push.flags = SPLICEVEC_NOTIFY;
	check_errno(EINVAL, ring_do_push(ring, vec, &push));
	push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	push.size = offsetof(struct splicevec_push, stable_ms) - 8;
	check_errno(EINVAL, run_raw(ring, vec, SPLICEVEC_PUSH, &push, 0, 0));
	longer.push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	longer.push.size = sizeof(longer);
	longer.more = 1;
	check_errno(E2BIG, run_raw(ring, vec, SPLICEVEC_PUSH, &longer, 0, 0));
	push = push_to(-1, SV_ALL, 0);
	check_errno(EBADF, ring_do_push(ring, vec, &push));
	push = push_to(vec, SV_ALL, 0);
	check_errno(EINVAL, ring_do_push(ring, vec, &push));
	readonly = must(open("/dev/splicevec", O_WRONLY));
	push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	check_errno(EBADF, ring_do_push(ring, readonly, &push));
	check_span(vec, 0, PAGE);
	longer.push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	longer.push.size = sizeof(longer);
	longer.more = 0;
	check_eq(PAGE, run_raw(ring, vec, SPLICEVEC_PUSH, &longer, 0, 0));
}

/* A struct that cannot be written is found before anything is done. */
TEST_F(uring, struct_that_cannot_be_written_is_efault)
{
	struct splicevec_push *push = (void *)map_pages(PAGE);
	int vec = text_vector(PAGE);

	*push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	push->size = sizeof(*push);
	must(mprotect(push, PAGE, PROT_READ));
	check_errno(EFAULT, run_raw(&self->ring, vec, SPLICEVEC_PUSH, push, 0, 0));
	check_span(vec, 0, PAGE);
	unmap_pages((char *)push, PAGE);
}

/* A ring that a 32-bit program has made, but for its memory. */
static void open_ring32(struct io_uring *ring)
{
	struct io_uring_params *params;
	unsigned int i;
	int fd;

	params = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (params == MAP_FAILED)
		die("no memory below 4 GiB");
	fd = must_sv(call32(__NR_io_uring_setup, 8, (long)params, 0));
	must_sv(io_uring_queue_mmap(fd, params, ring));
	ring->features = params->features;
	for (i = 0; i < params->sq_entries; i++)
		ring->sq.array[i] = i;
	munmap(params, PAGE);
}

/* Whoever works for it could not know what its lists of memory look like. */
TEST_F(uring, list_of_memory_in_a_32_bit_ring_is_eopnotsupp)
{
	static const unsigned int how[] = { 0, IOSQE_ASYNC };
	int vec = text_vector(PAGE);
	char *memory = map_pages(PAGE);
	struct iovec iov = { memory, 10 };
	struct splicevec_push push;
	struct io_uring ring;
	size_t i;

	if (!has_32_bit_calls())
		SKIP(return, "no 32-bit calls");
	open_ring32(&ring);
	for (i = 0; i < ARRAY_LEN(how); i++) {
		push = push_to(SPLICEVEC_FD_MEM, SV_ALL, 0);
		push.addr = (uintptr_t)&iov;
		push.iovs = 1;
		ring_push(&ring, vec, &push, 1, how[i]);
		ring_submit(&ring, 1);
		check_errno(EOPNOTSUPP, ring_result(&ring, 1));
		push = push_to(SPLICEVEC_FD_MEM, 10, 0);
		push.addr = (uintptr_t)memory;
		ring_push(&ring, vec, &push, 2, how[i]);
		ring_submit(&ring, 1);
		check_eq(10, ring_result(&ring, 2));
		check_eq(-1, pattern_check(memory, SEED, 10 * i, 10));
	}
	io_uring_queue_exit(&ring);
	/* others have lists */
	push = push_to(SPLICEVEC_FD_MEM, SV_ALL, 0);
	push.addr = (uintptr_t)&iov;
	push.iovs = 1;
	check_eq(10, ring_do_push(&self->ring, vec, &push));
	unmap_pages(memory, PAGE);
}

/* Hundreds that wait, and each gets what is its own. */
TEST_F(uring, hundreds_may_wait_at_once)
{
	enum { MOST = 300 };
	static struct splicevec_pull pulls[MOST];
	static int vecs[MOST], pipes[MOST][2];
	uint64_t which;
	char byte;
	int i, j;

	raise_nofile(4 * MOST);
	for (i = 0; i < MOST; i++) {
		vecs[i] = new_vector();
		must(pipe2(pipes[i], O_CLOEXEC));
		pulls[i] = pull_of(pipes[i][0], PAGE, 0);
		ring_pull(&self->ring, vecs[i], &pulls[i], i, 0);
		if (i % 50 == 49)
			ring_submit(&self->ring, 50);
	}
	for (i = MOST; i--;) {
		byte = i;
		write_all(pipes[i][1], &byte, 1);
	}
	for (j = 0; j < MOST; j++) {
		check_eq(1, ring_next(&self->ring, &which));
		if (!check(which < MOST && pulls[which].bytes == 1,
			   "pull %d", (int)which))
			continue;
		read_all(vecs[which], &byte, 1);
		check_eq((char)which, byte);
		pulls[which].bytes = 0;
	}
}

TEST_HARNESS_MAIN
