// SPDX-License-Identifier: GPL-2.0-only
/* Records: taking them, waiting for them, being told of them; and calling off. */
#include "kselftest_harness.h"

#include "common.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

LEDGER_FIXTURE(reap)

/* In the order in which the work ends. */
TEST_F(reap, records_come_in_the_order_of_their_ends)
{
	int first[2], second[2], vec = text_vector(2);
	struct splicevec_completion records[3];
	char byte;

	must(pipe2(first, O_CLOEXEC));
	must(pipe2(second, O_CLOEXEC));
	check_eq(1, sv_push_strict(vec, first[1], SV_POSITION, 1, 0, 1));
	check_eq(1, sv_push_strict(vec, second[1], SV_POSITION, 1, 0, 2));
	read_all(second[0], &byte, 1);
	check_eq(1, sv_reap(vec, records, 3, 1, FOREVER));
	check_eq(2, records[0].user_data);
	read_all(first[0], &byte, 1);
	check_eq(1, sv_reap(vec, records, 3, 1, FOREVER));
	check_eq(1, records[0].user_data);
}

/* Also of those that end in one go. */
TEST_F(reap, records_of_one_end_come_in_order)
{
	struct splicevec_completion records[10];
	int pipe[2], vec = text_vector(10), i;

	must(pipe2(pipe, O_CLOEXEC));
	for (i = 0; i < 10; i++)
		check_eq(1, sv_push_strict(vec, pipe[1], SV_POSITION, 1, 0, i));
	close(pipe[0]);
	close(pipe[1]);
	check_eq(10, sv_reap(vec, records, 10, 10, FOREVER));
	for (i = 0; i < 10; i++)
		check_eq(i, records[i].user_data);
}

/* As many records as there are pushes to nowhere, with 1, 2, 3... */
static int vector_with_records(int nr)
{
	int vec = text_vector(nr), i;

	for (i = 1; i <= nr; i++)
		check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION,
					   1, 0, i));
	return vec;
}

TEST_F(reap, reap_takes_the_oldest_and_tells_what_is_left)
{
	struct splicevec_completion records[3];
	struct splicevec_reap cmd = {
		.size = sizeof(cmd),
		.addr = (uintptr_t)records,
		.capacity = 3,
		.stride = sizeof(records[0]),
	};
	int vec = vector_with_records(5);

	check_eq(0, ioctl(vec, SPLICEVEC_REAP, &cmd));
	check_eq(3, cmd.count);
	check_eq(2, cmd.left);
	check_eq(1, records[0].user_data);
	check_eq(3, records[2].user_data);
	check_eq(2, sv_reap(vec, records, 3, 0, 0));
	check_eq(4, records[0].user_data);
	check_eq(0, sv_reap(vec, records, 3, 0, 0));
}

/* Those that could not be written are still there, in their order. */
TEST_F(reap, reap_to_bad_memory_loses_nothing)
{
	char *memory = map_pages(2 * PAGE);
	struct splicevec_completion *edge, records[5];
	int vec = vector_with_records(5);

	edge = (void *)(memory + PAGE);
	unmap_pages(memory + PAGE, PAGE);
	check_errno(EFAULT, sv_reap(vec, edge, 5, 5, FOREVER));
	check_eq(2, sv_reap(vec, edge - 2, 5, 5, FOREVER));
	check_eq(1, edge[-2].user_data);
	check_eq(2, edge[-1].user_data);
	check_eq(3, sv_reap(vec, records, 5, 3, FOREVER));
	check_eq(3, records[0].user_data);
	check_eq(5, records[2].user_data);
	unmap_pages(memory, PAGE);
}

