// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below a command that can fail does so once, where commands need more
 * memory than usual, or look at more of the caller's: one that fails has done
 * nothing.
 */
#include "kselftest_harness.h"

#include "commands.h"
#include "contents.h"
#include "faults_work.h"
#include "fusefs.h"
#include "places_file.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <splicevec.h>
#include <sys/uio.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

/* PULL of another vector, with more spans than a list holds without memory */

static void pull_spans_prepare(void *arg)
{
	struct work *w = arg;

	w->fds[0] = work_spans(900);
	w->vec = new_vector();
}

static long pull_spans_run(void *arg)
{
	struct work *w = arg;

	return sv_pull(w->vec, w->fds[0], 0, LEN, w->flags);
}

/* A copy that is short of memory is a short pull. */
static void pull_spans_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pulled");
	check_held(w->vec, SEED, 0, done);
	check_eq(LEN - done, sv_pull(w->vec, w->fds[0], done, LEN, 0));
	check_held(w->vec, SEED, 0, LEN);
	check_held(w->fds[0], SEED, 0, LEN);
	work_end(w);
}
SWEEP(pull_spans);

/*
 * PULL of what /dev/fuse gives: a request that could not be handed over fails, which is for
 * who made it to know, and no other is lost.
 */

struct asking {
	struct fusefs fs;
	int file;
	struct worker asker;
	ssize_t written;
	int vec;
};

struct write_request {
	struct fuse_in_header head;
	struct fuse_write_in what;
	char data[LEN];
};

/* What is behind the data is not sent. */
#define REQUEST_LEN	offsetof(struct write_request, data[LEN])

static void ask(void *arg)
{
	struct asking *a = arg;
	char buf[LEN];

	pattern_fill(buf, SEED, 0, LEN);
	do {
		a->written = pwrite(a->file, buf, LEN, 0);
	} while (a->written < 0 && errno == EIO);
}

/* Who waits for an answer does so until nobody can give it any more. */
static void give_up(struct asking *a, const char *why)
{
	close(a->fs.dev);
	die("%s", why);
}

static void await_request(struct asking *a)
{
	struct pollfd there = { .fd = a->fs.dev, .events = POLLIN };

	if (must(poll(&there, 1, 5000 * slower())) != 1)
		give_up(a, "no request comes");
}

static void request_prepare(void *arg)
{
	struct asking *a = arg;

	a->vec = new_vector();
	worker_start(&a->asker, ask, a);
	await_request(a);
}

/* There has to be room for the longest. */
static long request_run(void *arg)
{
	struct asking *a = arg;

	return sv_pull(a->vec, a->fs.dev, SV_POSITION, KIB(256), 0);
}

static void request_finish(void *arg, long ret)
{
	struct asking *a = arg;
	struct write_request request;

	if (ret < 0) {
		check_held(a->vec, SEED, 0, 0);
		await_request(a);
		ret = request_run(a);
	}
	if (!check_eq(REQUEST_LEN, ret))
		give_up(a, "no whole request");
	check_eq(ret, sv_push_mem(a->vec, &request, ret, 0));
	check_eq(-1, pattern_check(request.data, SEED, 0, LEN));
	fusefs_serve(&a->fs, &request);
	worker_finish(&a->asker);
	check_eq(LEN, a->written);
	close(a->vec);
}
SWEEP(request);

/* Memory in more pieces than the list of a command holds */

#define PIECES	20

static void make_pieces(struct work *w, struct iovec *iov)
{
	size_t i, len = LEN / PIECES;

	for (i = 0; i < PIECES; i++)
		iov[i] = (struct iovec){ w->buf + i * len, len };
	iov[PIECES - 1].iov_len = LEN - (PIECES - 1) * len;
}

static long pull_pieces_run(void *arg)
{
	struct work *w = arg;
	struct iovec iov[PIECES];
	struct splicevec_pull cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.iovs = PIECES,
		.offset = SV_POSITION,
		.len = LEN,
		.addr = (uintptr_t)iov,
	};

	make_pieces(w, iov);
	return sv_cmd_pull(w->vec, &cmd) ?: (long)cmd.bytes;
}
#define pull_pieces_prepare	write_prepare
#define pull_pieces_finish	write_finish
SWEEP(pull_pieces);

