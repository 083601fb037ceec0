// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pays for the pages, how long, and what happens when they may have no
 * more.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define PARAMETERS "/sys/module/splicevec/parameters/"
#define NOBODY	65534
#define SEED	13

/* Opened while we may: nobody cannot. */
static int ledger;

FIXTURE(account)
{
	struct ledger before;
	char soft[32];
	char hard[32];
	char spans[32];
};

static void get_parameter(const char *path, char value[32])
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));

	value[must(read(fd, value, 31))] = '\0';
	close(fd);
}

FIXTURE_SETUP(account)
{
	get_parameter(PARAMETERS "user_pages_soft", self->soft);
	get_parameter(PARAMETERS "user_pages_hard", self->hard);
	get_parameter(PARAMETERS "vector_spans", self->spans);
	ledger = must(open("/sys/kernel/debug/splicevec/ledger",
			   O_RDONLY | O_CLOEXEC));
	ledger_read(&self->before);
}

FIXTURE_TEARDOWN(account)
{
	put_file(PARAMETERS "user_pages_soft", self->soft);
	put_file(PARAMETERS "user_pages_hard", self->hard);
	put_file(PARAMETERS "vector_spans", self->spans);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static void set_limits(const char *soft, const char *hard)
{
	put_file(PARAMETERS "user_pages_soft", soft);
	put_file(PARAMETERS "user_pages_hard", hard);
}

/* What the ledger says about nobody; 0 if it does not know them. */
static long nobody_holds(const char *what)
{
	char text[4096], start[32], *at;

	text[must(pread(ledger, text, sizeof(text) - 1, 0))] = '\0';
	snprintf(start, sizeof(start), "user %u:", NOBODY);
	at = strstr(text, start);
	if (!at)
		return 0;
	*strchrnul(at, '\n') = '\0';
	at = strstr(at, what);
	if (!at)
		die("ledger: no %s of nobody", what);
	return atol(at + strlen(what));
}

struct task {
	int vec;
	int other;
	int file;
	char *memory;
	void (*work)(struct task *task);
};

static bool become_nobody(void *arg)
{
	struct task *task = arg;

	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	task->work(task);
	return true;
}

/* As a user without rights, who was handed the fds. */
static void as_nobody(struct task *task, void (*work)(struct task *task))
{
	task->work = work;
	check(in_child(become_nobody, task), "as nobody: failed");
}

static void pin_eight_pages(struct task *t)
{
	struct rlimit limit = { 8 * PAGE, 8 * PAGE };

	must(setrlimit(RLIMIT_MEMLOCK, &limit));
	check_errno(EDQUOT, sv_pull_mem(t->vec, t->memory, 9 * PAGE, 0));
	check_span(t->vec, 0, 0);
	check_eq(8 * PAGE, sv_pull_mem(t->vec, t->memory, 8 * PAGE, 0));
	check_errno(EDQUOT, sv_pull_mem(t->vec, t->memory, 1, 0));
	check_span(t->vec, 0, 8 * PAGE);
	/* copies are no pins */
	check_eq(PAGE, sv_pull_mem(t->other, t->memory, PAGE, SPLICEVEC_COPY));
	check_eq(8, nobody_holds("pinned"));
	check_eq(8 * PAGE, sv_drop(t->vec, SV_ALL));
	check_eq(8 * PAGE, sv_pull_mem(t->vec, t->memory, 8 * PAGE, 0));
}

TEST_F(account, pinned_memory_beyond_rlimit_memlock_is_edquot)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.memory = map_pages(9 * PAGE),
	};

	as_nobody(&t, pin_eight_pages);
}

TEST_F(account, root_may_pin_more_than_rlimit_memlock)
{
	struct rlimit limit = { PAGE, PAGE };
	char *memory = map_pages(9 * PAGE);
	int vec = new_vector();

	must(setrlimit(RLIMIT_MEMLOCK, &limit));
	check_eq(9 * PAGE, sv_pull_mem(vec, memory, 9 * PAGE, 0));
}

