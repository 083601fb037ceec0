// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below STRICT, NOTIFY, REAP and CANCEL that can fail does so once: what
 * worked has one record, what failed has none, and a record that could not be told
 * is the next one again.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "faults_work.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/ioctl.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define USER_DATA	77

/* A command that is told of, and what it works on. */
struct told {
	int (*source)(void);
	void (*sink)(int fds[2]);
	int vec;
	int fds[2];		/* what is pushed to, where it arrives */
	char *memory;
};

static int memory_spans(void)
{
	return vector_of_spans(SEED, LEN, SPAN);
}

static int file_spans(void)
{
	int file = work_file(), vec = file_vector(file, LEN);

	close(file);
	return vec;
}

static void told_end(struct told *t)
{
	close(t->vec);
	close(t->fds[0]);
	close(t->fds[1]);
}

/* PUSH, STRICT */

static void push_prepare(void *arg)
{
	struct told *t = arg;

	t->vec = t->source();
	t->sink(t->fds);
}

static long push_run(void *arg)
{
	struct told *t = arg;

	return sv_push_strict(t->vec, t->fds[0], SV_POSITION, SV_ALL, 0,
			      USER_DATA);
}

/* Sinks let go when what they got has arrived, and that is read here. */
static void push_finish(void *arg, long ret)
{
	struct told *t = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(t->vec, SEED, done, LEN - done);
	check_arrives(t->fds[1], SEED, 0, done);
	if (ret < 0)
		check_no_record(t->vec);
	else
		check_push_once(t->vec, USER_DATA, 0, done);
	check_eq(LEN - done, sv_push(t->vec, t->fds[0], SV_POSITION, SV_ALL, 0));
	check_arrives(t->fds[1], SEED, done, LEN - done);
	told_end(t);
}
SWEEP(push);

/* PULL, NOTIFY */

static void pull_memory_prepare(void *arg)
{
	struct told *t = arg;

	t->vec = new_vector();
	t->memory = map_pages(LEN);
	pattern_fill(t->memory, SEED, 0, LEN);
}

static long pull_memory_run(void *arg)
{
	struct told *t = arg;

	return sv_pull_mem_notify(t->vec, t->memory, LEN, 0, USER_DATA);
}

/* Not before the vector lets go of what was pulled. */
static void check_pulled(struct told *t, long ret)
{
	struct splicevec_completion early;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pulled");
	check_held(t->vec, SEED, 0, done);
	check_eq(0, sv_reap(t->vec, &early, 1, 0, 0));
	check_eq(done, sv_drop(t->vec, SV_ALL));
	if (ret < 0)
		check_no_record(t->vec);
	else
		check_notify_once(t->vec, USER_DATA, done);
	close(t->vec);
}

static void pull_memory_finish(void *arg, long ret)
{
	struct told *t = arg;

	check_pulled(t, ret);
	unmap_pages(t->memory, LEN);
}
SWEEP(pull_memory);

static void pull_file_prepare(void *arg)
{
	struct told *t = arg;

	t->vec = new_vector();
	t->fds[0] = pattern_file(TMPFS, SEED, LEN);
}

static long pull_file_run(void *arg)
{
	struct told *t = arg;

	return sv_pull_notify(t->vec, t->fds[0], 0, LEN, 0, USER_DATA);
}

static void pull_file_finish(void *arg, long ret)
{
	struct told *t = arg;

	check_pulled(t, ret);
	close(t->fds[0]);
}
SWEEP(pull_file);

static void pull_ext4_prepare(void *arg)
{
	struct told *t = arg;

	t->vec = new_vector();
	t->fds[0] = work_file();
}
#define pull_ext4_run		pull_file_run
#define pull_ext4_finish	pull_file_finish
SWEEP(pull_ext4);

static void pull_pipe_prepare(void *arg)
{
	struct told *t = arg;

	t->vec = new_vector();
	pipe_ends(t->fds);
	write_pattern(t->fds[0], SEED, 0, LEN);
}

static long pull_pipe_run(void *arg)
{
	struct told *t = arg;

	return sv_pull_notify(t->vec, t->fds[1], SV_POSITION, LEN, 0, USER_DATA);
}

