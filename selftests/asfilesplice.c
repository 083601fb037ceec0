// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vector in splice(2) and tee(2): pages move, and nobody copies them who need
 * not.
 */
#include "kselftest_harness.h"

#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/time.h>
#include <sys/uio.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	43
/* Contents of a file after it was changed under those who have its pages. */
#define NEW	47

LEDGER_FIXTURE(asfilesplice)

/* A signal each 50 ms, after which commands are not restarted. */
static void on_signal(int sig)
{
	(void)sig;
}

static void signals(bool on)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timeval often = { .tv_usec = on ? 50000 : 0 };
	struct itimerval timer = { .it_interval = often, .it_value = often };

	must(sigaction(SIGALRM, &action, NULL));
	must(setitimer(ITIMER_REAL, &timer, NULL));
}

TEST_F(asfilesplice, splice_to_a_pipe_moves_the_pages_themselves)
{
	static const size_t lens[] = { 1, 100, PAGE, PAGE + 1, 15 * PAGE };
	int ends[2], file, vec;
	size_t i;

	must(pipe(ends));
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		context("%zu bytes", lens[i]);
		file = pattern_file(TMPFS, SEED, 16 * PAGE);
		vec = file_vector(file, 16 * PAGE);
		check_eq(50, sv_drop(vec, 50));
		check_eq(lens[i], splice(vec, NULL, ends[1], NULL, lens[i], 0));
		check_span(vec, 50 + lens[i], 16 * PAGE);
		change_file(file, NEW, 16 * PAGE);
		check_arrives(ends[0], NEW, 50, lens[i]);
		close(vec);
		close(file);
	}
}

/* The pipe has nothing of ours then, only pages that are referred to. */
TEST_F(asfilesplice, what_was_spliced_to_a_pipe_is_pulled_back_as_a_gift)
{
	int ends[2], file = pattern_file(TMPFS, SEED, 3 * PAGE);
	int vec = file_vector(file, 3 * PAGE), back = new_vector();

	must(pipe(ends));
	check_eq(2 * PAGE + 5, splice(vec, NULL, ends[1], NULL, 2 * PAGE + 5,
				      SPLICE_F_MOVE | SPLICE_F_MORE));
	check_eq(2 * PAGE + 5, sv_pull(back, ends[0], SV_POSITION, SV_ALL, 0));
	check_kind(back, SPLICEVEC_FOREIGN, 0);
	change_file(file, NEW, 3 * PAGE);
	check_arrives(back, NEW, 0, 2 * PAGE + 5);
}

TEST_F(asfilesplice, splice_at_an_offset_takes_nothing)
{
	int ends[2], file = pattern_file(TMPFS, SEED, 8 * PAGE);
	int vec = file_vector(file, 8 * PAGE);
	loff_t at;

	must(pipe(ends));
	check_eq(1000, sv_drop(vec, 1000));
	for (at = 1000; at < (loff_t)(8 * PAGE - 3000);) {
		loff_t before = at;

		context("at %lld", (long long)at);
		check_eq(3000, splice(vec, &at, ends[1], NULL, 3000, 0));
		check_eq(before + 3000, at);
		check_arrives(ends[0], SEED, before, 3000);
	}
	context("beside what is there");
	at = 999;
	check_fails(ESTALE, splice(vec, &at, ends[1], NULL, 3000, 0));
	at = -1;
	check_fails(EOVERFLOW, splice(vec, &at, ends[1], NULL, 3000, 0));
	at = 8 * PAGE;
	check_eq(0, splice(vec, &at, ends[1], NULL, 3000, 0));
	at = 8 * PAGE - 5;
	check_eq(5, splice(vec, &at, ends[1], NULL, 3000, 0));
	check_arrives(ends[0], SEED, 8 * PAGE - 5, 5);
	check_span(vec, 1000, 8 * PAGE);
}