static void hold_twenty_pages(struct task *t)
{
	check_errno(EDQUOT, sv_pull(t->vec, t->file, 0, 21 * PAGE, 0));
	check_span(t->vec, 0, 0);
	check_eq(12 * PAGE, sv_pull(t->vec, t->file, 0, 12 * PAGE, 0));
	check_eq(8 * PAGE, sv_pull_mem(t->other, t->memory, 8 * PAGE,
				       SPLICEVEC_COPY));
	check_eq(20, nobody_holds("pages"));
	check_errno(EDQUOT, sv_pull(t->vec, t->file, 0, 1, 0));
	check_errno(EDQUOT, sv_pull(t->vec, t->file, 0, 1, SPLICEVEC_COPY));
	check_errno(EDQUOT, sv_pull_mem(t->vec, t->memory, 1, SPLICEVEC_COPY));
	check_span(t->vec, 0, 12 * PAGE);
	check_span(t->other, 0, 8 * PAGE);
	/* what is shared was paid for already */
	check_eq(PAGE, sv_pull(t->vec, t->other, SV_POSITION, PAGE, 0));
	check_eq(8 * PAGE, sv_drop(t->other, SV_ALL));
	check_errno(EDQUOT, sv_pull(t->other, t->file, 0, PAGE, 0));
	check_eq(13 * PAGE, sv_drop(t->vec, SV_ALL));
	check_eq(20 * PAGE, sv_pull(t->vec, t->file, 0, 20 * PAGE, 0));
}

TEST_F(account, pages_beyond_the_hard_limit_are_edquot)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.file = pattern_file(TMPFS, SEED, 32 * PAGE),
		.memory = map_pages(32 * PAGE),
	};

	set_limits("0", "20");
	as_nobody(&t, hold_twenty_pages);
}

static void hold_few_above_soft(struct task *t)
{
	check_eq(20 * PAGE, sv_pull(t->vec, t->file, 0, 20 * PAGE, 0));
	check_errno(EDQUOT, sv_pull(t->vec, t->file, 0, PAGE, 0));
	check_span(t->vec, 0, 20 * PAGE);
	/* another vector still works, with a few pages at a time */
	check_eq(16 * PAGE, sv_pull(t->other, t->file, 0, 20 * PAGE, 0));
	check_errno(EDQUOT, sv_pull(t->other, t->file, 0, PAGE, 0));
	check_eq(16 * PAGE, sv_drop(t->other, SV_ALL));
	check_eq(PAGE, sv_pull(t->other, t->file, 0, PAGE, 0));
}

TEST_F(account, above_the_soft_limit_each_vector_gets_a_few_pages)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.file = pattern_file(TMPFS, SEED, 32 * PAGE),
	};

	set_limits("20", "0");
	as_nobody(&t, hold_few_above_soft);
}

/* A record goes whole, so it does not fit into a few pages. */
static void leave_long_record(struct task *t)
{
	size_t len = 20 * PAGE;
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	check_eq((int64_t)len, send(fds[0], t->memory, len, 0));
	check_eq(20 * PAGE, sv_pull(t->vec, t->file, 0, 20 * PAGE, 0));
	check_errno(EDQUOT, sv_pull(t->other, fds[1], SV_POSITION, len, 0));
	check_eq(20 * PAGE, sv_drop(t->vec, SV_ALL));
	check_eq((int64_t)len, sv_pull(t->other, fds[1], SV_POSITION, len, 0));
}

TEST_F(account, long_record_stays_where_the_soft_limit_leaves_no_room)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.file = pattern_file(TMPFS, SEED, 32 * PAGE),
		.memory = map_pages(32 * PAGE),
	};

	set_limits("20", "0");
	as_nobody(&t, leave_long_record);
}

