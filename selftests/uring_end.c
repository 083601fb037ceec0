// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of io_uring that cannot go on, because a peer has stalled or somebody else
 * consumes: whoever submitted them may go, at any time and in any way.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "records.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
/* More than both sides of a connection keep. */
#define MUCH	MIB(8)

LEDGER_FIXTURE(uring_end)

static struct splicevec_push push_to(int fd, uint64_t len, unsigned int flags)
{
	return (struct splicevec_push) {
		.fd = fd, .offset = -1, .len = len, .flags = flags,
	};
}

/* A vector, peers that do not read, and a ring to bring them together. */
struct stall {
	struct io_uring ring;
	int vec;
	int fds[2];
	int others[2];
	int pipe[2];
	struct splicevec_push push, waiting, strict, kept, linked;
	struct splicevec_pull pull;
	struct splicevec_splice splice;
};

static void stall_open(struct stall *s, unsigned int flags)
{
	int file = pattern_file(EXT4, SEED, MUCH);

	ring_open(&s->ring, 16, flags);
	stream_pair(TCP4, s->fds);
	stream_pair(UNIX, s->others);
	must(pipe2(s->pipe, O_CLOEXEC));
	s->vec = file_vector(file, MUCH);
	close(file);
}

static void start_push(struct stall *s)
{
	s->push = push_to(s->fds[0], SV_ALL, 0);
	ring_push(&s->ring, s->vec, &s->push, 1, 0);
	ring_submit(&s->ring, 1);
	ring_check_silent(&s->ring);
}

/* Waits for the push, which consumes. */
static void start_waiting(struct stall *s)
{
	s->waiting = push_to(s->fds[0], SV_ALL, 0);
	ring_push(&s->ring, s->vec, &s->waiting, 2, 0);
	ring_submit(&s->ring, 1);
	ring_check_silent(&s->ring);
}

/* One of each that can wait. */
static void start_all(struct stall *s)
{
	start_push(s);
	start_waiting(s);
	s->strict = push_to(s->pipe[1], PAGE, SPLICEVEC_STRICT | SPLICEVEC_KEEP);
	s->strict.start = -1;
	ring_push(&s->ring, s->vec, &s->strict, 3, 0);
	s->kept = push_to(s->others[0], SV_ALL, SPLICEVEC_KEEP);
	s->kept.start = -1;
	ring_push(&s->ring, s->vec, &s->kept, 4, IOSQE_ASYNC);
	s->pull = (struct splicevec_pull) {
		.fd = s->fds[0], .offset = -1, .len = PAGE,
	};
	ring_pull(&s->ring, s->vec, &s->pull, 5, IOSQE_IO_LINK);
	/* never begins */
	s->linked = s->push;
	ring_push(&s->ring, s->vec, &s->linked, 6, 0);
	s->splice = (struct splicevec_splice) {
		.in = s->others[0], .out = s->others[0], .len = PAGE,
		.in_offset = -1, .out_offset = -1,
	};
	ring_splice(&s->ring, new_vector(), &s->splice, 7, 0);
	must_sv(io_uring_submit(&s->ring));
	usleep(50000);
}

