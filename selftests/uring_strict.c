// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes by io_uring: where the kernel can give a command up, its CQE is the
 * end of the push; elsewhere that of the hand-over, and the record is reaped.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "records.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define OTHER	52

FIXTURE(uring_strict)
{
	struct ledger before;
	struct io_uring ring;
	bool tells;
};

FIXTURE_SETUP(uring_strict)
{
	int vec;

	ledger_read(&self->before);
	ring_open(&self->ring, 64, 0);
	vec = new_vector();
	self->tells = ring_tells_strict(vec);
	close(vec);
}

FIXTURE_TEARDOWN(uring_strict)
{
	io_uring_queue_exit(&self->ring);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define NEEDS_CQE							\
	do {								\
		if (!self->tells)					\
			SKIP(return, "CQEs are of the hand-over");	\
	} while (0)

static struct splicevec_push strict_to(int fd, uint64_t user_data)
{
	return (struct splicevec_push) {
		.fd = fd, .offset = -1, .len = SV_ALL, .flags = SPLICEVEC_STRICT,
		.user_data = user_data,
	};
}

/* A page of memory that is lent to a new vector. */
static int lend(char *memory)
{
	int vec = new_vector();

	pattern_fill(memory, SEED, 0, PAGE);
	must_sv(sv_pull_mem(vec, memory, PAGE, 0));
	return vec;
}

/* It is on its way, and nothing is told of its end. */
static void push_silently(struct io_uring *ring, int vec, struct splicevec_push *push,
			  uint64_t user_data)
{
	ring_push(ring, vec, push, user_data, 0);
	ring_submit(ring, 1);
	ring_check_silent(ring);
}

TEST_F(uring_strict, without_cancel_the_cqe_is_the_hand_over)
{
	struct splicevec_push push;
	int pipe[2], vec = text_vector(PAGE);

	if (self->tells)
		SKIP(return, "CQEs are of the end");
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 8);
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_no_record(vec);
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_push_once(vec, 8, 0, PAGE);
}

TEST_F(uring_strict, cqe_comes_when_the_reader_has_the_bytes)
{
	char *memory = map_pages(PAGE), byte;
	int pipe[2], vec = lend(memory);
	struct splicevec_push push;

	NEEDS_CQE;
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 8);
	push_silently(&self->ring, vec, &push, 1);
	/* the first byte makes a copy of the rest */
	read_all(pipe[0], &byte, 1);
	check_eq(PAGE, ring_result(&self->ring, 1));
	pattern_fill(memory, OTHER, 0, PAGE);
	check_arrives(pipe[0], SEED, 1, PAGE - 1);
	check_eq(PAGE, push.bytes);
	check_eq(PAGE, push.copied);
	check_eq(0, push.result);
	check_no_record(vec);
	unmap_pages(memory, PAGE);
}

TEST_F(uring_strict, cqe_of_a_socket_comes_after_the_last_acknowledgement)
{
	struct drain drain = { .seed = SEED };
	int fds[2], vec = text_vector(MIB(2));
	struct splicevec_push push;

	NEEDS_CQE;
	keeping_pair(TCP4, fds);
	push = strict_to(fds[0], 0);
	push.len = KIB(256);
	push_silently(&self->ring, vec, &push, 1);
	drain.fd = fds[1];
	drain_start(&drain);
	check_eq(KIB(256), ring_result(&self->ring, 1));
	check_eq(KIB(256), push.bytes);
	/* more than both keep: full, and then its end */
	push = strict_to(fds[0], 0);
	check_eq(MIB(2) - KIB(256), ring_do_push(&self->ring, vec, &push));
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(MIB(2), drain.got);
	check_no_record(vec);
}