static void write_twenty_pages(struct task *t)
{
	check_fails(EDQUOT, write(t->vec, t->memory, 21 * PAGE));
	check_span(t->vec, 0, 0);
	check_eq(20 * PAGE, write(t->vec, t->memory, 20 * PAGE));
	check_fails(EDQUOT, write(t->vec, t->memory, 1));
	check_fails(EDQUOT, write(t->other, t->memory, 1));
	check_span(t->vec, 0, 20 * PAGE);
	check_span(t->other, 0, 0);
	check_eq(20, nobody_holds("pages"));
	check_eq(20 * PAGE, read(t->vec, t->memory, 32 * PAGE));
	check_eq(0, nobody_holds("pages"));
	check_eq(1, write(t->other, t->memory, 1));
}

TEST_F(account, what_is_written_to_a_vector_meets_the_hard_limit)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.memory = map_pages(32 * PAGE),
	};

	set_limits("0", "20");
	as_nobody(&t, write_twenty_pages);
}

/* Copies count like what is lent, whatever they are copies of. */
static void copy_few_above_soft(struct task *t)
{
	int64_t n;

	check_eq(20 * PAGE, sv_pull_mem(t->vec, t->memory, 20 * PAGE,
					SPLICEVEC_COPY));
	check_errno(EDQUOT, sv_pull_mem(t->vec, t->memory, PAGE,
					SPLICEVEC_COPY));
	check_errno(EDQUOT, sv_pull(t->vec, t->file, 0, PAGE, SPLICEVEC_COPY));
	check_span(t->vec, 0, 20 * PAGE);
	check_eq(16 * PAGE, sv_pull_mem(t->other, t->memory, 20 * PAGE,
					SPLICEVEC_COPY));
	check_errno(EDQUOT, sv_pull_mem(t->other, t->memory, PAGE,
					SPLICEVEC_COPY));
	check_eq(16 * PAGE, sv_drop(t->other, SV_ALL));
	n = sv_pull(t->other, t->file, 0, 20 * PAGE, SPLICEVEC_COPY);
	check(n > 0 && n <= (int64_t)(16 * PAGE), "copied %s", result_name(n));
	check(nobody_holds("pages") <= 36, "%ld pages", nobody_holds("pages"));
}

TEST_F(account, copies_count_for_the_soft_limit)
{
	struct task t = {
		.vec = new_vector(),
		.other = new_vector(),
		.file = pattern_file(TMPFS, SEED, 32 * PAGE),
		.memory = map_pages(32 * PAGE),
	};

	set_limits("20", "0");
	as_nobody(&t, copy_few_above_soft);
}

static void push_to_device(struct task *t)
{
	check_eq(MIB(16), sv_push(t->vec, t->file, SV_POSITION, SV_ALL, 0));
}

/* It could keep the pages, so it is given copies, but not of all at once. */
TEST_F(account, copies_for_a_device_are_few_at_a_time)
{
	struct task t = {
		.vec = new_vector(),
		.file = must(open("/dev/null", O_WRONLY | O_CLOEXEC)),
		.memory = map_pages(MIB(16)),
	};

	check_eq(MIB(16), sv_pull_mem(t.vec, t.memory, MIB(16), 0));
	/* 8 MiB */
	set_limits("0", "2048");
	as_nobody(&t, push_to_device);
}

TEST_F(account, root_may_hold_more_than_the_limits)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 32 * PAGE);

	set_limits("1", "1");
	check_eq(32 * PAGE, sv_pull(vec, file, 0, SV_ALL, 0));
}

static void pull_everything(struct task *t)
{
	check_eq(10 * PAGE, sv_pull(t->vec, t->file, 0, 10 * PAGE, 0));
	check_eq(5 * PAGE, sv_pull_mem(t->vec, t->memory, 5 * PAGE, 0));
}

