// SPDX-License-Identifier: GPL-2.0-only
/* LAZY: a pull starts to read and does not wait. Whoever needs the bytes waits. */
#include "kselftest_harness.h"

#include "contents.h"
#include "disks.h"
#include "places.h"
#include "places_file.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SEED	43
#define SIZE	KIB(256)

FIXTURE(slow)
{
	struct ledger before;
	int disk;
	int vec;
};

FIXTURE_SETUP(slow)
{
	static const struct disk_part part = { DISK_DELAYED, SIZE };

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	ledger_read(&self->before);
	disk_fill(DISK_BAD, SEED, SIZE);
	self->disk = bad_disk_open(&part, 1, O_RDONLY);
	self->vec = new_vector();
}

FIXTURE_TEARDOWN(slow)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

TEST_F(slow, pull_returns_at_once_and_the_push_waits)
{
	int sink = new_file(TMPFS, O_RDWR);
	struct splicevec_span span;
	double start = now();

	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	check(now() - start < SLOW_SECONDS, "the pull took %.1f s", now() - start);
	check_eq(1, sv_spans(self->vec, 0, &span, 1));
	check_eq(SPLICEVEC_CACHE, span.kind);
	check_eq(SIZE, sv_push(self->vec, sink, 0, SV_ALL, 0));
	check(now() - start >= SLOW_SECONDS, "the push took %.1f s", now() - start);
	check_eq(-1, file_check(sink, 0, SEED, 0, SIZE));
}

