// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors made of vectors: what is told of spans, bounds and limits, errors,
 * signals, and what it costs.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED		23
#define VECTOR_SPANS	"/sys/module/splicevec/parameters/vector_spans"
#define PAGES_HARD	"/sys/module/splicevec/parameters/user_pages_hard"
#define NOBODY		65534
/* What one command moves at the most. */
#define COMMAND_MAX	0x7ffff000L

FIXTURE(algebra)
{
	struct ledger before;
	char spans[32];
	char hard[32];
};

static void get_parameter(const char *path, char value[32])
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));

	value[must(read(fd, value, 31))] = '\0';
	close(fd);
}

FIXTURE_SETUP(algebra)
{
	get_parameter(VECTOR_SPANS, self->spans);
	get_parameter(PAGES_HARD, self->hard);
	ledger_read(&self->before);
}

FIXTURE_TEARDOWN(algebra)
{
	put_file(VECTOR_SPANS, self->spans);
	put_file(PAGES_HARD, self->hard);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

/* A vector with bytes @pos to @pos + @len of the pattern, in so many spans. */
static int vector_of(uint64_t pos, size_t len, unsigned int spans)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, pos + len);
	unsigned int i;

	for (i = 0; i < spans; i++) {
		size_t from = len * i / spans, to = len * (i + 1) / spans;

		check_eq(to - from, sv_pull(vec, file, pos + from, to - from, 0));
	}
	close(file);
	return vec;
}

static struct splicevec_info info_of(int vec)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	return info;
}

/* It holds bytes @pos to @pos + @len of the pattern, no more. It is closed. */
static void check_and_close(int vec, uint64_t pos, size_t len)
{
	check_taken(vec, SEED, pos, len);
	close(vec);
}

static struct splicevec_span first_span(int vec)
{
	struct splicevec_span span = {};

	check_eq(1, sv_spans(vec, 0, &span, 1));
	return span;
}

/* How far into its loan a span begins, and which loan that is. */
TEST_F(algebra, spans_name_their_loan_and_their_place_in_it)
{
	int vec = new_vector(), file = pattern_file(EXT4, SEED, 40 * PAGE);
	struct splicevec_span first, span;
	uint64_t used;
	int other;

	check_eq(30 * PAGE, sv_pull(vec, file, 100, 30 * PAGE, 0));
	first = first_span(vec);
	check(first.loan, "a loan without a number");
	check_eq(0, first.skip);
	/* over the ends of many runs, to and off their edges */
	for (used = 0; used < 29 * PAGE; used += PAGE - 50) {
		span = first_span(vec);
		check_eq(first.loan, span.loan);
		check_eq(used, span.skip);
		check_eq(used, span.offset);
		must_sv(sv_drop(vec, PAGE - 50));
	}
	other = sv_dup(vec);
	span = first_span(other);
	check_eq(first.loan, span.loan);
	check_eq(used, span.skip);
	check_eq(0, span.offset);
	/* the same pages once more, while lent and when given back */
	check_eq(10, sv_pull(vec, file, 100, 10, 0));
	must_sv(sv_drop(vec, info_of(vec).tail - info_of(vec).head - 10));
	span = first_span(vec);
	check(span.loan > first.loan, "one loan is two");
	check_eq(0, span.skip);
	used = span.loan;
	must_sv(sv_drop(vec, SV_ALL));
	must_sv(sv_drop(other, SV_ALL));
	check_eq(10, sv_pull(vec, file, 100, 10, 0));
	check(first_span(vec).loan > used, "a number was used again");
}