static long push_pieces_run(void *arg)
{
	struct work *w = arg;
	struct iovec iov[PIECES];
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.iovs = PIECES,
		.offset = SV_POSITION,
		.len = LEN,
		.addr = (uintptr_t)iov,
	};

	make_pieces(w, iov);
	return sv_cmd_push(w->vec, &cmd) ?: (long)cmd.bytes;
}
#define push_pieces_prepare	read_prepare
#define push_pieces_finish	read_finish
SWEEP(push_pieces);

/* All commands, in structs longer than the kernel knows. One that fails did nothing. */

struct trial {
	struct bench bench;
	enum number nr;
	union arguments args;
};

static void command_prepare(void *arg)
{
	struct trial *t = arg;
	const struct command *command = &commands[t->nr];

	bench_open_in(&t->bench, EXT4);
	memset(&t->args, 0, sizeof(t->args));
	command->prepare(&t->bench, &t->args);
	t->args.size = command->size + 8;
}

static long command_run(void *arg)
{
	struct trial *t = arg;

	return run_command(&t->bench, t->nr, &t->args);
}

static void command_finish(void *arg, long ret)
{
	struct trial *t = arg;
	int file = reopen(t->bench.source, O_RDONLY);

	if (ret)
		check_untouched(&t->bench);
	bench_close(&t->bench);
	evict_all(file, BENCH);
	close(file);
}
SWEEP(command);

LEDGER_FIXTURE(faults)

LOSES_NOTHING(pull_spans)
LOSES_NOTHING(pull_pieces)
LOSES_NOTHING(push_pieces)

TEST_F(faults, pull_of_a_copy_loses_nothing)
{
	struct work w;

	NEEDS_WORK_FAULTS();
	work_begin(&w);
	w.flags = SPLICEVEC_COPY;
	sweep_both(&pull_spans_sweep, &w);
}

/* Of a write the pages are the file's own. */
TEST_F(faults, pull_of_requests_loses_nothing)
{
	struct asking a = {
		.fs = { .size = LEN, .broken = UINT64_MAX, .silent = UINT64_MAX },
	};

	NEEDS_FAULTS_AND(fusefs_missing());
	fusefs_mount(&a.fs);
	a.file = fusefs_open(&a.fs, O_RDWR);
	/* what a first write asks for besides is asked for now */
	ask(&a);
	fusefs_leave(&a.fs);
	sweep_both(&request_sweep, &a);
	fusefs_return(&a.fs);
	evict_all(a.file, LEN);
	fusefs_die(&a.fs);
	close(a.file);
	fusefs_unmount(&a.fs);
}

/* What takes pages in a way of its own gets a list of copies, a MiB each. */
TEST_F(faults, copies_that_find_no_place_are_given_back)
{
	struct splicevec_info before;
	int vec, null;
	char *map;

	NEEDS_FAULTS_AND(huge_pages_missing() ?:
			 fail_slabs_missing("sv_spans_grow"));
	null = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	map = huge_pages(2 * HUGE);
	vec = new_vector();
	check_eq(2 * HUGE, sv_pull_mem(vec, map, 2 * HUGE, 0));
	must_sv(sv_info(vec, &before));
	fail_slabs_below("sv_spans_grow");
	check_errno(ENOMEM, sv_push(vec, null, SV_POSITION, SV_ALL, 0));
	fail_slabs_never();
	check_same(vec, &before);
	check_eq(2 * HUGE, sv_push(vec, null, SV_POSITION, SV_ALL, 0));
	unmap_pages(map, 2 * HUGE);
}

#define DONE_OR_NOT(id)							\
	TEST_F(faults, id##_is_done_or_not)				\
	{								\
		struct trial t = { .nr = NR_##id };			\
									\
		NEEDS_WORK_FAULTS();					\
		sweep_both(&command_sweep, &t);				\
	}
DONE_OR_NOT(pull)
DONE_OR_NOT(push)
DONE_OR_NOT(splice)
DONE_OR_NOT(info)
DONE_OR_NOT(spans)
DONE_OR_NOT(features)

TEST_COUNT(120)

TEST_HARNESS_MAIN