/* Who asks later finds the reading begun, and waits for that. */
TEST_F(slow, pulls_of_the_same_share_one_read)
{
	int other = new_vector();
	double start = now();

	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	check_eq(SIZE, sv_pull(other, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	check(now() - start < SLOW_SECONDS, "the pulls took %.1f s", now() - start);
	check_held(self->vec, SEED, 0, SIZE);
	start = now();
	check_held(other, SEED, 0, SIZE);
	check(now() - start < SLOW_SECONDS, "read once more: %.1f s", now() - start);
}

TEST_F(slow, copies_for_a_vector_wait_for_the_bytes)
{
	int to = new_vector();

	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	check_eq(SIZE, sv_push(self->vec, to, SV_POSITION, SV_ALL, SPLICEVEC_STABLE));
	check_held(to, SEED, 0, SIZE);
}

TEST_F(slow, nonblocking_push_is_eagain_until_the_bytes_are_there)
{
	struct splicevec_info before;
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	check_eq(PAGE, sv_pull(self->vec, self->disk, 0, PAGE,
			       SPLICEVEC_LAZY | SPLICEVEC_NONBLOCK));
	must_sv(sv_info(self->vec, &before));
	check_errno(EAGAIN, sv_push(self->vec, ends[1], SV_POSITION, SV_ALL,
				    SPLICEVEC_NONBLOCK));
	check_same(self->vec, &before);
	check_held(self->vec, SEED, 0, PAGE);
	check_eq(PAGE, sv_push(self->vec, ends[1], SV_POSITION, SV_ALL,
			       SPLICEVEC_NONBLOCK));
}

TEST_F(slow, nonblocking_push_takes_what_lies_before)
{
	int ends[2], vec = vector_with(SEED, 0, PAGE);
	double start = now();

	must(pipe2(ends, O_CLOEXEC));
	check_eq(PAGE, sv_pull(vec, self->disk, PAGE, PAGE, SPLICEVEC_LAZY));
	check_eq(PAGE, sv_push(vec, ends[1], SV_POSITION, SV_ALL,
			       SPLICEVEC_NONBLOCK));
	check(now() - start < SLOW_SECONDS, "it took %.1f s", now() - start);
	check_held(vec, SEED, PAGE, PAGE);
}

/* The pipe is locked meanwhile, so all its users would wait, too. */
TEST_F(slow, nonblocking_splice_is_eagain_until_the_bytes_are_there)
{
	double start;
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	check_eq(PAGE, sv_pull(self->vec, self->disk, 0, PAGE,
			       SPLICEVEC_LAZY));
	start = now();
	check_fails(EAGAIN, splice(self->vec, NULL, ends[1], NULL, PAGE,
				   SPLICE_F_NONBLOCK));
	must(fcntl(self->vec, F_SETFL, O_RDWR | O_NONBLOCK));
	check_fails(EAGAIN, splice(self->vec, NULL, ends[1], NULL, PAGE, 0));
	check(now() - start < SLOW_SECONDS, "it took %.1f s", now() - start);
	must(fcntl(self->vec, F_SETFL, O_RDWR));
	check_eq(PAGE, splice(self->vec, NULL, ends[1], NULL, PAGE, 0));
}

struct pushing {
	int vec;
	int to;
};

static void push_all(void *arg)
{
	struct pushing *p = arg;

	check_eq(2 * PAGE, sv_push(p->vec, p->to, SV_POSITION, SV_ALL, 0));
}

/* What is there goes at once, before the rest is waited for. */
TEST_F(slow, bytes_before_those_that_are_awaited_are_pushed)
{
	int ends[2], vec = vector_with(SEED, 0, PAGE);
	char buf[2 * PAGE];
	double start = now();
	struct worker worker;
	struct pushing p;

	must(pipe2(ends, O_CLOEXEC));
	check_eq(PAGE, sv_pull(vec, self->disk, PAGE, PAGE, SPLICEVEC_LAZY));
	p = (struct pushing){ vec, ends[1] };
	worker_start(&worker, push_all, &p);
	read_all(ends[0], buf, PAGE);
	check(now() - start < SLOW_SECONDS, "it took %.1f s", now() - start);
	read_all(ends[0], buf + PAGE, PAGE);
	check(now() - start >= SLOW_SECONDS, "the rest took %.1f s", now() - start);
	worker_finish(&worker);
	check_eq(-1, pattern_check(buf, SEED, 0, 2 * PAGE));
}

/* To move and to drop spans takes no bytes. */
TEST_F(slow, spans_move_and_drop_without_waiting)
{
	int other = new_vector();
	double start = now();

	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	check_eq(SIZE, sv_push(self->vec, other, SV_POSITION, SV_ALL, 0));
	check_eq(SIZE, sv_pull(self->vec, other, SV_POSITION, SV_ALL, 0));
	check_eq(SIZE, sv_drop(self->vec, SV_ALL));
	check(now() - start < SLOW_SECONDS, "it took %.1f s", now() - start);
	check_held(other, SEED, 0, SIZE);
}

/* A disk whose last fd is closed waits for its reads. */
TEST_F(slow, bytes_arrive_after_the_disk_was_closed)
{
	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	close(self->disk);
	check_held(self->vec, SEED, 0, SIZE);
}

TEST_F(slow, vector_is_closed_while_its_bytes_are_on_their_way)
{
	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	close(self->vec);
	ledger_settle(&self->before);
}

TEST_F(slow, waiting_push_can_be_killed)
{
	int sink = new_file(TMPFS, O_RDWR), status;
	pid_t pid;

	check_eq(SIZE, sv_pull(self->vec, self->disk, 0, SIZE, SPLICEVEC_LAZY));
	pid = must(fork());
	if (!pid) {
		sv_push(self->vec, sink, 0, SV_ALL, 0);
		_exit(0);
	}
	usleep(200000);
	must(kill(pid, SIGKILL));
	must(waitpid(pid, &status, 0));
	check(WIFSIGNALED(status), "it ended by itself");
	check_held(self->vec, SEED, 0, SIZE);
}

FIXTURE_VARIANT(lazy)
{
	enum place place;
};

LEDGER_FIXTURE(lazy)

FIXTURE_VARIANT_ADD(lazy, ext4) { .place = EXT4 };
FIXTURE_VARIANT_ADD(lazy, xfs) { .place = XFS };
FIXTURE_VARIANT_ADD(lazy, tmpfs) { .place = TMPFS };

TEST_F(lazy, cold_file_is_pulled_whole_and_arrives)
{
	int vec = new_vector(), file;

	NEEDS_PLACE();
	file = pattern_file(variant->place, SEED, MIB(3) + 5);
	evict(file);
	must(lseek(file, 3, SEEK_SET));
	check_eq(MIB(3) + 2, sv_pull(vec, file, SV_POSITION, SV_ALL,
				     SPLICEVEC_LAZY));
	check_eq(MIB(3) + 5, lseek(file, 0, SEEK_CUR));
	check_eq(0, sv_pull(vec, file, SV_POSITION, SV_ALL, SPLICEVEC_LAZY));
	check_held(vec, SEED, 3, MIB(3) + 2);
}

TEST_F(lazy, pieces_of_a_cold_file_are_the_right_ones)
{
	static const size_t at[] = { 0, 4095, 8191, 70001, 1, 200000 };
	int vec, file;
	size_t i;

	NEEDS_PLACE();
	file = pattern_file(variant->place, SEED, KIB(256));
	for (i = 0; i < ARRAY_LEN(at); i++) {
		context("at %zu", at[i]);
		vec = new_vector();
		evict(file);
		check_eq(5000, sv_pull(vec, file, at[i], 5000, SPLICEVEC_LAZY));
		check_held(vec, SEED, at[i], 5000);
		close(vec);
	}
}

TEST_F(lazy, resident_bytes_are_not_waited_for)
{
	int vec = new_vector(), file, ends[2];

	NEEDS_PLACE();
	file = pattern_file(variant->place, SEED, KIB(32));
	must(pipe2(ends, O_CLOEXEC));
	check_eq(KIB(32), sv_pull(vec, file, 0, SV_ALL, SPLICEVEC_LAZY));
	check_eq(KIB(32), sv_push(vec, ends[1], SV_POSITION, SV_ALL,
				  SPLICEVEC_NONBLOCK));
}

/* Filesystems leave a page behind, not read, where they zeroed a part of a hole. */
TEST_F(lazy, page_of_a_hole_survives_the_file)
{
	int vec = new_vector(), file;
	char buf[PAGE] = { 1 };
	size_t i;

	NEEDS_PLACE();
	file = new_file(variant->place, O_RDWR);
	must(ftruncate(file, KIB(64)));
	must(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       5 * PAGE + 100, 100));
	check_eq(PAGE, sv_pull(vec, file, 5 * PAGE, PAGE, SPLICEVEC_LAZY));
	must(ftruncate(file, 0));
	check_eq(PAGE, sv_push_mem(vec, buf, sizeof(buf), 0));
	for (i = 0; i < sizeof(buf) && !buf[i]; i++)
		;
	check_eq(sizeof(buf), i);
}

TEST_F(lazy, hole_is_zeroes)
{
	int vec = new_vector(), file;
	char buf[2 * PAGE] = { 1 };
	size_t i;

	NEEDS_PLACE();
	file = new_file(variant->place, O_RDWR);
	must(ftruncate(file, KIB(64)));
	check_eq(sizeof(buf), sv_pull(vec, file, 5 * PAGE + 1, sizeof(buf),
				      SPLICEVEC_LAZY));
	check_eq(sizeof(buf), sv_push_mem(vec, buf, sizeof(buf), 0));
	for (i = 0; i < sizeof(buf) && !buf[i]; i++)
		;
	check_eq(sizeof(buf), i);
}

LEDGER_FIXTURE(lazily)

TEST_F(lazily, what_has_no_page_cache_is_eopnotsupp)
{
	int vec = new_vector(), held = vector_with(SEED, 0, 100);
	int fds[2], pair[2], i;

	must(pipe2(fds, O_CLOEXEC));
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	write_all(fds[1], "x", 1);
	write_all(pair[1], "x", 1);
	const int others[] = {
		fds[0], pair[0], held,
		must(open("/dev/zero", O_RDONLY | O_CLOEXEC)),
		must(open("/proc/version", O_RDONLY | O_CLOEXEC)),
	};

	for (i = 0; i < (int)ARRAY_LEN(others); i++) {
		context("source %d", i);
		check_errno(EOPNOTSUPP, sv_pull(vec, others[i], SV_POSITION, 1,
						SPLICEVEC_LAZY));
	}
	check_errno(EOPNOTSUPP, sv_pull_mem(vec, "x", 1, SPLICEVEC_LAZY));
	check_eq(1, sv_pull(vec, fds[0], SV_POSITION, 1, 0));
	check_eq(1, sv_pull(vec, pair[0], SV_POSITION, 1, 0));
}

TEST_F(lazily, file_past_its_page_cache_is_eopnotsupp)
{
	int vec = new_vector(), file;

	if (place_missing(EXT4))
		SKIP(return, "%s", place_missing(EXT4));
	file = reopen(pattern_file(EXT4, SEED, PAGE), O_RDONLY | O_DIRECT);
	check_errno(EOPNOTSUPP, sv_pull(vec, file, 0, PAGE, SPLICEVEC_LAZY));
}

TEST_HARNESS_MAIN