TEST_F(uring_strict, reset_is_the_result)
{
	struct linger reset = { .l_onoff = 1 };
	int fds[2], vec = text_vector(KIB(128));
	struct splicevec_push push;

	NEEDS_CQE;
	keeping_pair(TCP4, fds);
	push = strict_to(fds[0], 0);
	push_silently(&self->ring, vec, &push, 1);
	must(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(fds[1]);
	check_errno(ECONNRESET, ring_result(&self->ring, 1));
	check_eq(KIB(128), push.bytes);
}

TEST_F(uring_strict, pipe_closed_unread_is_epipe)
{
	int pipe[2], vec = text_vector(PAGE);
	struct splicevec_push push;

	NEEDS_CQE;
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 0);
	push_silently(&self->ring, vec, &push, 1);
	close(pipe[0]);
	close(pipe[1]);
	check_errno(EPIPE, ring_result(&self->ring, 1));
}

TEST_F(uring_strict, sinks_that_are_done_at_return_tell_at_once)
{
	int vec = text_vector(3 * PAGE), file = new_file(EXT4, O_RDWR);
	struct splicevec_push push;

	NEEDS_CQE;
	push = strict_to(file, 0);
	push.len = PAGE;
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(PAGE, push.copied);
	push = strict_to(SPLICEVEC_FD_NONE, 0);
	push.len = PAGE;
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	push = strict_to(SPLICEVEC_FD_NONE, 0);
	push.flags |= SPLICEVEC_NONBLOCK;
	check_eq(PAGE, ring_do_push(&self->ring, vec, &push));
	check_eq(0, ring_do_push(&self->ring, vec, &push));
	check_no_record(vec);
}

TEST_F(uring_strict, push_that_fails_has_its_error_and_no_record)
{
	int pipe[2], vec = text_vector(PAGE);
	struct splicevec_push push;

	must(pipe2(pipe, O_CLOEXEC));
	close(pipe[0]);
	push = strict_to(pipe[1], 0);
	check_errno(EPIPE, ring_do_push(&self->ring, vec, &push));
	check_no_record(vec);
	check_span(vec, 0, PAGE);
}

TEST_F(uring_strict, nonblock_waits_for_the_end_of_what_it_could_push)
{
	int pipe[2], vec = text_vector(MIB(1)), sent;
	struct splicevec_push push;

	NEEDS_CQE;
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 0);
	push.flags |= SPLICEVEC_NONBLOCK;
	push_silently(&self->ring, vec, &push, 1);
	check_arrives(pipe[0], SEED, 0, push.bytes);
	sent = ring_result(&self->ring, 1);
	check(sent > 0 && sent < (int)MIB(1), "sent %d", sent);
	check_eq(sent, push.bytes);
}

/* CANCEL finds it by the user data of its struct, as long as no sink has anything. */
TEST_F(uring_strict, cancel_calls_off_one_that_waits_for_another_consumer)
{
	int pipe[2], vec = text_vector(MIB(1));
	struct splicevec_push first, second;
	uint64_t which;

	must(pipe2(pipe, O_CLOEXEC));
	first = strict_to(pipe[1], 1);
	second = strict_to(SPLICEVEC_FD_NONE, 2);
	push_silently(&self->ring, vec, &first, 1);
	push_silently(&self->ring, vec, &second, 2);
	check_eq(1, sv_cancel(vec, 2));
	close(pipe[0]);
	while (ring_next(&self->ring, &which) >= 0 || which != 2)
		;
	check_no_record(vec);
}

TEST_F(uring_strict, each_of_many_has_one_cqe)
{
	enum { MOST = 1000, BATCH = 50 };
	static struct splicevec_push pushes[MOST];
	static unsigned char seen[MOST];
	struct drain drain = { .seed = SEED };
	int fds[2], vec = text_vector(MOST * 100), i, j;
	uint64_t which;

	NEEDS_CQE;
	stream_pair(TCP4, fds);
	drain.fd = fds[1];
	drain_start(&drain);
	for (i = 0; i < MOST; i += BATCH) {
		for (j = i; j < i + BATCH; j++) {
			pushes[j] = strict_to(fds[0], 0);
			pushes[j].len = 100;
			ring_push(&self->ring, vec, &pushes[j], j, 0);
		}
		ring_submit(&self->ring, BATCH);
	}
	for (i = 0; i < MOST; i++) {
		check_eq(100, ring_next(&self->ring, &which));
		if (check(which < MOST, "user data %llu", (long long)which))
			seen[which]++;
	}
	for (i = 0; i < MOST; i++)
		check(seen[i] == 1, "push %d has %d CQEs", i, seen[i]);
	ring_check_silent(&self->ring);
	check_no_record(vec);
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(MOST * 100, drain.got);
}

