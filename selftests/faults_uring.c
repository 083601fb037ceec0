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
	int file;
	int fds[2];
	struct splicevec_pull pull;
	struct splicevec_push push;
	struct splicevec_splice splice;
	enum place place;	/* of a stream; ANYWHERE: a pipe */
	struct drain drain;
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
	r->fds[0] = work_file();
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
	r->vec = work_spans(SPAN);
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
	r->vec = work_spans(SPAN);
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

/*
 * PUSH, STRICT, to what lets go when somebody else has read it: the CQE comes then, as
 * work of this thread. One that may wait for room would be done by another.
 */
static void late_prepare(void *arg)
{
	struct ringed *r = arg;

	begin(r);
	r->vec = work_spans(SPAN);
	if (r->place == ANYWHERE)
		pipe_ends(r->fds);
	else
		stream_pair(r->place, r->fds);
	r->push = (struct splicevec_push) {
		.fd = r->fds[0], .offset = -1, .len = SV_ALL,
		.flags = SPLICEVEC_STRICT | SPLICEVEC_NONBLOCK, .user_data = 7,
	};
	ring_push(&r->ring, r->vec, &r->push, 1, 0);
	r->drain = (struct drain) { .fd = r->fds[1], .seed = SEED };
	drain_start(&r->drain);
}

/* Where the end could not be told, the struct says what was handed over. */
static void late_finish(void *arg, long ret)
{
	struct ringed *r = arg;
	size_t done = r->push.bytes;

	check(ret && (ret < 0 || ret == (long)done), "%ld, and %zu bytes", ret,
	      done);
	check_held(r->vec, SEED, done, LEN - done);
	if (ret > 0 && !ring_tells_strict(r->vec))
		check_push_once(r->vec, 7, 0, done);
	else
		check_no_record(r->vec);
	check_eq(LEN - done, sv_push(r->vec, r->fds[0], SV_POSITION, SV_ALL, 0));
	close(r->fds[0]);
	r->fds[0] = -1;
	drain_finish(&r->drain);
	check_eq(-1, r->drain.wrong);
	check_eq(LEN, r->drain.got);
	end(r);
}

/* What sockets say that have no memory, and are not to wait for any. */
static const int refused[] = { EAGAIN, ENOBUFS, 0 };

static const struct sweep late_sweep = {
	.name = "late", .prepare = late_prepare, .run = submit,
	.finish = late_finish, .errors = refused,
};

/* SPLICE: a thread of io_uring does it, or nobody. */

/* The only one there may be: about memory for another's stack the log would complain. */
static void have_thread(struct ringed *r)
{
	struct splicevec_splice nothing = {
		.in = r->file, .out = r->fds[0], .in_offset = LEN,
		.out_offset = -1, .len = 1,
	};
	unsigned int most[2] = { 1, 1 };

	must_sv(io_uring_register_iowq_max_workers(&r->ring, most));
	check_eq(0, ring_do_splice(&r->ring, r->vec, &nothing));
}

static void splice_prepare(void *arg)
{
	struct ringed *r = arg;

	begin(r);
	r->vec = new_vector();
	r->file = work_file();
	must(lseek(r->file, 0, SEEK_SET));
	stream_pair(TCP4, r->fds);
	have_thread(r);
	r->splice = (struct splicevec_splice) {
		.in = r->file, .out = r->fds[0], .in_offset = -1,
		.out_offset = -1, .len = LEN,
	};
	ring_splice(&r->ring, r->vec, &r->splice, 1, 0);
}

static void splice_finish(void *arg, long ret)
{
	struct ringed *r = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_eq(done, lseek(r->file, 0, SEEK_CUR));
	check_held(r->vec, SEED, 0, 0);
	check_arrives(r->fds[1], SEED, 0, done);
	check_eq(LEN - done, sv_pull(r->vec, r->file, SV_POSITION, LEN, 0));
	check_held(r->vec, SEED, done, LEN - done);
	close(r->file);
	end(r);
}

static const struct sweep splice_sweep = {
	.name = "splice", .prepare = splice_prepare, .run = submit,
	.finish = splice_finish, .errors = given_up,
};

LEDGER_FIXTURE(faults)

/* Faults are the submitter's: a thread of io_uring has none. */
static void try_all(const struct sweep *commands, enum place place)
{
	struct ringed r = { .place = place };

	sweep(commands, &r);
	work_file_evict();
}

TEST_F(faults, pull_by_ring_loses_nothing)
{
	NEEDS_WORK_FAULTS();
	try_all(&pull_sweep, ANYWHERE);
}

TEST_F(faults, push_by_ring_loses_nothing)
{
	NEEDS_WORK_FAULTS();
	try_all(&push_sweep, ANYWHERE);
}

TEST_F(faults, strict_push_by_ring_has_one_end_or_none)
{
	NEEDS_WORK_FAULTS();
	try_all(&strict_sweep, ANYWHERE);
}

TEST_F(faults, splice_by_ring_loses_nothing)
{
	NEEDS_WORK_FAULTS();
	try_all(&splice_sweep, ANYWHERE);
}

#define LATE_END(to, where)						\
	TEST_F(faults, strict_push_by_ring_to_##to##_has_one_end)	\
	{								\
		NEEDS_WORK_FAULTS();					\
		try_all(&late_sweep, where);				\
	}
LATE_END(pipe, ANYWHERE)
LATE_END(tcp, TCP4)
LATE_END(unix_stream, UNIX)

TEST_COUNT(39)

TEST_HARNESS_MAIN