TEST_F(algebra, copies_and_second_pulls_are_not_the_same_memory)
{
	int vec = vector_of(0, 3 * PAGE, 3), dup = sv_dup(vec), other;
	uint64_t same;

	check_eq(0, sv_compare(vec, dup, &same));
	check_eq(3 * PAGE, same);
	other = vector_of(0, 3 * PAGE, 3);
	check_eq(1, sv_compare(vec, other, &same));
	check_eq(0, same);
	close(other);
	other = new_vector();
	check_eq(PAGE + 1, sv_pull(other, vec, SV_HEAD, PAGE + 1, 0));
	check_eq(2 * PAGE - 1, sv_pull(other, vec, PAGE + 1, SV_ALL,
				       SPLICEVEC_COPY));
	check_eq(1, sv_compare(vec, other, &same));
	check_eq(PAGE + 1, same);
	check_and_close(other, 0, 3 * PAGE);
}

/* A vector through everything, with heads that are not 0. */
TEST_F(algebra, parts_make_the_whole)
{
	int vec = vector_of(0, 10 * PAGE + 7, 13), head, middle, all;

	must_sv(sv_drop(vec, 11));
	all = sv_dup(vec);
	head = sv_split(vec, 3 * PAGE);
	check_eq(3 * PAGE + 11, info_of(vec).head);
	middle = sv_sub(vec, 3 * PAGE + 11, 2 * PAGE);
	must_sv(sv_drop(vec, 2 * PAGE));
	check_eq(2 * PAGE, sv_prepend(vec, middle));
	check_eq(10 * PAGE + 7, info_of(vec).head);
	check_eq(1, sv_compare(vec, all, NULL));
	check_eq(3 * PAGE, sv_prepend(vec, head));
	check_eq(0, sv_compare(vec, all, NULL));
	check_and_close(vec, 11, 10 * PAGE - 4);
	check_eq(10 * PAGE - 4, sv_concat(head, all));
	must_sv(sv_drop(head, 3 * PAGE));
	check_and_close(head, 11, 10 * PAGE - 4);
	check_and_close(middle, 3 * PAGE + 11, 2 * PAGE);
	check_and_close(all, 11, 10 * PAGE - 4);
}

static void check_window(int vec, uint64_t at)
{
	char buf[300];
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = SPLICEVEC_KEEP,
		.offset = SV_POSITION,
		.start = at,
		.len = sizeof(buf),
		.addr = (uintptr_t)buf,
	};

	/* each MiB holds the same */
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(-1, pattern_check(buf, SEED, at % MIB(1), sizeof(buf)));
}

/* More bytes than a command moves, more spans than SPANS tells, of one loan. */
TEST_F(algebra, more_than_one_command_moves)
{
	static const int64_t size = 1L << 32;
	int vec = vector_of(0, MIB(1), 1), dup, head;
	int64_t held;
	uint64_t same;

	for (held = MIB(1); held < size; held *= 2) {
		check_eq(held, sv_concat(vec, vec));
		/* were these copies, memory would be full before the end */
		if (!check_eq(1, info_of(vec).loans))
			return;
	}
	must_sv(sv_drop(vec, MIB(1)));
	held -= MIB(1);
	check_eq(held, sv_concat(vec, vec));
	held *= 2;
	dup = sv_dup(vec);
	check_eq(held, info_of(dup).tail);
	/* at the end of each command a span may be cut in two */
	check(info_of(dup).spans <= held / MIB(1) + 10, "%llu spans",
	      (unsigned long long)info_of(dup).spans);
	check_eq(0, sv_compare(vec, dup, &same));
	check_eq(held, same);
	check_eq(1, info_of(dup).loans);
	check_errno(EFBIG, sv_prepend(vec, dup));
	check_eq(0, sv_compare(vec, dup, &same));
	check_window(dup, COMMAND_MAX - 150);
	check_window(dup, 2 * COMMAND_MAX - 150);
	check_window(dup, held - 300);
	head = sv_split(dup, 3L << 30);
	check_eq(3L << 30, info_of(head).tail);
	check_eq(3L << 30, info_of(dup).head);
	check_eq(1, sv_compare(head, vec, &same));
	check_eq(3L << 30, same);
	check_eq(held - (3L << 30), sv_concat(head, dup));
	check_eq(0, sv_compare(head, vec, NULL));
	/* as much as goes at once */
	close(dup);
	dup = sv_sub(vec, SV_HEAD, COMMAND_MAX - 100);
	close(head);
	head = sv_sub(vec, SV_HEAD, 101);
	check_errno(EFBIG, sv_prepend(dup, head));
	must_sv(sv_drop(head, 1));
	check_eq(100, sv_prepend(dup, head));
	check_eq(COMMAND_MAX, info_of(dup).tail - info_of(dup).head);
}

