// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below the use of a LAZY span that can fail does so once, where the first
 * read of its bytes had failed: whoever needs them reads them again, and loses nothing.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "disks.h"
#include "faults_work.h"
#include "maps.h"
#include "places.h"
#include "places_file.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* A vector of what is to be read again, and where that goes. */
struct again {
	int file;
	unsigned int flags;
	void (*sink)(int fds[2]);
	int vec;
	int fds[2];		/* what is pushed to, where it arrives */
	char *memory;
};

/* The pages are in the cache, and hold nothing yet. */
static void again_prepare(void *arg)
{
	struct again *a = arg;

	a->vec = new_vector();
	evict_all(a->file, LEN);
	fail_requests_always();
	check_eq(LEN, sv_pull(a->vec, a->file, 0, LEN, SPLICEVEC_LAZY));
	fail_requests_never();
	check_eq(0, resident_pages(a->file, LEN));
}

/* PUSH */

static void push_prepare(void *arg)
{
	struct again *a = arg;

	again_prepare(a);
	a->sink(a->fds);
}

static long push_run(void *arg)
{
	struct again *a = arg;

	return sv_push(a->vec, a->fds[0], SV_POSITION, SV_ALL, a->flags);
}

/* It may be that just the first pages could be read. */
static void push_finish(void *arg, long ret)
{
	struct again *a = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(a->vec, SEED, done, LEN - done);
	check_eq(LEN - done, sv_push(a->vec, a->fds[0], SV_POSITION, SV_ALL, 0));
	check_arrives(a->fds[1], SEED, 0, LEN);
	close(a->vec);
	close(a->fds[0]);
	close(a->fds[1]);
}
SWEEP(push);

/* PUSH to memory */

static void push_memory_prepare(void *arg)
{
	struct again *a = arg;

	again_prepare(a);
	a->memory = map_pages(LEN);
}

static long push_memory_run(void *arg)
{
	struct again *a = arg;

	return sv_push_mem(a->vec, a->memory, LEN, 0);
}

static void push_memory_finish(void *arg, long ret)
{
	struct again *a = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_eq(-1, pattern_check(a->memory, SEED, 0, done));
	check_held(a->vec, SEED, done, LEN - done);
	unmap_pages(a->memory, LEN);
	close(a->vec);
}
SWEEP(push_memory);

/* PULL of copies into another vector: they are of what has been read */

static void copy_prepare(void *arg)
{
	struct again *a = arg;

	again_prepare(a);
	a->fds[0] = new_vector();
}

static long copy_run(void *arg)
{
	struct again *a = arg;

	return sv_pull(a->fds[0], a->vec, 0, LEN, SPLICEVEC_COPY);
}

static void copy_finish(void *arg, long ret)
{
	struct again *a = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pulled");
	check_held(a->fds[0], SEED, 0, done);
	check_held(a->vec, SEED, 0, LEN);
	close(a->fds[0]);
	close(a->vec);
}
SWEEP(copy);

/* A mapping: two pages are the file's own, one is a copy. The kernel looks at them. */

static void map_prepare(void *arg)
{
	struct again *a = arg;

	again_prepare(a);
	a->memory = map_vector(a->vec, 0, LEN, MAP_SHARED);
	pipe_ends(a->fds);
}

static long map_run(void *arg)
{
	struct again *a = arg;

	return result(write(a->fds[0], a->memory, LEN));
}

static void map_finish(void *arg, long ret)
{
	struct again *a = arg;

	check(ret, "no error, but nothing was written");
	check_arrives(a->fds[1], SEED, 0, moved(ret));
	check_shows(a->memory, SEED, 0, LEN);
	check_held(a->vec, SEED, 0, LEN);
	unmap_pages(a->memory, LEN);
	close(a->vec);
	close(a->fds[0]);
	close(a->fds[1]);
}
SWEEP(map);

FIXTURE_VARIANT(lazy)
{
	enum place place;	/* ANYWHERE: a disk itself */
};

LEDGER_FIXTURE(lazy)

FIXTURE_VARIANT_ADD(lazy, ext4) { .place = EXT4 };
FIXTURE_VARIANT_ADD(lazy, xfs) { .place = XFS };
FIXTURE_VARIANT_ADD(lazy, block) { .place = ANYWHERE };

static const char *lazy_missing(enum place place)
{
	return place == ANYWHERE ? bad_disk_missing() : place_missing(place);
}

/*
 * A memory disk itself has no requests that could fail where it has rw_page(): before 6.3
 * a page of its cache is read by that. Seen through the device mapper it has.
 */
static int lazy_file(enum place place)
{
	static const struct disk_part disk = { DISK_GOOD, 3 * PAGE };

	if (place != ANYWHERE)
		return pattern_file(place, SEED, LEN);
	disk_fill(DISK_BAD, SEED, LEN);
	return bad_disk_open(&disk, 1, O_RDONLY);
}

/* Afterwards nobody holds a page of the file: it can be taken out of memory. */
static void sweep_again(const struct sweep *what, struct again *a)
{
	static const int errors[] = { EIO, ENOBUFS, 0 };
	struct sweep with = *what;

	with.errors = errors;
	if (a->sink == vector_ends && !a->flags)
		with.faultless = "its spans move, and nothing is read";
	sweep(&with, a);
	sweep_as_stranger(&with, a);
	fail_requests(false);
	evict_all(a->file, LEN);
	close(a->file);
}

#define READ_AGAIN(name, what, ...)					\
	TEST_F(lazy, name##_loses_nothing)				\
	{								\
		struct again a = { __VA_ARGS__ };			\
									\
		NEEDS_FAULTS_AND(lazy_missing(variant->place));		\
		a.file = lazy_file(variant->place);			\
		/* of those there are: the device mapper's was made just now */ \
		NEEDS(fail_requests(true));				\
		sweep_again(&what##_sweep, &a);				\
	}
READ_AGAIN(push_to_tcp, push, .sink = tcp_ends)
READ_AGAIN(push_to_unix_stream, push, .sink = unix_stream_ends)
READ_AGAIN(push_to_pipe, push, .sink = pipe_ends)
READ_AGAIN(push_to_vector, push, .sink = vector_ends)
READ_AGAIN(push_of_copies_to_vector, push, .sink = vector_ends,
	   .flags = SPLICEVEC_STABLE)
READ_AGAIN(push_to_disk, push, .sink = disk_ends)
READ_AGAIN(push_to_memory, push_memory, .flags = 0)
READ_AGAIN(pull_of_copies, copy, .flags = 0)
READ_AGAIN(mapping, map, .flags = 0)

TEST_COUNT(580)

TEST_HARNESS_MAIN
