// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapping of a vector is a snapshot: it holds what it shows, whatever becomes
 * of the vector and the lender, for as long as any part of it is left.
 */
#include "kselftest_harness.h"

#include "maps.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#define SEED	MAP_SEED

LEDGER_FIXTURE(snapshot)

/* Neither what is consumed nor what is appended changes it. */
static void check_stays(size_t offset)
{
	int vec = filled_vector(TMPFS, offset, 8 * PAGE - 50);
	struct ledger before, mapped, now;
	struct splicevec_info info;
	char *map;

	context("offset %zu", offset);
	ledger_read(&before);
	must_sv(sv_info(vec, &info));
	map = map_vector(vec, 0, 8 * PAGE, MAP_SHARED);
	ledger_read(&mapped);
	check_eq(10, sv_pull_mem(vec, "0123456789", 10, SPLICEVEC_COPY));
	check_shows(map, SEED, offset, 8 * PAGE - 50);
	check_eq(8 * PAGE - 40, sv_drop(vec, SV_ALL));
	check_shows(map, SEED, offset, 8 * PAGE - 50);
	ledger_read(&now);
	check(!memcmp(&now, &mapped, sizeof(now)), "the mapping holds no loans");
	close(vec);
	check_shows(map, SEED, offset, 8 * PAGE - 50);
	ledger_read(&now);
	check(!memcmp(&now, &mapped, sizeof(now)), "the mapping holds no loans");
	unmap_pages(map, 8 * PAGE);
	before.vectors--;
	before.loans -= info.loans;
	before.pages -= info.pages;
	ledger_settle(&before);
}

TEST_F(snapshot, snapshot_stays_whatever_becomes_of_the_vector)
{
	check_stays(0);
	check_stays(77);
}

/* A mapping keeps its file open, and a file what it has; but not what was dropped. */
static void check_closed(bool drop)
{
	int vec = filled_vector(TMPFS, 0, 2 * PAGE);
	struct ledger shown, all, now;
	char *map;

	context(drop ? "dropped" : "not dropped");
	map = map_vector(vec, 0, PAGE, MAP_SHARED);
	ledger_read(&shown);
	check_eq(10, sv_pull_mem(vec, "0123456789", 10, SPLICEVEC_COPY));
	ledger_read(&all);
	check_eq(shown.loans + 1, all.loans);
	if (drop)
		check_eq(2 * PAGE + 10, sv_drop(vec, SV_ALL));
	close(vec);
	ledger_read(&now);
	check(!memcmp(&now, drop ? &shown : &all, sizeof(now)),
	      "%ld loans, %ld pages", now.loans, now.pages);
	unmap_pages(map, PAGE);
}

TEST_F(snapshot, vector_is_open_as_long_as_it_is_mapped)
{
	check_closed(false);
	ledger_settle(&self->before);
	check_closed(true);
}

static const enum place places[] = { TMPFS, EXT4, XFS };

TEST_F(snapshot, file_underneath_may_be_truncated_and_written_anew)
{
	char *map, other[16 * PAGE];
	size_t i;
	int fd, vec;

	memset(other, 0xee, sizeof(other));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		fd = pattern_file(places[i], SEED, 16 * PAGE);
		must(fsync(fd));
		vec = new_vector();
		check_eq(16 * PAGE, sv_pull(vec, fd, 0, SV_ALL, 0));
		map = map_vector(vec, 0, 16 * PAGE, MAP_SHARED);
		/* one fault may bring some more pages, but not all */
		check_shows(map, SEED, 0, PAGE);
		must(ftruncate(fd, 0));
		check_shows(map, SEED, 0, 16 * PAGE);
		write_all(fd, other, sizeof(other));
		must(fsync(fd));
		check_shows(map, SEED, 0, 16 * PAGE);
		close(fd);
		check_shows(map, SEED, 0, 16 * PAGE);
		unmap_pages(map, 16 * PAGE);
	}
}

static void check_bytes_or_zeroes(const char *map, size_t at, size_t len)
{
	check((!map[at] && !memcmp(map + at, map + at + 1, len - 1)) ||
	      pattern_check(map + at, SEED, at, len) < 0,
	      "something else at %zu", at);
}

/*
 * A folio that is cut in two may stay in the file, then what is cut off is
 * zeroed: a part of a page, or as many pages as the folio has.
 */