/* Each call with @vec, so that it can fail in whatever way. */
static int64_t call(int nr, int vec, int other)
{
	int ret;

	switch (nr) {
	case 0:
		ret = sv_dup(vec);
		break;
	case 1:
		ret = sv_sub(vec, SV_HEAD, 10);
		break;
	case 2:
		ret = sv_split(vec, 10);
		break;
	case 3:
		return sv_prepend(vec, other);
	case 4:
		return sv_concat(vec, other);
	default:
		return sv_compare(vec, other, NULL);
	}
	if (ret >= 0)
		close(ret);
	return ret;
}

enum { DUP, SUB, SPLIT, PREPEND, CONCAT, COMPARE, CALLS };

TEST_F(algebra, what_is_no_vector_or_not_open_for_it_is_refused)
{
	int vec = vector_of(0, PAGE, 1), i;
	int file = pattern_file(TMPFS, SEED, PAGE);
	int reads = must(open("/dev/splicevec", O_RDONLY));
	int writes = must(open("/dev/splicevec", O_WRONLY));
	struct splicevec_info before = info_of(vec), after;

	check_eq(10, sv_pull(writes, file, 0, 10, 0));
	for (i = 0; i < CALLS; i++) {
		context("call %d", i);
		check_errno(ENOTTY, call(i, file, vec));
		check_errno(EBADF, call(i, -1, vec));
		if (i < PREPEND)
			continue;
		check_errno(ENOTTY, call(i, vec, file));
		check_errno(EBADF, call(i, vec, -1));
	}
	check_eq(0, lseek(file, 0, SEEK_CUR));
	for (i = DUP; i <= PREPEND; i++)
		check_errno(EBADF, call(i, writes, vec));
	for (i = PREPEND; i <= CONCAT; i++) {
		check_errno(EBADF, call(i, reads, vec));
		check_errno(EBADF, call(i, vec, writes));
	}
	check_errno(EINVAL, sv_sub(vec, -2, 1));
	must_sv(sv_drop(vec, 1));
	check_errno(ESTALE, sv_sub(vec, 0, 1));
	after = info_of(vec);
	check_eq(before.head + 1, after.head);
	check_eq(before.tail, after.tail);
	check_and_close(vec, 1, PAGE - 1);
}

TEST_F(algebra, without_a_free_fd_nothing_happens)
{
	int vec = vector_of(0, PAGE, 5), other = vector_of(0, PAGE, 5);
	struct splicevec_info before = info_of(vec), after;
	struct rlimit limit, none;
	int fd, i;

	must(getrlimit(RLIMIT_NOFILE, &limit));
	fd = must(dup(vec));
	close(fd);
	none = limit;
	none.rlim_cur = fd;
	must(setrlimit(RLIMIT_NOFILE, &none));
	for (i = DUP; i <= PREPEND; i++) {
		context("call %d", i);
		check_errno(EMFILE, call(i, vec, other));
	}
	after = info_of(vec);
	check(!memcmp(&before, &after, sizeof(before)), "the vector changed");
	check_eq(PAGE, sv_concat(vec, other));
	must(setrlimit(RLIMIT_NOFILE, &limit));
	check_eq(PAGE, sv_prepend(vec, other));
}