/* The one who pulled pays: after exit, after the pages went to others. */
TEST_F(account, whoever_pulled_pays_until_release_wherever_the_loan_goes)
{
	struct task t = {
		.vec = new_vector(),
		.file = pattern_file(TMPFS, SEED, 10 * PAGE),
		.memory = map_pages(5 * PAGE),
	};
	int other = new_vector(), copy = new_vector();

	as_nobody(&t, pull_everything);
	check_eq(10, nobody_holds("pages"));
	check_eq(5, nobody_holds("pinned"));
	check_eq(15 * PAGE, sv_pull(copy, t.vec, SV_POSITION, SV_ALL, 0));
	check_eq(15 * PAGE, sv_push(t.vec, other, SV_POSITION, SV_ALL, 0));
	close(t.vec);
	check_eq(10, nobody_holds("pages"));
	check_eq(5, nobody_holds("pinned"));
	close(copy);
	check_eq(14 * PAGE + 1, sv_drop(other, 14 * PAGE + 1));
	check_eq(0, nobody_holds("pages"));
	check_eq(5, nobody_holds("pinned"));
	close(other);
	check_eq(0, nobody_holds("pinned"));
}

TEST_F(account, consumed_loans_are_given_back_as_the_push_goes)
{
	int file = pattern_file(TMPFS, SEED, 2048 * PAGE), vec = new_vector();
	struct ledger now;

	check_eq(2048 * PAGE, sv_pull(vec, file, 0, SV_ALL, 0));
	ledger_read(&now);
	check_eq(self->before.pages + 2048, now.pages);
	check(now.loans - self->before.loans >= 8, "%ld loans",
	      now.loans - self->before.loans);
	check_eq(1024 * PAGE, sv_drop(vec, 1024 * PAGE));
	ledger_read(&now);
	check_eq(self->before.pages + 1024, now.pages);
}

struct idle {
	int vec;
	int in;
	int out;
	unsigned int flags;
};

static void pull_some(void *arg)
{
	struct idle *idle = arg;

	check_eq(3, sv_pull(idle->vec, idle->in, SV_POSITION, MIB(1),
			    idle->flags));
}

static void splice_some(void *arg)
{
	struct idle *idle = arg;
	struct splicevec_splice cmd = {
		.in = idle->in,
		.out = idle->out,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = MIB(1),
	};

	check_errno(0, sv_cmd_splice(idle->vec, &cmd));
	check_eq(3, cmd.pushed);
}

/* A thousand quiet connections shall not use up what a user may have. */
static void wait_for_nothing(struct idle *idle, int peer,
			     void (*work)(void *arg))
{
	struct ledger before, now;
	struct worker worker;

	idle->vec = new_vector();
	ledger_read(&before);
	worker_start(&worker, work, idle);
	worker_await_sleep(&worker);
	ledger_read(&now);
	check_eq(before.pages, now.pages);
	check_eq(before.loans, now.loans);
	write_all(peer, "abc", 3);
	worker_finish(&worker);
	close(idle->vec);
	ledger_settle(&(struct ledger){
		.vectors = before.vectors - 1,
		.loans = before.loans,
		.pushes = before.pushes,
		.pages = before.pages,
		.pinned = before.pinned,
	});
}

TEST_F(account, pull_that_waits_is_charged_nothing_yet)
{
	static const enum place places[] = { UNIX, TCP4, ANYWHERE };
	struct idle idle;
	int ends[2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (places[i] == ANYWHERE)
			must(pipe(ends));
		else
			stream_pair(places[i], ends);
		idle = (struct idle){
			.in = ends[0],
			.out = new_file(TMPFS, O_WRONLY),
		};
		context("PULL, %s", place_name(places[i]));
		wait_for_nothing(&idle, ends[1], pull_some);
		context("SPLICE, %s", place_name(places[i]));
		wait_for_nothing(&idle, ends[1], splice_some);
		context("PULL with COPY, %s", place_name(places[i]));
		idle.flags = SPLICEVEC_COPY;
		wait_for_nothing(&idle, ends[1], pull_some);
		close(ends[0]);
		close(ends[1]);
		close(idle.out);
	}
}

