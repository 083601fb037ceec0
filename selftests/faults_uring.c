// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below a command of io_uring that can fail does so once, in io_uring as
 * well as below it: what the CQE says has happened, and no more.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "faults_work.h"
#include "places.h"
#include "records.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* A ring for one command, and what that works on. */
struct ringed {
	struct io_uring ring;
	int vec;
	int fds[2];
	struct splicevec_pull pull;
	struct splicevec_push push;
};

static void begin(struct ringed *r)
{
	ring_open(&r->ring, 4, 0);
	r->fds[0] = -1;
	r->fds[1] = -1;
}

static void end(struct ringed *r)
{
	io_uring_queue_exit(&r->ring);
	close(r->vec);
	if (r->fds[0] >= 0)
		close(r->fds[0]);
	if (r->fds[1] >= 0)
		close(r->fds[1]);
}

/* What was not submitted never will be: the ring is closed. */
static long submit(void *arg)
{
	struct ringed *r = arg;
	struct io_uring_cqe *cqe;
	int err = io_uring_submit(&r->ring);

	/* there was no memory for the request */
	if (err == -EAGAIN || !err)
		return -ENOMEM;
	if (err < 0)
		return err;
	/* a fault is but one */
	while (io_uring_wait_cqe(&r->ring, &cqe))
		;
	return cqe->res;
}

/* PULL */

static void pull_prepare(void *arg)
{
	struct ringed *r = arg;

	begin(r);
	r->vec = new_vector();
	r->fds[0] = pattern_file(TMPFS, SEED, LEN);
	r->pull = (struct splicevec_pull) {
		.fd = r->fds[0], .offset = -1, .len = LEN,
	};
	must(lseek(r->fds[0], 0, SEEK_SET));
	ring_pull(&r->ring, r->vec, &r->pull, 1, 0);
}

static void pull_finish(void *arg, long ret)
{
	struct ringed *r = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pulled");
	check_eq(done, lseek(r->fds[0], 0, SEEK_CUR));
	check_held(r->vec, SEED, 0, done);
	check_eq(LEN - done, sv_pull(r->vec, r->fds[0], SV_POSITION, LEN, 0));
	check_held(r->vec, SEED, 0, LEN);
	end(r);
}

static const struct sweep pull_sweep = {
	.name = "pull", .prepare = pull_prepare, .run = submit,
	.finish = pull_finish,
};

/* PUSH */

static void push_prepare(void *arg)
{
	struct ringed *r = arg;

	begin(r);
	r->vec = vector_of_spans(SEED, LEN, SPAN);
	stream_pair(TCP4, r->fds);
	r->push = (struct splicevec_push) {
		.fd = r->fds[0], .offset = -1, .len = SV_ALL,
	};
	ring_push(&r->ring, r->vec, &r->push, 1, 0);
}

/* Given up for want of a thread: by then the first try has taken some. */
static const int given_up[] = { ECANCELED, 0 };

static void push_finish(void *arg, long ret)
{
	struct ringed *r = arg;
	size_t done = ret == -ECANCELED ? r->push.bytes : moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(r->vec, SEED, done, LEN - done);
	check_arrives(r->fds[1], SEED, 0, done);
	check_eq(LEN - done, sv_push(r->vec, r->fds[0], SV_POSITION, SV_ALL, 0));
	check_arrives(r->fds[1], SEED, done, LEN - done);
	end(r);
}

static const struct sweep push_sweep = {
	.name = "push", .prepare = push_prepare, .run = submit,
	.finish = push_finish, .errors = given_up,
};

/* PUSH, STRICT: where the sink is done at once, so that all of it is done here. */

static void strict_prepare(void *arg)
{
	struct ringed *r = arg;

	begin(r);
	r->vec = vector_of_spans(SEED, LEN, SPAN);
	r->push = (struct splicevec_push) {
		.fd = SPLICEVEC_FD_NONE, .offset = -1, .len = SV_ALL,
		.flags = SPLICEVEC_STRICT | SPLICEVEC_NONBLOCK, .user_data = 7,
	};
	ring_push(&r->ring, r->vec, &r->push, 1, 0);
}

static void strict_finish(void *arg, long ret)
{
	struct ringed *r = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(r->vec, SEED, done, LEN - done);
	if (ret < 0 || ring_tells_strict(r->vec))
		check_eq(0, sv_reap(r->vec, &(struct splicevec_completion){},
				    1, 0, 0));
	else
		check_push_once(r->vec, 7, 0, done);
	end(r);
}

static const struct sweep strict_sweep = {
	.name = "strict", .prepare = strict_prepare, .run = submit,
	.finish = strict_finish,
};

LEDGER_FIXTURE(faults)

/* Faults are the submitter's: a thread of io_uring has none. */
static void try_all(const struct sweep *commands)
{
	struct ringed r = {};

	sweep(commands, &r);
}

TEST_F(faults, pull_by_ring_loses_nothing)
{
	NEEDS_FAULTS();
	try_all(&pull_sweep);
}

TEST_F(faults, push_by_ring_loses_nothing)
{
	NEEDS_FAULTS();
	try_all(&push_sweep);
}

TEST_F(faults, strict_push_by_ring_has_one_end_or_none)
{
	NEEDS_FAULTS();
	try_all(&strict_sweep);
}

TEST_COUNT(10)

TEST_HARNESS_MAIN