TEST_F(algebra, without_room_for_spans_nothing_happens)
{
	int vec = vector_of(0, PAGE, 5), other = vector_of(PAGE, PAGE, 4);
	struct splicevec_info before = info_of(vec), after;
	int i;

	put_file(VECTOR_SPANS, "8");
	for (i = PREPEND; i <= CONCAT; i++)
		check_errno(ENOBUFS, call(i, vec, other));
	put_file(VECTOR_SPANS, "4");
	for (i = DUP; i <= CONCAT; i++)
		if (i != SUB && i != SPLIT)
			check_errno(ENOBUFS, call(i, vec, other));
	after = info_of(vec);
	check(!memcmp(&before, &after, sizeof(before)), "the vector changed");
	/* its own spans are there twice for a moment */
	put_file(VECTOR_SPANS, "13");
	check_errno(ENOBUFS, sv_prepend(vec, other));
	put_file(VECTOR_SPANS, "14");
	check_eq(PAGE, sv_prepend(vec, other));
	check_eq(9, info_of(vec).spans);
}

static bool shares_at_the_limit(void *arg)
{
	int *vecs = arg, file = vecs[2];

	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	check_eq(4 * PAGE, sv_pull(vecs[0], file, 0, 4 * PAGE, 0));
	check_errno(EDQUOT, sv_pull(vecs[0], file, 4 * PAGE, 1, 0));
	check_eq(4 * PAGE, sv_concat(vecs[1], vecs[0]));
	check_eq(4 * PAGE, sv_concat(vecs[1], vecs[1]));
	return true;
}

TEST_F(algebra, sharing_costs_no_page)
{
	int vecs[3] = { new_vector(), new_vector() };

	vecs[2] = pattern_file(TMPFS, SEED, 8 * PAGE);
	put_file(PAGES_HARD, "4");
	check(in_child(shares_at_the_limit, vecs), "the child failed");
}

static void on_signal(int sig)
{
	(void)sig;
}

static void many_signals(bool on)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timeval often = { .tv_usec = on ? 500 : 0 };
	struct itimerval timer = { .it_interval = often, .it_value = often };

	must(sigaction(SIGALRM, &action, NULL));
	must(setitimer(ITIMER_REAL, &timer, NULL));
}

TEST_F(algebra, signals_stop_nothing_half_way)
{
	int vec = vector_of(0, 3000, 3000), other = sv_dup(vec), head, i;

	many_signals(true);
	for (i = 0; i < 20; i++) {
		head = sv_split(vec, 2000);
		if (!check_eq(2000, info_of(head).tail))
			break;
		check_eq(2000, sv_prepend(vec, head));
		check_eq(0, sv_compare(vec, other, NULL));
		close(head);
	}
	many_signals(false);
	check_and_close(vec, 0, 3000);
}

static unsigned long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000UL + now.tv_nsec;
}

/* The best of many tries of: share, share, compare, cut, put back. */
static unsigned long time_of(int vec)
{
	unsigned long best = -1UL, start, took;
	int i, dup, head;

	for (i = 0; i < 200; i++) {
		start = nanoseconds();
		dup = sv_dup(vec);
		must_sv(sv_concat(dup, vec));
		head = sv_split(dup, info_of(vec).tail);
		check_eq(0, sv_compare(head, vec, NULL));
		must_sv(sv_prepend(dup, head));
		close(head);
		close(dup);
		took = nanoseconds() - start;
		if (took < best)
			best = took;
	}
	return best;
}

/* A copy, or a look at each page, would make it a hundred times as much. */
TEST_F(algebra, cost_goes_with_spans_and_not_with_bytes)
{
	int little = vector_of(0, 4, 4), much = vector_of(0, MIB(4), 4);
	unsigned long few, many;

	check_eq(4, info_of(much).spans);
	few = time_of(little);
	many = time_of(much);
	printf("# 4 bytes: %lu us, 4 MiB: %lu us\n", few / 1000, many / 1000);
	check(many < 4 * few, "4 spans of a byte take %lu ns, of 1 MiB %lu ns",
	      few, many);
}

TEST_HARNESS_MAIN