/* What was not pulled is still in the pipe. */
static void pull_pipe_finish(void *arg, long ret)
{
	struct told *t = arg;
	size_t done = moved(ret);

	check_pulled(t, ret);
	check_arrives(t->fds[1], SEED, done, LEN - done);
	close(t->fds[0]);
	close(t->fds[1]);
}
SWEEP(pull_pipe);

/* PUSH of what a NOTIFY pull has brought: it has no references that nobody counts. */

static void pass_on_prepare(void *arg)
{
	struct told *t = arg;
	int file = work_file();

	t->vec = new_vector();
	check_eq(LEN, sv_pull_notify(t->vec, file, 0, LEN, 0, USER_DATA));
	close(file);
	t->sink(t->fds);
}

static long pass_on_run(void *arg)
{
	struct told *t = arg;

	return sv_push(t->vec, t->fds[0], SV_POSITION, SV_ALL, 0);
}

static void pass_on_finish(void *arg, long ret)
{
	struct told *t = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_eq(LEN - done, sv_push(t->vec, t->fds[0], SV_POSITION, SV_ALL, 0));
	check_arrives(t->fds[1], SEED, 0, LEN);
	check_notify_once(t->vec, USER_DATA, LEN);
	told_end(t);
}
SWEEP(pass_on);

/* REAP, by a caller who knows longer records and a longer struct */

/* More than it takes, so that those put back have others behind them. */
#define RECORDS	5
#define TAKEN	3

struct long_record {
	struct splicevec_completion known;
	uint64_t unknown;
};

struct reaping {
	int vec;
	struct {
		struct splicevec_reap known;
		uint64_t unknown;
	} cmd;
	struct long_record records[RECORDS];
};

static void reap_prepare(void *arg)
{
	struct reaping *r = arg;
	int i;

	r->vec = text_vector(RECORDS);
	for (i = 0; i < RECORDS; i++)
		check_eq(1, sv_push_strict(r->vec, SPLICEVEC_FD_NONE,
					   SV_POSITION, 1, 0, i));
	memset(r->records, 0x55, sizeof(r->records));
	memset(&r->cmd, 0, sizeof(r->cmd));
	r->cmd.known = (struct splicevec_reap){
		.size = sizeof(r->cmd),
		.addr = (uintptr_t)r->records,
		.timeout = FOREVER,
		.capacity = TAKEN,
		.min = TAKEN,
		.stride = sizeof(r->records[0]),
	};
}

static long reap_run(void *arg)
{
	struct reaping *r = arg;

	return result(ioctl(r->vec, SPLICEVEC_REAP, &r->cmd)) ?:
	       (long)r->cmd.known.count;
}

static void check_reaped(const struct long_record *records, size_t nr,
			 size_t first)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		check_eq(first + i, records[i].known.user_data);
		check_eq(1, records[i].known.bytes);
		check_eq(0, records[i].unknown);
	}
}

/* Those that were not told are still there, in their order. */
static void reap_finish(void *arg, long ret)
{
	struct reaping *r = arg;
	size_t done = moved(ret);

	check(ret && done <= TAKEN, "%ld records", ret);
	check_eq(ret < 0 ? 0 : RECORDS - done, r->cmd.known.left);
	check_reaped(r->records, done, 0);
	r->cmd.known.min = 0;
	r->cmd.known.capacity = RECORDS;
	check_eq(RECORDS - done, reap_run(r));
	check_reaped(r->records, RECORDS - done, done);
	check_no_record(r->vec);
	close(r->vec);
}
SWEEP(reap);

/* CANCEL, of a push behind another one that waits for room in its pipe */

struct pusher {
	struct worker worker;
	int vec, to;
	uint64_t user_data;
	int64_t result;
};

struct canceling {
	int vec, full[2], other[2];
	struct pusher first, second;
	struct {
		struct splicevec_cancel known;
		uint64_t unknown;
	} cmd;
};

static void push_strict(void *arg)
{
	struct pusher *p = arg;

	p->result = sv_push_strict(p->vec, p->to, SV_POSITION, SV_ALL, 0,
				   p->user_data);
}

static void start_pusher(struct pusher *p, int vec, int to, uint64_t user_data)
{
	*p = (struct pusher){ .vec = vec, .to = to, .user_data = user_data };
	worker_start(&p->worker, push_strict, p);
	worker_await_sleep(&p->worker);
}