TEST_F(reap, bad_reaps_are_refused)
{
	struct splicevec_completion record;
	struct splicevec_reap cmd = { .size = sizeof(cmd), .flags = 2 };
	int vec = vector_with_records(1);

	check_errno(EINVAL, sv_reap(vec, &record, 1, 2, 0));
	check_errno(EINVAL, sv_reap(vec, &record, 5000, 5000, 0));
	check_fails(EINVAL, ioctl(vec, SPLICEVEC_REAP, &cmd));
	cmd = (struct splicevec_reap){ .size = sizeof(cmd), .eventfd = 1 };
	check_fails(EINVAL, ioctl(vec, SPLICEVEC_REAP, &cmd));
	check_errno(EBADF, sv_reap_eventfd(vec, 9999));
	check_errno(EINVAL, sv_reap_eventfd(vec, vec));
	check_eq(1, sv_reap(vec, &record, 1, 0, 0));
}

struct grown {
	struct splicevec_completion record;
	uint64_t more;
};

/* Of records that are longer than the kernel knows the rest is cleared. */
TEST_F(reap, records_may_grow)
{
	struct grown records[2] = { { .more = 1 }, { .more = 1 } };
	struct splicevec_reap cmd = {
		.size = sizeof(cmd),
		.addr = (uintptr_t)records,
		.capacity = 2,
		.stride = sizeof(records[0]),
	};
	int vec = vector_with_records(2), i;

	check_eq(0, ioctl(vec, SPLICEVEC_REAP, &cmd));
	check_eq(2, cmd.count);
	for (i = 0; i < 2; i++) {
		check_eq(i + 1, records[i].record.user_data);
		check_eq(0, records[i].more);
	}
	cmd.stride = sizeof(records[0].record) - 8;
	check_fails(EINVAL, ioctl(vec, SPLICEVEC_REAP, &cmd));
	cmd.stride = sizeof(records[0].record) + 4;
	check_fails(EINVAL, ioctl(vec, SPLICEVEC_REAP, &cmd));
}

static long long now_ns(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

TEST_F(reap, reap_waits_for_its_time)
{
	struct splicevec_completion records[2];
	int vec = vector_with_records(1);
	long long before = now_ns(), took;

	check_eq(1, sv_reap(vec, records, 2, 2, 300 * MSEC));
	took = now_ns() - before;
	check(took >= 300 * MSEC, "waited %lld ns", took);
}

static void reap_two(void *arg)
{
	struct splicevec_completion records[2];
	int *vec = arg;

	check_eq(2, sv_reap(*vec, records, 2, 2, FOREVER));
}

TEST_F(reap, reap_wakes_when_there_are_enough)
{
	int vec = text_vector(2);
	struct worker worker;

	worker_start(&worker, reap_two, &vec);
	worker_await_sleep(&worker);
	check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 1));
	worker_await_sleep(&worker);
	check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 2));
	worker_finish(&worker);
}

static void reap_one(void *arg)
{
	struct splicevec_completion record;
	int *vec = arg;

	check_eq(1, sv_reap(*vec, &record, 1, 1, FOREVER));
}

/* One record is for one of them, and the other goes on waiting. */
TEST_F(reap, reapers_get_a_record_each)
{
	struct worker workers[4];
	int vec = text_vector(ARRAY_LEN(workers));
	size_t i;

	for (i = 0; i < ARRAY_LEN(workers); i++) {
		worker_start(&workers[i], reap_one, &vec);
		worker_await_sleep(&workers[i]);
	}
	for (i = 0; i < ARRAY_LEN(workers); i++)
		check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION,
					   1, 0, i));
	for (i = 0; i < ARRAY_LEN(workers); i++)
		worker_finish(&workers[i]);
	check_no_record(vec);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(reap, signal_ends_the_wait)
{
	struct sigaction alarm = { .sa_handler = on_alarm };
	struct splicevec_completion record;
	struct itimerval soon = {
		.it_value.tv_usec = 100000,
		.it_interval.tv_usec = 100000,
	};
	int vec = new_vector();

	must(sigaction(SIGALRM, &alarm, NULL));
	must(setitimer(ITIMER_REAL, &soon, NULL));
	check_errno(EINTR, sv_reap(vec, &record, 1, 1, FOREVER));
	must(setitimer(ITIMER_REAL, &(struct itimerval){}, NULL));
}

