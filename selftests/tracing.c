// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_pipe_raw: pages that belong to the ring buffer of a trace and go back to
 * it by a destructor of their own.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <sched.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define INSTANCE "/sys/kernel/tracing/instances/selftest"

/* What it takes to fill some pages of the ring buffer. */
#define MARKS	1000

FIXTURE(tracing)
{
	struct ledger before;
	int marker;
	int raw;
	int vec;
};

static void on_first_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus));
}

FIXTURE_SETUP(tracing)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		SKIP(return, INSTANCE ": %s", errno_name(errno));
	ledger_read(&self->before);
	on_first_cpu();
	self->marker = must(open(INSTANCE "/trace_marker",
				 O_WRONLY | O_CLOEXEC));
	self->raw = must(open(INSTANCE "/per_cpu/cpu0/trace_pipe_raw",
			      O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	self->vec = new_vector();
}

/* The trace can go only if nobody has pages of it any more. */
FIXTURE_TEARDOWN(tracing)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, rmdir(INSTANCE));
	EXPECT_EQ(0, failures());
}

static void mark(int marker, unsigned int from)
{
	char text[64];
	unsigned int i;

	for (i = from; i < from + MARKS; i++) {
		snprintf(text, sizeof(text), "mark %08u of the selftest\n", i);
		must(write(marker, text, strlen(text)));
	}
}

/*
 * Marks from @from on are in there, in order and none left out. Those of a page
 * that is not full yet are to come. Return: the next one.
 */
static unsigned int check_marks(const char *pages, size_t len,
				unsigned int from)
{
	const char *at = pages, *end = pages + len;
	unsigned int next = from, nr;

	while ((at = memmem(at, end - at, "mark ", 5))) {
		if (sscanf(at, "mark %8u of the selftest", &nr) == 1 &&
		    !check(nr == next++, "mark %u, expected %u", nr, next - 1))
			break;
		at++;
	}
	check(next >= from + MARKS / 2, "only %u marks", next - from);
	return next;
}

/* The pages that are full; the last one is not. */
static size_t pull_pages(int vec, int raw)
{
	size_t sum = 0;
	int64_t n;

	while ((n = sv_pull(vec, raw, SV_POSITION, MIB(1), 0)) > 0)
		sum += n;
	check_errno(EAGAIN, n);
	check(sum >= 4 * PAGE, "only %zu bytes", sum);
	return sum;
}

/* It calls itself a regular file, and waits when it is read at its end. */
TEST_F(tracing, text_is_given_as_far_as_it_is_there)
{
	int text = must(open(INSTANCE "/trace_pipe", O_RDONLY | O_CLOEXEC));
	static const char *const marks[] = { "first mark\n", "second mark\n" };
	char *buf = map_pages(KIB(64));
	int64_t len;
	size_t i;

	for (i = 0; i < ARRAY_LEN(marks); i++) {
		context("%s", marks[i]);
		check_errno(EAGAIN, sv_pull(self->vec, text, SV_POSITION,
					    KIB(64), SPLICEVEC_NONBLOCK));
		write_all(self->marker, marks[i], strlen(marks[i]));
		len = must_sv(sv_pull(self->vec, text, SV_POSITION, KIB(64),
				      0));
		check_eq(len, sv_push_mem(self->vec, buf, KIB(64), 0));
		check(memmem(buf, len, marks[i], strlen(marks[i])),
		      "not in %lld bytes", (long long)len);
	}
}

TEST_F(tracing, pages_are_lent_with_their_destructor)
{
	struct splicevec_span span;

	mark(self->marker, 0);
	pull_pages(self->vec, self->raw);
	check_eq(1, sv_spans(self->vec, 0, &span, 1));
	check_eq(SPLICEVEC_FOREIGN, span.kind);
	check_eq(SPLICEVEC_SPAN_LOAN, span.flags);
	check(span.len % PAGE == 0, "%llu bytes",
	      (unsigned long long)span.len);
}

TEST_F(tracing, pulled_pages_hold_the_trace)
{
	char *buf = map_pages(MIB(1));
	size_t len;

	mark(self->marker, 0);
	len = pull_pages(self->vec, self->raw);
	check_eq(len, sv_push_mem(self->vec, buf, MIB(1), 0));
	check_marks(buf, len, 0);
}

/* What is lent does not change while the trace goes on. */
TEST_F(tracing, kept_pages_stay_as_they_are_while_the_trace_goes_on)
{
	char *before = map_pages(MIB(1)), *after = map_pages(MIB(1));
	int other = new_vector();
	size_t len;

	mark(self->marker, 0);
	len = pull_pages(self->vec, self->raw);
	check_eq(len, sv_push_mem(self->vec, before, MIB(1), SPLICEVEC_KEEP));
	mark(self->marker, MARKS);
	pull_pages(other, self->raw);
	close(self->raw);
	check_eq(len, sv_push_mem(self->vec, after, MIB(1), 0));
	check(!memcmp(before, after, len), "the trace wrote into lent pages");
}

TEST_F(tracing, ring_buffer_works_after_its_pages_were_dropped)
{
	char *buf = map_pages(MIB(1));
	unsigned int round, next = 0;
	size_t len;

	for (round = 0; round < 5; round++) {
		mark(self->marker, round * MARKS);
		len = pull_pages(self->vec, self->raw);
		check_eq(len, sv_push_mem(self->vec, buf, MIB(1),
					  SPLICEVEC_KEEP));
		next = check_marks(buf, len, next);
		check_eq(len, sv_drop(self->vec, SV_ALL));
	}
}

/* Pages lent on: to a pipe and a socket, which are read when the trace closed. */
TEST_F(tracing, pages_are_pushed_and_come_back)
{
	int pipe[2], pair[2], file = new_file(TMPFS, O_RDWR);
	char *want = map_pages(MIB(1)), *got = map_pages(MIB(1));

	mark(self->marker, 0);
	pull_pages(self->vec, self->raw);
	must(pipe2(pipe, O_CLOEXEC));
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	check_eq(4 * PAGE, sv_push_mem(self->vec, want, 4 * PAGE,
				       SPLICEVEC_KEEP));
	check_eq(4 * PAGE, sv_push_window(self->vec, pipe[1], SV_POSITION,
					  SV_HEAD, 4 * PAGE, 0));
	check_eq(4 * PAGE, sv_push_window(self->vec, file, 0, SV_HEAD,
					  4 * PAGE, 0));
	check_eq(4 * PAGE, sv_push(self->vec, pair[0], SV_POSITION, 4 * PAGE,
				   0));
	close(self->vec);
	close(self->raw);
	read_all(pipe[0], got, 4 * PAGE);
	check(!memcmp(want, got, 4 * PAGE), "other bytes in the pipe");
	read_all(pair[1], got, 4 * PAGE);
	check(!memcmp(want, got, 4 * PAGE), "other bytes in the socket");
	must(lseek(file, 0, SEEK_SET));
	read_all(file, got, 4 * PAGE);
	check(!memcmp(want, got, 4 * PAGE), "other bytes in the file");
}

TEST_F(tracing, part_of_a_page_is_einval_and_nothing_is_taken)
{
	mark(self->marker, 0);
	check_errno(EINVAL, sv_pull(self->vec, self->raw, SV_POSITION, 100, 0));
	pull_pages(self->vec, self->raw);
}

TEST_HARNESS_MAIN