TEST_F(account, info_and_the_ledger_agree)
{
	int file = pattern_file(TMPFS, SEED, 32 * PAGE), vec = new_vector();
	char *memory = map_pages(4 * PAGE);
	struct splicevec_info info;
	struct ledger now;

	check_eq(100, sv_pull(vec, file, PAGE - 50, 100, 0));
	check_eq(3 * PAGE, sv_pull_mem(vec, memory + 1, 3 * PAGE, 0));
	check_eq(1, sv_pull_mem(vec, memory, 1, SPLICEVEC_COPY));
	must_sv(sv_info(vec, &info));
	ledger_read(&now);
	check_eq(3, info.spans);
	check_eq(3, info.loans);
	check_eq(2 + 4 + 1, info.pages);
	check_eq(info.pages, now.pages - self->before.pages + now.pinned -
			     self->before.pinned);
	check_eq(4, now.pinned - self->before.pinned);
	check_eq(3, now.loans - self->before.loans);
	check_eq(1, now.vectors - self->before.vectors);
}

TEST_F(account, spans_beyond_the_bound_are_enobufs_and_nothing_is_lost)
{
	int file = pattern_file(TMPFS, SEED, PAGE), vec = new_vector();
	int full = new_vector(), ends[2], i;
	char buf[100];

	put_file(PARAMETERS "vector_spans", "8");
	must(pipe(ends));
	write_all(ends[1], "abc", 3);
	for (i = 0; i < 8; i++)
		check_eq(10, sv_pull(full, file, 10 * i, 10, 0));
	check_errno(ENOBUFS, sv_pull(full, file, 80, 10, 0));
	check_errno(ENOBUFS, sv_pull(full, file, 80, 10, SPLICEVEC_COPY));
	check_errno(ENOBUFS, sv_pull(full, ends[0], SV_POSITION, 3, 0));
	check_errno(ENOBUFS, sv_pull(full, full, SV_POSITION, 10, 0));
	check_errno(ENOBUFS, sv_pull_mem(full, buf, 1, 0));
	check_eq(1, sv_pull(vec, file, 80, 1, 0));
	check_errno(ENOBUFS, sv_push(vec, full, SV_POSITION, 1, 0));
	check_span(full, 0, 80);
	check_span(vec, 0, 1);
	/* the pipe still has what the vector had no place for */
	check_eq(10, sv_drop(full, 10));
	check_eq(3, sv_pull(full, ends[0], SV_POSITION, 3, 0));
	check_errno(ENOBUFS, sv_pull(full, file, 80, 10, 0));
	check_eq(70, sv_push_mem(full, buf, 70, 0));
	check_eq(-1, pattern_check(buf, SEED, 10, 70));
	check_eq(3, sv_push_mem(full, buf, 70, 0));
	check(!memcmp(buf, "abc", 3), "not what the pipe held");
}

/* A copy is one span, whatever it is made of. */
TEST_F(account, copy_of_many_spans_needs_the_place_of_one)
{
	int file = pattern_file(TMPFS, SEED, PAGE), vec = new_vector();
	int full = new_vector(), i;

	put_file(PARAMETERS "vector_spans", "8");
	for (i = 0; i < 8; i++)
		check_eq(10, sv_pull(vec, file, 10 * i, 10, 0));
	for (i = 0; i < 7; i++)
		check_eq(10, sv_pull(full, file, 10 * i, 10, 0));
	check_errno(ENOBUFS, sv_pull(full, vec, SV_POSITION, 80, 0));
	check_eq(80, sv_pull(full, vec, SV_POSITION, 80, SPLICEVEC_COPY));
	check_errno(ENOBUFS, sv_pull(full, vec, SV_POSITION, 80, SPLICEVEC_COPY));
	check_eq(70, sv_drop(full, 70));
	check_held(full, SEED, 0, 80);
}

static bool cannot_open(void *arg)
{
	int fd;

	(void)arg;
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	fd = open("/dev/splicevec", O_RDWR);
	check_eq(-1, fd);
	check_eq(EACCES, errno);
	return true;
}

TEST_F(account, device_is_for_root_and_its_group)
{
	check(in_child(cannot_open, NULL), "as nobody: failed");
}

TEST_HARNESS_MAIN