TEST_F(reap, poll_and_eventfd_tell_of_records)
{
	int efd = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	int vec = text_vector(3);
	struct pollfd poll_vec = { .fd = vec, .events = POLLPRI };
	struct splicevec_completion record;
	uint64_t count;

	check_eq(0, sv_reap_eventfd(vec, efd));
	check_eq(0, poll(&poll_vec, 1, 0));
	sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 1);
	sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 2);
	check_eq(1, poll(&poll_vec, 1, 0));
	check_eq(POLLPRI, poll_vec.revents);
	check_eq(8, read(efd, &count, sizeof(count)));
	check_eq(2, count);
	check_eq(0, sv_reap_eventfd(vec, -1));
	sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 3);
	check_fails(EAGAIN, read(efd, &count, sizeof(count)));
	while (sv_reap(vec, &record, 1, 0, 0) == 1)
		;
	check_eq(0, poll(&poll_vec, 1, 0));
}

#define RECORDS	"/sys/module/splicevec/parameters/vector_records"

/* Then nothing is handed over: a record must not be lost. */
TEST_F(reap, too_many_records_are_refused)
{
	struct splicevec_completion records[2];
	int vec = text_vector(3), i;

	put_file(RECORDS, "2");
	for (i = 0; i < 2; i++)
		check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION,
					   1, 0, i));
	check_errno(ENOBUFS, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION,
					    1, 0, 2));
	check_span(vec, 2, 3);
	check_eq(2, sv_reap(vec, records, 2, 2, FOREVER));
	check_eq(1, sv_push_strict(vec, SPLICEVEC_FD_NONE, SV_POSITION, 1, 0, 2));
	put_file(RECORDS, "65536");
}

struct canceled {
	int vec, to;
	int64_t result;
};

static void push_to_full(void *arg)
{
	struct canceled *push = arg;

	push->result = sv_push_strict(push->vec, push->to, SV_POSITION, SV_ALL,
				      0, 1);
}

static void push_behind(void *arg)
{
	struct canceled *push = arg;

	push->result = sv_push_strict(push->vec, push->to, SV_POSITION, SV_ALL,
				      0, 2);
}

/* One waits in its sink, the other for the one; the first is then read by @len. */
static void cancel_behind(size_t len)
{
	struct canceled full = {}, behind;
	struct worker first, second;
	int pipe[2], other[2];
	char *buf = map_pages(MIB(1));

	must(pipe2(pipe, O_CLOEXEC));
	must(pipe2(other, O_CLOEXEC));
	full.vec = text_vector(MIB(1));
	full.to = pipe[1];
	behind = full;
	behind.to = other[1];
	worker_start(&first, push_to_full, &full);
	worker_await_sleep(&first);
	worker_start(&second, push_behind, &behind);
	worker_await_sleep(&second);

	check_errno(EALREADY, sv_cancel(full.vec, 3));
	check_errno(EALREADY, sv_cancel(full.vec, 1));
	check_eq(1, sv_cancel(full.vec, 2));
	check_errno(EALREADY, sv_cancel(full.vec, 2));
	read_all(pipe[0], buf, len);
	close(pipe[0]);
	worker_finish(&first);
	worker_finish(&second);
	check(full.result > 0, "%s", result_name(full.result));
	check_errno(ECANCELED, behind.result);
	close(pipe[1]);
	check_push_once(full.vec, 1, len < MIB(1) ? -EPIPE : 0, full.result);
	unmap_pages(buf, MIB(1));
}

TEST_F(reap, cancel_reaches_what_no_sink_has_been_offered)
{
	cancel_behind(0);
}

/* The push that was called off finds nothing to offer. */
TEST_F(reap, cancel_is_told_though_nothing_was_left)
{
	cancel_behind(MIB(1));
}

TEST_HARNESS_MAIN