/* The push goes on without its ring, and tells nobody. */
TEST_F(uring_strict, ring_closed_meanwhile_takes_nothing_away)
{
	char *memory = map_pages(PAGE);
	int pipe[2], vec = lend(memory);
	struct ledger now, idle;
	struct splicevec_push push;
	struct io_uring ring;

	NEEDS_CQE;
	ledger_read(&idle);
	ring_open(&ring, 4, 0);
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 0);
	push_silently(&ring, vec, &push, 1);
	io_uring_queue_exit(&ring);
	/* its last work interrupts us */
	usleep(50000);
	ledger_read(&now);
	check_eq(idle.pushes + 1, now.pushes);
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_no_record(vec);
	ledger_read(&now);
	check_eq(idle.pushes, now.pushes);
	unmap_pages(memory, PAGE);
}

/* The request has it, and whoever waits for a CQE is not told by the vector's queue. */
TEST_F(uring_strict, vector_closed_meanwhile_takes_no_cqe_away)
{
	char *memory = map_pages(PAGE);
	int pipe[2], vec = lend(memory);
	struct splicevec_push push;

	NEEDS_CQE;
	must(pipe2(pipe, O_CLOEXEC));
	push = strict_to(pipe[1], 0);
	ring_push(&self->ring, vec, &push, 1, 0);
	ring_submit(&self->ring, 1);
	close(vec);
	ring_check_silent(&self->ring);
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_eq(PAGE, ring_result(&self->ring, 1));
	check_eq(PAGE, push.bytes);
	unmap_pages(memory, PAGE);
}

/*
 * A child pushes by our ring, and then goes away in its way. Return: the vector; the
 * pipe has all bytes.
 */
static int push_by_child(struct io_uring *ring, int pipe[2], void (*end)(void))
{
	int vec = text_vector(PAGE), status;
	pid_t pid;

	must(pipe2(pipe, O_CLOEXEC));
	pid = must(fork());
	if (!pid) {
		struct splicevec_push push = strict_to(pipe[1], 0);

		ring_push(ring, vec, &push, 5, 0);
		ring_submit(ring, 1);
		ring_check_silent(ring);
		if (!failures())
			end();
		_exit(1);
	}
	must(waitpid(pid, &status, 0));
	check_eq(0, status);
	return vec;
}

static void end_by_exit(void)
{
	_exit(0);
}

static void end_by_exec(void)
{
	execl("/bin/sh", "sh", "-c", ":", NULL);
}

/* io_uring lets what is under way go on, as long as somebody has the ring. */
TEST_F(uring_strict, exit_of_the_submitter_takes_nothing_from_whoever_has_the_ring)
{
	int pipe[2];

	NEEDS_CQE;
	push_by_child(&self->ring, pipe, end_by_exit);
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_eq(PAGE, ring_result(&self->ring, 5));
}

TEST_F(uring_strict, exec_of_the_submitter_cancels_and_the_loan_stays)
{
	struct ledger idle, now;
	int pipe[2], vec;

	NEEDS_CQE;
	ledger_read(&idle);
	vec = push_by_child(&self->ring, pipe, end_by_exec);
	check_errno(ECANCELED, ring_result(&self->ring, 5));
	close(vec);
	ledger_read(&now);
	check_eq(idle.pushes + 1, now.pushes);
	check_eq(idle.loans + 1, now.loans);
	check_arrives(pipe[0], SEED, 0, PAGE);
	ledger_settle(&idle);
}

TEST_HARNESS_MAIN