TEST_F(snapshot, what_is_cut_off_shows_its_bytes_or_zeroes)
{
	size_t i, at, cut = 7 * PAGE + 100;
	char *map;
	int fd, vec;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		fd = pattern_file(places[i], SEED, 16 * PAGE);
		must(fsync(fd));
		vec = new_vector();
		check_eq(16 * PAGE, sv_pull(vec, fd, 0, SV_ALL, 0));
		map = map_vector(vec, 0, 16 * PAGE, MAP_SHARED);
		must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       2 * PAGE, 3 * PAGE));
		must(ftruncate(fd, cut));
		check_shows(map, SEED, 0, 2 * PAGE);
		for (at = 2 * PAGE; at < 5 * PAGE; at += PAGE)
			check_bytes_or_zeroes(map, at, PAGE);
		check_eq(-1, pattern_check(map + at, SEED, at, cut - at));
		check_bytes_or_zeroes(map, cut, 8 * PAGE - cut);
		for (at = 8 * PAGE; at < 16 * PAGE; at += PAGE)
			check_bytes_or_zeroes(map, at, PAGE);
		unmap_pages(map, 16 * PAGE);
	}
}

TEST_F(snapshot, parts_go_one_by_one_and_the_last_gives_all_back)
{
	int vec = filled_vector(TMPFS, 5, 16 * PAGE);
	struct ledger none = self->before, all;
	size_t i;
	char *map;

	map = map_vector(vec, 0, 16 * PAGE, MAP_SHARED);
	close(vec);
	ledger_read(&all);
	check_shows(map, SEED, 5, 8 * PAGE);
	unmap_pages(map + 6 * PAGE, 4 * PAGE);
	check_shows(map, SEED, 5, 6 * PAGE);
	check_shows(map + 10 * PAGE, SEED, 5 + 10 * PAGE, 6 * PAGE);
	/* every second page of what is left, then the rest */
	for (i = 0; i < 16; i += 2)
		unmap_pages(map + i * PAGE, PAGE);
	for (i = 1; i < 16; i += 2) {
		if (i > 5 && i < 10)
			continue;
		check_shows(map + i * PAGE, SEED, 5 + i * PAGE, PAGE);
		ledger_settle(&all);
		unmap_pages(map + i * PAGE, PAGE);
	}
	ledger_settle(&none);
}

/* May leave no part: a new mapping over the old one, and shrinking, end it. */
TEST_F(snapshot, moved_shrunk_and_replaced)
{
	char *place = map_pages(8 * PAGE), *map, *moved;
	int vec = filled_vector(TMPFS, 9, 8 * PAGE);

	map = map_vector(vec, 0, 8 * PAGE, MAP_SHARED);
	check_shows(map, SEED, 9, PAGE);
	moved = mremap(map, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	check(moved == place, "mremap: %s", errno_name(errno));
	check_shows(moved, SEED, 9, 8 * PAGE);
	check(mremap(moved, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED,
	      "grown");
	check(mremap(moved, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED, "doubled");
	check(mremap(moved, 8 * PAGE, 4 * PAGE, 0) == moved, "not shrunk");
	check_shows(moved, SEED, 9, 4 * PAGE);
	/* a part of it elsewhere */
	map = mremap(moved + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     place + 7 * PAGE);
	check(map == place + 7 * PAGE, "mremap: %s", errno_name(errno));
	check_shows(map, SEED, 9 + PAGE, PAGE);
	check_shows(moved + 2 * PAGE, SEED, 9 + 2 * PAGE, 2 * PAGE);
	check(mmap(place, 8 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, vec, 0) ==
	      place, "not replaced");
	check_shows(place, SEED, 9, 8 * PAGE);
	check_eq(0, remap_file_pages(place, 2 * PAGE, 0, 5, 0));
	check_shows(place, SEED, 9 + 5 * PAGE, 2 * PAGE);
	check_shows(place + 2 * PAGE, SEED, 9 + 2 * PAGE, 6 * PAGE);
	unmap_pages(place, 8 * PAGE);
}

/* What a child that reads a byte dies of. */
static int signal_at(const char *byte)
{
	pid_t pid = must(fork());
	int status;

	if (!pid)
		_exit(*(volatile const char *)byte & 1);
	must(waitpid(pid, &status, 0));
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST_F(snapshot, children_do_not_inherit_it)
{
	int vec = filled_vector(TMPFS, 0, 2 * PAGE - 1);
	char *map = map_vector(vec, 0, 2 * PAGE, MAP_SHARED);

	check_shows(map, SEED, 0, 2 * PAGE - 1);
	check_eq(SIGSEGV, signal_at(map));
	check_eq(-1, madvise(map, PAGE, MADV_DOFORK));
	check_eq(SIGSEGV, signal_at(map));
	check_shows(map, SEED, 0, 2 * PAGE - 1);
	unmap_pages(map, 2 * PAGE);
}

static bool map_and_leave(void *arg)
{
	int *vec = arg;
	char *map = map_vector(*vec, 0, 8 * PAGE, MAP_SHARED);

	check_shows(map, SEED, 3, 8 * PAGE);
	close(*vec);
	must(munmap(map + 3 * PAGE, PAGE));
	return true;
}

TEST_F(snapshot, process_that_ends_gives_it_back)
{
	int vec = filled_vector(TMPFS, 3, 8 * PAGE);
	struct ledger before;
	pid_t pid;

	ledger_read(&before);
	check(in_child(map_and_leave, &vec), "in the child");
	ledger_settle(&before);
	pid = must(fork());
	if (!pid) {
		map_and_leave(&vec);
		raise(SIGKILL);
	}
	must(waitpid(pid, NULL, 0));
	ledger_settle(&before);
}

TEST_F(snapshot, module_with_a_vector_mapped_stays)
{
	int vec = filled_vector(TMPFS, 0, PAGE);
	char *map = map_vector(vec, 0, PAGE, MAP_SHARED);

	close(vec);
	check_eq(-1, syscall(SYS_delete_module, "splicevec", O_NONBLOCK));
	check(errno == EAGAIN || errno == EBUSY, "%s", errno_name(errno));
	check_shows(map, SEED, 0, PAGE);
	unmap_pages(map, PAGE);
}

/* Contents that repeat every @period bytes, whatever position they begin at. */
static void check_repeats(const char *map, uint64_t pos, size_t len, size_t period)
{
	size_t n;

	for (; len; len -= n, map += n, pos += n) {
		n = period - pos % period;
		n = n < len ? n : len;
		check_eq(-1, pattern_check(map, SEED, pos % period, n));
	}
}

#define PERIOD	(5 * PAGE + 123)

struct race {
	int vec;
	int file;
	atomic_bool over;
	char *shared;
	size_t len;
};

static void *keep_pulling(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->over)) {
		struct splicevec_info info;

		must_sv(sv_info(race->vec, &info));
		if (info.tail - info.head < 40 * PERIOD)
			check_eq(PERIOD, sv_pull(race->vec, race->file, 0, SV_ALL, 0));
	}
	return NULL;
}

static void *keep_consuming(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->over)) {
		struct splicevec_info info;

		must_sv(sv_info(race->vec, &info));
		if (info.tail - info.head > 20 * PERIOD)
			must_sv(sv_drop(race->vec, 3 * PAGE + 1));
	}
	return NULL;
}