/* What arrived and what is still held is all, in order. */
static void check_nothing_lost(struct stall *s)
{
	struct drain drain = { .fd = s->fds[1], .seed = SEED };
	int64_t ret;

	drain_start(&drain);
	/* the end of what was canceled interrupts whoever waits */
	do {
		ret = sv_push(s->vec, s->fds[0], SV_POSITION, SV_ALL, 0);
	} while (ret > 0 || ret == -EINTR);
	check_eq(0, ret);
	close(s->fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(MUCH, drain.got);
}

/* Run in a child; the vector and the connection are the parent's too. */
static int end_of(struct stall *s, unsigned int setup, void (*end)(struct stall *s))
{
	pid_t pid;
	int status;

	stall_open(s, 0);
	io_uring_queue_exit(&s->ring);
	pid = must(fork());
	if (!pid) {
		ring_open(&s->ring, 16, setup);
		start_push(s);
		end(s);
		_exit(failures());
	}
	must(waitpid(pid, &status, 0));
	return status;
}

static void just_exit(struct stall *s)
{
	(void)s;
}

static void be_killed(struct stall *s)
{
	(void)s;
	raise(SIGKILL);
}

static void wait_and_exit(struct stall *s)
{
	start_waiting(s);
}

static void wait_and_be_killed(struct stall *s)
{
	start_waiting(s);
	raise(SIGKILL);
}

TEST_F(uring_end, exit_with_a_push_to_a_stalled_peer_loses_nothing)
{
	struct stall s;

	check_eq(0, end_of(&s, 0, just_exit));
	check_nothing_lost(&s);
}

TEST_F(uring_end, kill_with_a_push_to_a_stalled_peer_loses_nothing)
{
	struct stall s;

	check_eq(SIGKILL, end_of(&s, 0, be_killed));
	check_nothing_lost(&s);
}

TEST_F(uring_end, exit_of_a_sqpoll_ring_loses_nothing)
{
	struct stall s;

	check_eq(0, end_of(&s, IORING_SETUP_SQPOLL, just_exit));
	check_nothing_lost(&s);
}

TEST_F(uring_end, exit_while_waiting_for_another_consumer_loses_nothing)
{
	struct stall s;

	check_eq(0, end_of(&s, 0, wait_and_exit));
	check_nothing_lost(&s);
	check_eq(SIGKILL, end_of(&s, 0, wait_and_be_killed));
	check_nothing_lost(&s);
}

static void exit_with_all(unsigned int setup, bool killed)
{
	int status;
	pid_t pid = must(fork());

	if (!pid) {
		struct stall s;

		stall_open(&s, setup);
		start_all(&s);
		if (killed)
			raise(SIGKILL);
		_exit(failures());
	}
	must(waitpid(pid, &status, 0));
	check_eq(killed ? SIGKILL : 0, status);
}

TEST_F(uring_end, exit_with_everything_in_flight_does_not_hang)
{
	exit_with_all(0, false);
	exit_with_all(IORING_SETUP_SQPOLL, false);
}

TEST_F(uring_end, kill_with_everything_in_flight_does_not_hang)
{
	exit_with_all(0, true);
	exit_with_all(IORING_SETUP_SQPOLL, true);
}

static void submit_all(void *arg)
{
	start_all(arg);
}

/* The ring is there still, and others may use it. */
TEST_F(uring_end, thread_that_submitted_may_exit)
{
	struct splicevec_push push = push_to(SPLICEVEC_FD_NONE, SV_ALL, 0);
	struct worker worker;
	struct stall s;
	uint64_t which;

	stall_open(&s, 0);
	worker_start(&worker, submit_all, &s);
	worker_finish(&worker);
	ring_push(&s.ring, new_vector(), &push, 9, 0);
	ring_submit(&s.ring, 1);
	do {
		ring_next(&s.ring, &which);
	} while (which != 9);
	io_uring_queue_exit(&s.ring);
	check_nothing_lost(&s);
}

TEST_F(uring_end, ring_may_be_closed_with_everything_in_flight)
{
	struct stall s;

	stall_open(&s, 0);
	start_all(&s);
	io_uring_queue_exit(&s.ring);
	/* as soon as the kernel's threads have noticed */
	usleep(100000);
	check_nothing_lost(&s);
}

static void cancel(struct stall *s, uint64_t which)
{
	struct io_uring_sqe *sqe = ring_sqe(&s->ring);

	io_uring_prep_cancel64(sqe, which, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
	io_uring_sqe_set_data64(sqe, 99);
	ring_submit(&s->ring, 1);
}

/* Return: the next result that is not the cancellation's own. */
static int next_of(struct stall *s, uint64_t which)
{
	uint64_t got;
	int res;

	do {
		res = ring_next(&s->ring, &got);
	} while (got == 99);
	check_eq(which, got);
	return res;
}

TEST_F(uring_end, async_cancel_ends_a_push_that_waits_with_its_count)
{
	struct splicevec_info info;
	struct stall s;
	int res;

	stall_open(&s, 0);
	start_push(&s);
	cancel(&s, 1);
	res = next_of(&s, 1);
	must_sv(sv_info(s.vec, &info));
	check(res > 0, "res %d", res);
	check_eq(res, info.head);
	check_eq(res, s.push.bytes);
	io_uring_queue_exit(&s.ring);
	check_nothing_lost(&s);
}

TEST_F(uring_end, async_cancel_ends_what_waits_for_another_consumer)
{
	struct stall s;

	stall_open(&s, 0);
	start_push(&s);
	start_waiting(&s);
	cancel(&s, 2);
	check_errno(EINTR, next_of(&s, 2));
	cancel(&s, 1);
	check(next_of(&s, 1) > 0, "nothing was pushed");
	io_uring_queue_exit(&s.ring);
	check_nothing_lost(&s);
}

TEST_F(uring_end, async_cancel_ends_a_pull_that_waits)
{
	struct stall s;

	stall_open(&s, 0);
	s.pull = (struct splicevec_pull) {
		.fd = s.pipe[0], .offset = -1, .len = PAGE,
	};
	ring_pull(&s.ring, s.vec, &s.pull, 1, 0);
	ring_submit(&s.ring, 1);
	ring_check_silent(&s.ring);
	cancel(&s, 1);
	check_errno(EINTR, next_of(&s, 1));
	write_pattern(s.pipe[1], SEED, MUCH, 10);
	check_eq(10, sv_pull(s.vec, s.pipe[0], SV_POSITION, PAGE, 0));
	io_uring_queue_exit(&s.ring);
}

TEST_HARNESS_MAIN