TEST_F(asfilesplice, splice_of_nothing_is_the_end)
{
	int ends[2], vec = new_vector();
	loff_t at = 0;

	must(pipe(ends));
	check_eq(0, splice(vec, NULL, ends[1], NULL, 100, 0));
	check_eq(0, splice(vec, NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
	check_eq(0, splice(vec, &at, ends[1], NULL, 100, 0));
	check_eq(3, write(vec, "abc", 3));
	check_eq(0, splice(vec, NULL, ends[1], NULL, 0, 0));
	check_span(vec, 0, 3);
}

TEST_F(asfilesplice, full_pipe_takes_what_fits_then_eagain)
{
	int ends[2], file = pattern_file(TMPFS, SEED, 10 * PAGE), vec, i;

	for (i = 0; i < 2; i++) {
		context("%s", i ? "O_NONBLOCK" : "SPLICE_F_NONBLOCK");
		vec = file_vector(file, 10 * PAGE);
		/* so that the pages are one more than the bytes make */
		check_eq(50, sv_drop(vec, 50));
		must(pipe2(ends, i ? O_NONBLOCK : 0));
		must(fcntl(ends[1], F_SETPIPE_SZ, 4 * PAGE));
		check_eq(4 * PAGE - 50, splice(vec, NULL, ends[1], NULL,
					       10 * PAGE,
					       i ? 0 : SPLICE_F_NONBLOCK));
		check_fails(EAGAIN, splice(vec, NULL, ends[1], NULL, 1,
					   i ? 0 : SPLICE_F_NONBLOCK));
		check_span(vec, 4 * PAGE, 10 * PAGE);
		check_arrives(ends[0], SEED, 50, 4 * PAGE - 50);
		check_eq(4 * PAGE, splice(vec, NULL, ends[1], NULL, 10 * PAGE,
					  0));
		check_arrives(ends[0], SEED, 4 * PAGE, 4 * PAGE);
		check_arrives(vec, SEED, 8 * PAGE, 2 * PAGE);
		close(vec);
		close(ends[0]);
		close(ends[1]);
	}
}

TEST_F(asfilesplice, full_pipe_is_waited_for)
{
	int ends[2], file = pattern_file(TMPFS, SEED, MIB(1));
	int vec = file_vector(file, MIB(1));
	struct drain drain = { .seed = SEED };
	ssize_t n, sum = 0;

	must(pipe(ends));
	check_eq(16 * PAGE, splice(vec, NULL, ends[1], NULL, MIB(1), 0));
	signals(true);
	check_fails(EINTR, splice(vec, NULL, ends[1], NULL, MIB(1), 0));
	signals(false);
	check_span(vec, 16 * PAGE, MIB(1));
	drain.fd = ends[0];
	drain_start(&drain);
	for (;; sum += n) {
		n = splice(vec, NULL, ends[1], NULL, MIB(1), 0);
		if (n <= 0)
			break;
	}
	check_eq(0, n);
	check_eq(MIB(1) - 16 * PAGE, sum);
	close(ends[1]);
	drain_finish(&drain);
	check_eq(MIB(1), drain.got);
	check_eq(-1, drain.wrong);
}

TEST_F(asfilesplice, splice_to_a_pipe_without_a_reader_is_epipe)
{
	int ends[2], vec = new_vector();

	signal(SIGPIPE, SIG_IGN);
	must(pipe(ends));
	close(ends[0]);
	check_eq(3, write(vec, "abc", 3));
	check_fails(EPIPE, splice(vec, NULL, ends[1], NULL, 3, 0));
	check_span(vec, 0, 3);
}

static void check_pinned(const struct ledger *before, long pages)
{
	struct ledger now;

	ledger_read(&now);
	check_eq(before->pinned + pages, now.pinned);
}

static void await_pins_end(const struct ledger *before, int vectors)
{
	struct ledger want = *before;

	want.vectors += vectors;
	ledger_settle(&want);
}

/* The reader's copy is made when it reads: what is stored before shows. */
TEST_F(asfilesplice, memory_spliced_to_a_pipe_is_lent_until_it_is_read)
{
	char *memory = map_pages(3 * PAGE);
	int ends[2], vec = new_vector(), i;

	must(pipe(ends));
	for (i = 0; i < 2; i++) {
		loff_t at = i * 3 * PAGE;

		context("%s", i ? "at an offset" : "taken");
		pattern_fill(memory, SEED, 0, 3 * PAGE);
		check_eq(3 * PAGE, sv_pull_mem(vec, memory, 3 * PAGE, 0));
		check_eq(3 * PAGE, splice(vec, i ? &at : NULL, ends[1], NULL,
					  MIB(1), 0));
		sv_drop(vec, SV_ALL);
		check_pinned(&self->before, 3);
		pattern_fill(memory, NEW, 0, 2 * PAGE);
		check_arrives(ends[0], NEW, 0, 100);
		pattern_fill(memory, SEED, 0, PAGE);
		check_arrives(ends[0], NEW, 100, 2 * PAGE - 100);
		check_pinned(&self->before, 3);
		check_arrives(ends[0], SEED, 2 * PAGE, PAGE);
		await_pins_end(&self->before, 1);
	}
	unmap_pages(memory, 3 * PAGE);
}

TEST_F(asfilesplice, memory_in_a_pipe_nobody_reads_is_given_back)
{
	char *memory = map_pages(3 * PAGE);
	int ends[2], vec = new_vector();

	must(pipe(ends));
	check_eq(3 * PAGE, sv_pull_mem(vec, memory, 3 * PAGE, 0));
	check_eq(2 * PAGE, splice(vec, NULL, ends[1], NULL, 2 * PAGE, 0));
	close(vec);
	check_pinned(&self->before, 3);
	close(ends[0]);
	close(ends[1]);
	await_pins_end(&self->before, 0);
	unmap_pages(memory, 3 * PAGE);
}

/* By PULL and by splice(2) into a vector: the span comes back, not a copy. */
TEST_F(asfilesplice, memory_comes_back_from_a_pipe_as_the_span_it_was)
{
	char *memory = map_pages(2 * PAGE);
	int ends[2], vec = new_vector(), back, i;

	must(pipe(ends));
	for (i = 0; i < 2; i++) {
		context("%s", i ? "splice(2)" : "PULL");
		back = new_vector();
		pattern_fill(memory, SEED, 0, 2 * PAGE);
		check_eq(2 * PAGE, sv_pull_mem(vec, memory, 2 * PAGE, 0));
		check_eq(100, sv_drop(vec, 100));
		check_eq(2 * PAGE - 100, splice(vec, NULL, ends[1], NULL,
						2 * PAGE, 0));
		check_eq(2 * PAGE - 100, i ?
			 splice(ends[0], NULL, back, NULL, 2 * PAGE, 0) :
			 sv_pull(back, ends[0], SV_POSITION, 2 * PAGE, 0));
		check_kind(back, SPLICEVEC_PINNED, SPLICEVEC_SPAN_LOAN);
		pattern_fill(memory, NEW, 0, 2 * PAGE);
		check_arrives(back, NEW, 100, 2 * PAGE - 100);
		close(back);
	}
	unmap_pages(memory, 2 * PAGE);
}

TEST_F(asfilesplice, teed_pages_arrive_twice)
{
	char *memory = map_pages(PAGE);
	int a[2], b[2], file = pattern_file(TMPFS, SEED, 2 * PAGE);
	int vec = file_vector(file, 2 * PAGE);

	must(pipe(a));
	must(pipe(b));
	pattern_fill(memory, SEED, 2 * PAGE, PAGE);
	check_eq(PAGE, sv_pull_mem(vec, memory, PAGE, 0));
	check_eq(3 * PAGE, splice(vec, NULL, a[1], NULL, 3 * PAGE, 0));
	check_eq(3 * PAGE, tee(a[0], b[1], 3 * PAGE, 0));
	close(vec);
	change_file(file, NEW, 2 * PAGE);
	check_arrives(a[0], NEW, 0, 2 * PAGE);
	check_arrives(a[0], SEED, 2 * PAGE, PAGE);
	/* the other reader's is still lent, and shows what is stored */
	check_pinned(&self->before, 1);
	pattern_fill(memory, NEW, 2 * PAGE, PAGE);
	check_arrives(b[0], NEW, 0, 3 * PAGE);
	await_pins_end(&self->before, 0);
	unmap_pages(memory, PAGE);
}

TEST_F(asfilesplice, splice_from_a_pipe_takes_its_buffers)
{
	int ends[2], file = pattern_file(TMPFS, SEED, 4 * PAGE);
	char *memory = map_pages(PAGE);
	struct iovec iov = { memory, PAGE };
	int vec = new_vector();
	loff_t at = PAGE;

	must(pipe(ends));
	pattern_fill(memory, SEED, 0, PAGE);
	write_all(ends[1], memory, 100);
	iov.iov_base = memory + 100;
	iov.iov_len = PAGE - 100;
	check_eq(PAGE - 100, vmsplice(ends[1], &iov, 1, 0));
	check_eq(3 * PAGE, splice(file, &at, ends[1], NULL, 3 * PAGE, 0));
	/* a part, and the rest */
	check_eq(2 * PAGE + 7, splice(ends[0], NULL, vec, NULL, 2 * PAGE + 7,
				      0));
	check_eq(2 * PAGE - 7, splice(ends[0], NULL, vec, NULL, MIB(1), 0));
	check_span(vec, 0, 4 * PAGE);
	check_kind(vec, SPLICEVEC_FOREIGN, 0);
	check_fails(EAGAIN, splice(ends[0], NULL, vec, NULL, 1,
				   SPLICE_F_NONBLOCK));
	check_arrives(vec, SEED, 0, PAGE);
	change_file(file, NEW, 4 * PAGE);
	check_arrives(vec, NEW, PAGE, 3 * PAGE);
	unmap_pages(memory, PAGE);
}

static void splice_three(void *arg)
{
	int *fds = arg;

	check_eq(3, splice(fds[0], NULL, fds[1], NULL, 100, 0));
}

TEST_F(asfilesplice, splice_from_an_empty_pipe_waits_or_is_the_end)
{
	int ends[2], fds[2] = { 0, new_vector() };
	struct worker worker;

	must(pipe(ends));
	fds[0] = ends[0];
	signals(true);
	check_fails(EINTR, splice(ends[0], NULL, fds[1], NULL, 100, 0));
	signals(false);
	worker_start(&worker, splice_three, fds);
	worker_await_sleep(&worker);
	check_span(fds[1], 0, 0);
	write_all(ends[1], "abc", 3);
	worker_finish(&worker);
	check_span(fds[1], 0, 3);
	close(ends[1]);
	check_eq(0, splice(ends[0], NULL, fds[1], NULL, 100, 0));
	check_eq(0, splice(ends[0], NULL, fds[1], NULL, 100,
			   SPLICE_F_NONBLOCK));
	check_span(fds[1], 0, 3);
}

/* A pipe that is read by a vector has room again for its writer. */
TEST_F(asfilesplice, writer_of_a_full_pipe_goes_on_when_a_vector_took_it)
{
	struct feed feed = { .seed = SEED, .len = MIB(1) };
	ssize_t n, sum = 0;
	int ends[2], vec = new_vector();

	must(pipe(ends));
	feed.fd = ends[1];
	feed_start(&feed);
	for (;; sum += n) {
		n = splice(ends[0], NULL, vec, NULL, MIB(1), 0);
		if (n <= 0)
			break;
	}
	check_eq(0, n);
	check_eq(MIB(1), sum);
	feed_finish(&feed);
	check_arrives(vec, SEED, 0, MIB(1));
}

TEST_F(asfilesplice, wrong_ways_to_splice_move_nothing)
{
	int reads = must(open("/dev/splicevec", O_RDONLY));
	int writes = must(open("/dev/splicevec", O_WRONLY));
	int ends[2], vec = new_vector(), other = new_vector();
	loff_t at = 0;

	must(pipe(ends));
	write_all(ends[1], "abc", 3);
	check_eq(3, write(vec, "def", 3));
	check_eq(3, write(writes, "ghi", 3));
	check_fails(EBADF, splice(ends[0], NULL, reads, NULL, 3, 0));
	check_fails(EBADF, splice(writes, NULL, ends[1], NULL, 3, 0));
	check_fails(EINVAL, splice(vec, NULL, other, NULL, 3, 0));
	check_fails(EINVAL, splice(ends[0], NULL, vec, &at, 3, 0));
	check_span(vec, 0, 3);
	check_span(reads, 0, 0);
	check_span(writes, 0, 3);
	check_eq(3, splice(ends[0], NULL, vec, NULL, 100, 0));
}

static void push_all(void *arg)
{
	int *fds = arg;

	check_eq(20 * PAGE, sv_push(fds[0], fds[1], SV_POSITION, SV_ALL, 0));
}

/* The pipe is locked then: nobody may wait for somebody else's sink. */
TEST_F(asfilesplice, splice_from_a_busy_vector_is_eagain)
{
	int file = pattern_file(TMPFS, SEED, 20 * PAGE), full[2], ends[2];
	int fds[2] = { file_vector(file, 20 * PAGE) };
	struct worker worker;
	loff_t at = 19 * PAGE;

	must(pipe(full));
	must(pipe(ends));
	fds[1] = full[1];
	worker_start(&worker, push_all, fds);
	worker_await_sleep(&worker);
	check_fails(EAGAIN, splice(fds[0], NULL, ends[1], NULL, 10, 0));
	check_fails(EAGAIN, splice(fds[0], NULL, ends[1], NULL, 10,
				   SPLICE_F_NONBLOCK));
	/* what takes nothing need not wait either */
	check_eq(PAGE, splice(fds[0], &at, ends[1], NULL, PAGE, 0));
	check_arrives(ends[0], SEED, 19 * PAGE, PAGE);
	/* and what appends does not */
	write_all(ends[1], "abc", 3);
	check_eq(3, splice(ends[0], NULL, fds[0], NULL, 3, 0));
	check_arrives(full[0], SEED, 0, 20 * PAGE);
	worker_finish(&worker);
	check_eq(3, sv_drop(fds[0], SV_ALL));
}

TEST_HARNESS_MAIN