static void *keep_reading(void *arg)
{
	struct race *race = arg;

	check_repeats(race->shared, 0, race->len, PERIOD);
	return NULL;
}

/* Map whatever the vector holds just now. Return: false if it is too late. */
static bool map_now(int vec)
{
	struct splicevec_info info;
	size_t pos, len;
	char *map;

	must_sv(sv_info(vec, &info));
	pos = (info.head + 8 * PAGE) & ~(PAGE - 1);
	if (info.tail <= pos)
		return false;
	len = pages_of(info.tail - pos) * PAGE;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, vec, pos);
	if (map == MAP_FAILED) {
		check_eq(ESTALE, errno);
		return false;
	}
	check_repeats(map, pos, info.tail - pos, PERIOD);
	unmap_pages(map, len);
	return true;
}

TEST_F(snapshot, taken_while_others_pull_and_consume)
{
	struct race race = { .vec = new_vector() };
	pthread_t puller, consumer;
	int mapped = 0, tries;

	race.file = pattern_file(TMPFS, SEED, PERIOD);
	pthread_create(&puller, NULL, keep_pulling, &race);
	pthread_create(&consumer, NULL, keep_consuming, &race);
	for (tries = 0; mapped < 200 && tries < 100000; tries++)
		mapped += map_now(race.vec);
	atomic_store(&race.over, true);
	pthread_join(puller, NULL);
	pthread_join(consumer, NULL);
	check(mapped >= 200, "only %d mappings in %d tries", mapped, tries);
}

TEST_F(snapshot, threads_may_touch_the_same_pages_at_once)
{
	struct race race = { .vec = new_vector(), .len = 64 * PERIOD };
	pthread_t threads[8];
	int round;
	size_t i;

	race.file = pattern_file(TMPFS, SEED, PERIOD);
	for (i = 0; i < 64; i++)
		check_eq(PERIOD, sv_pull(race.vec, race.file, 0, SV_ALL, 0));
	for (round = 0; round < 10; round++) {
		race.shared = map_vector(race.vec, 0, race.len, MAP_SHARED);
		for (i = 0; i < ARRAY_LEN(threads); i++)
			pthread_create(&threads[i], NULL, keep_reading, &race);
		for (i = 0; i < ARRAY_LEN(threads); i++)
			pthread_join(threads[i], NULL);
		unmap_pages(race.shared, race.len);
	}
}

TEST_HARNESS_MAIN