static void cancel_prepare(void *arg)
{
	struct canceling *c = arg;

	pipe_ends(c->full);
	pipe_ends(c->other);
	c->vec = text_vector(MIB(1));
	start_pusher(&c->first, c->vec, c->full[0], 1);
	start_pusher(&c->second, c->vec, c->other[0], 2);
	memset(&c->cmd, 0, sizeof(c->cmd));
	c->cmd.known.size = sizeof(c->cmd);
	c->cmd.known.user_data = 2;
}

static long cancel_run(void *arg)
{
	struct canceling *c = arg;

	return result(ioctl(c->vec, SPLICEVEC_CANCEL, &c->cmd)) ?:
	       (long)c->cmd.known.count;
}

/* One that failed has called nothing off. */
static void cancel_finish(void *arg, long ret)
{
	struct canceling *c = arg;

	check_eq(1, ret < 0 ? cancel_run(c) : ret);
	check_errno(EALREADY, cancel_run(c));
	close(c->full[1]);
	worker_finish(&c->first.worker);
	worker_finish(&c->second.worker);
	check(c->first.result > 0, "%s", result_name(c->first.result));
	check_errno(ECANCELED, c->second.result);
	close(c->full[0]);
	check_push_once(c->vec, 1, -EPIPE, c->first.result);
	close(c->other[0]);
	close(c->other[1]);
	close(c->vec);
}
SWEEP(cancel);

LEDGER_FIXTURE(faults)

#define PUSH_IS_TOLD_OF(from, to)					\
	TEST_F(faults, push_of_##from##_to_##to##_has_one_record)	\
	{								\
		struct told t = { .source = from, .sink = to##_ends };	\
									\
		NEEDS_FAULTS_AND(place_missing(EXT4) ?:			\
				 place_missing(NIC4));			\
		sweep_all(&push_sweep, &t);				\
	}
PUSH_IS_TOLD_OF(memory_spans, tcp)
PUSH_IS_TOLD_OF(memory_spans, nic)
PUSH_IS_TOLD_OF(memory_spans, unix_stream)
PUSH_IS_TOLD_OF(memory_spans, udp)
PUSH_IS_TOLD_OF(memory_spans, pipe)
PUSH_IS_TOLD_OF(memory_spans, vector)
PUSH_IS_TOLD_OF(memory_spans, file)
PUSH_IS_TOLD_OF(memory_spans, direct)
PUSH_IS_TOLD_OF(file_spans, tcp)
PUSH_IS_TOLD_OF(file_spans, nic)
PUSH_IS_TOLD_OF(file_spans, unix_stream)
PUSH_IS_TOLD_OF(file_spans, pipe)
PUSH_IS_TOLD_OF(file_spans, disk)
PUSH_IS_TOLD_OF(file_spans, direct)

#define PULL_IS_TOLD_OF(from)						\
	TEST_F(faults, pull_of_##from##_has_one_record)			\
	{								\
		struct told t = {};					\
									\
		NEEDS_WORK_FAULTS();					\
		sweep_all(&pull_##from##_sweep, &t);			\
	}
PULL_IS_TOLD_OF(memory)
PULL_IS_TOLD_OF(file)
PULL_IS_TOLD_OF(ext4)
PULL_IS_TOLD_OF(pipe)

#define USE_IS_TOLD_OF(by)						\
	TEST_F(faults, use_by_##by##_ends_with_one_record)		\
	{								\
		struct told t = { .sink = by##_ends };			\
									\
		NEEDS_WORK_FAULTS();					\
		sweep_all(&pass_on_sweep, &t);				\
	}
USE_IS_TOLD_OF(tcp)
USE_IS_TOLD_OF(pipe)

TEST_F(faults, reap_loses_no_record)
{
	struct reaping r;

	NEEDS_FAULTS();
	sweep_all(&reap_sweep, &r);
}

TEST_F(faults, cancel_is_done_or_not)
{
	struct canceling c;

	NEEDS_FAULTS();
	sweep_all(&cancel_sweep, &c);
}

TEST_COUNT(290)

TEST_HARNESS_MAIN
