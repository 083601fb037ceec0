// SPDX-License-Identifier: GPL-2.0-only
/* A mapping of a vector shows its bytes, and nothing beside them. */
#include "kselftest_harness.h"

#include "maps.h"
#include "sources.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/mman.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#define SEED	MAP_SEED

LEDGER_FIXTURE(map)

static const struct source_kind *const all_sources[] = {
	&source_ext4, &source_ext4_cold, &source_ext4_copy, &source_xfs,
	&source_xfs_cold, &source_tmpfs, &source_tcp4, &source_unix,
	&source_pipe_written, &source_pipe_vmspliced, &source_pipe_spliced,
	&source_pipe_teed, &source_pipe_lent, &source_memory,
	&source_memory_copy, &source_memory_of_file, &source_slice,
	&source_duplicate, &source_concatenation, &source_slice_of_memory,
};

static void check_source(const struct source_kind *kind, size_t skip, size_t len)
{
	static const int sharing[] = { MAP_SHARED, MAP_PRIVATE };
	char *maps[ARRAY_LEN(sharing)];
	int vec = new_vector();
	unsigned int result;
	struct source s;
	size_t i;

	context("%s, %zu bytes from %zu on", kind->name, len, skip);
	source_open(&s, kind, skip, len);
	check_eq(len, source_pull(&s, vec, &result));
	for (i = 0; i < ARRAY_LEN(sharing); i++)
		maps[i] = map_vector(vec, 0, len, sharing[i]);
	for (i = 0; i < ARRAY_LEN(sharing); i++)
		check_shows(maps[i], s.seed, skip, len);
	close(vec);
	source_close(&s);
	for (i = 0; i < ARRAY_LEN(sharing); i++) {
		check_shows(maps[i], s.seed, skip, len);
		unmap_pages(maps[i], len);
	}
}

TEST_F(map, every_source_is_shown_byte_by_byte)
{
	static const size_t lens[] = { 1, PAGE, 3 * PAGE - 1, KIB(300) + 77 };
	static const size_t skips[] = { 0, 1, 512, PAGE - 1, PAGE };
	size_t i, skip, len;

	for (i = 0; i < ARRAY_LEN(all_sources); i++) {
		if (source_missing(all_sources[i]))
			continue;
		for (skip = 0; skip < ARRAY_LEN(skips); skip++)
			for (len = 0; len < ARRAY_LEN(lens); len++)
				check_source(all_sources[i], skips[skip],
					     lens[len]);
	}
}

/* What is not read yet is waited for, page by page, last ones first. */
TEST_F(map, lazily_pulled_pages_are_read_before_they_are_shown)
{
	static const enum place places[] = { EXT4, XFS };
	size_t i, shift, at, len = MIB(4);
	char *map;
	int fd, vec;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		fd = pattern_file(places[i], SEED, len);
		for (shift = 0; shift < 100; shift += 99) {
			context("%s, from %zu on", place_name(places[i]), shift);
			must(fsync(fd));
			must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
			vec = new_vector();
			check_eq(len - PAGE, sv_pull(vec, fd, shift, len - PAGE,
						     SPLICEVEC_LAZY));
			map = map_vector(vec, 0, len - PAGE, MAP_SHARED);
			for (at = len - PAGE; at; at -= PAGE)
				check_shows(map + at - PAGE, SEED,
					    shift + at - PAGE, PAGE);
			unmap_pages(map, len - PAGE);
			close(vec);
		}
	}
}

/* Pages of the ledger that a mapping adds: its copies. */
static long copies_of(int vec, size_t pos, size_t len)
{
	struct ledger before, after;
	char *map;

	ledger_read(&before);
	map = map_vector(vec, pos, len, MAP_SHARED);
	ledger_read(&after);
	check_eq(before.loans, after.loans);
	check_eq(before.vectors, after.vectors);
	unmap_pages(map, len);
	ledger_settle(&before);
	return after.pages - before.pages;
}

TEST_F(map, only_pages_that_no_single_page_fills_are_copies)
{
	char *memory = map_pages(8 * PAGE);
	int vec = new_vector();

	check_eq(0, copies_of(filled_vector(TMPFS, 0, 8 * PAGE), 0, 8 * PAGE));
	check_eq(1, copies_of(filled_vector(TMPFS, 0, 8 * PAGE - 1), 0, 8 * PAGE));
	check_eq(0, copies_of(filled_vector(TMPFS, 0, 8 * PAGE - 1), 0, 7 * PAGE));
	check_eq(8, copies_of(filled_vector(TMPFS, 1, 8 * PAGE), 0, 8 * PAGE));
	check_eq(9, copies_of(filled_vector(TMPFS, 1, 8 * PAGE + 1), 0, 9 * PAGE));
	/* page 0 is a mixture, then memory shifted by a page less 100 bytes */
	check_eq(100, sv_pull_mem(vec, memory, 100, SPLICEVEC_COPY));
	check_eq(8 * PAGE - 100, sv_pull_mem(vec, memory + 100, 8 * PAGE - 100, 0));
	check_eq(1, copies_of(vec, 0, 8 * PAGE));
	check_eq(0, copies_of(vec, PAGE, 7 * PAGE));
}

/* What is not copied is the very page: a store of its owner is seen. */
TEST_F(map, whole_pages_are_the_lenders_own)
{
	int fd = pattern_file(TMPFS, SEED, 4 * PAGE), vec = new_vector();
	char *memory = map_pages(4 * PAGE), *map;

	check_eq(4 * PAGE, sv_pull(vec, fd, 0, SV_ALL, 0));
	check_eq(4 * PAGE, sv_pull_mem(vec, memory, 4 * PAGE, 0));
	map = map_vector(vec, 0, 8 * PAGE, MAP_SHARED);
	check_shows(map, SEED, 0, 4 * PAGE);
	check_zero(map + 4 * PAGE, 4 * PAGE);
	must(pwrite(fd, "new", 3, 2 * PAGE + 7));
	memcpy(memory + 3 * PAGE, "own", 3);
	check(!memcmp(map + 2 * PAGE + 7, "new", 3), "a store to the file is not seen");
	check(!memcmp(map + 7 * PAGE, "own", 3), "a store to memory is not seen");
	unmap_pages(map, 8 * PAGE);
}

/* Spans of 1 to 999 bytes out of the middle of pages full of other bytes. */
TEST_F(map, bytes_outside_the_spans_are_never_seen)
{
	static const enum place places[] = { TMPFS, EXT4, XFS };
	size_t i, len, pos, total;
	char want[KIB(512)], *map;
	int fd, vec;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		fd = pattern_file(places[i], SEED, 2048 * PAGE);
		vec = new_vector();
		for (total = 0, len = 1; len < 1000; total += len, len++) {
			pos = len * 2 * PAGE + len * 7 % PAGE;
			check_eq(len, sv_pull(vec, fd, pos, len, 0));
			pattern_fill(want + total, SEED, pos, len);
		}
		map = map_vector(vec, 0, total, MAP_PRIVATE);
		check(!memcmp(map, want, total), "other bytes");
		check_zero(map + total, pages_of(total) * PAGE - total);
		unmap_pages(map, total);
	}
}

TEST_F(map, identical_spans_are_shown_as_often_as_they_are_there)
{
	int fd = pattern_file(TMPFS, SEED, 2 * PAGE), vec = new_vector(), i;
	char *map;

	for (i = 0; i < 10; i++)
		check_eq(PAGE, sv_pull(vec, fd, PAGE, PAGE, 0));
	check_eq(100, sv_pull(vec, vec, SV_HEAD, 100, 0));
	check_eq(100, sv_pull(vec, vec, SV_HEAD, 100, 0));
	map = map_vector(vec, 0, 11 * PAGE, MAP_SHARED);
	for (i = 0; i < 10; i++)
		check_shows(map + i * PAGE, SEED, PAGE, PAGE);
	check_eq(-1, pattern_check(map + 10 * PAGE, SEED, PAGE, 100));
	check_shows(map + 10 * PAGE + 100, SEED, PAGE, 100);
	unmap_pages(map, 11 * PAGE);
}

TEST_F(map, holes_are_zero)
{
	static const enum place places[] = { TMPFS, EXT4, XFS };
	char *map;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		int vec = new_vector(), fd;

		if (place_missing(places[i]))
			continue;
		context("%s", place_name(places[i]));
		fd = new_file(places[i], O_RDWR);
		must(ftruncate(fd, 8 * PAGE));
		must(pwrite(fd, "x", 1, 5 * PAGE));
		check_eq(8 * PAGE, sv_pull(vec, fd, 0, SV_ALL, 0));
		map = map_vector(vec, 0, 8 * PAGE, MAP_SHARED);
		check_zero(map, 5 * PAGE);
		check_eq('x', map[5 * PAGE]);
		check_zero(map + 5 * PAGE + 1, 3 * PAGE - 1);
		unmap_pages(map, 8 * PAGE);
	}
}

/* Where the kernel gives huge pages at all. */
TEST_F(map, huge_page_is_shown_without_copies)
{
	size_t huge = MIB(2);
	char *area = map_pages(2 * huge), *memory, *map;
	int vec = new_vector();
	struct ledger before, after;

	memory = (char *)(((uintptr_t)area + huge - 1) & ~(huge - 1));
	madvise(memory, huge, MADV_HUGEPAGE);
	pattern_fill(memory, SEED, 0, huge);
	check_eq(huge - PAGE, sv_pull_mem(vec, memory + PAGE, huge - PAGE, 0));
	ledger_read(&before);
	map = map_vector(vec, 0, huge - PAGE, MAP_SHARED);
	ledger_read(&after);
	check_eq(before.pages, after.pages);
	check_shows(map, SEED, PAGE, huge - PAGE);
	unmap_pages(area, 2 * huge);
	check_shows(map, SEED, PAGE, huge - PAGE);
	unmap_pages(map, huge - PAGE);
}

TEST_F(map, window_is_what_the_offset_says)
{
	int vec = filled_vector(TMPFS, 123, 8 * PAGE + 100);
	char *map;

	map = map_vector(vec, 3 * PAGE, 2 * PAGE, MAP_SHARED);
	check_shows(map, SEED, 123 + 3 * PAGE, 2 * PAGE);
	unmap_pages(map, 2 * PAGE);
	map = map_vector(vec, 8 * PAGE, 1, MAP_SHARED);
	check_shows(map, SEED, 123 + 8 * PAGE, 100);
	unmap_pages(map, PAGE);
	check_errno(EINVAL, map_error(vec, 0, 0));
	check_errno(EINVAL, map_error(vec, 1, PAGE));
	check_errno(EINVAL, map_error(vec, 8 * PAGE, 2 * PAGE));
	check_errno(EINVAL, map_error(vec, 0, 10 * PAGE));
	check_errno(EINVAL, map_error(vec, 9 * PAGE, PAGE));
	check_errno(EINVAL, map_error(vec, 1UL << 62, PAGE));
	check_errno(EINVAL, map_error(vec, -2 * PAGE, PAGE));
	check_errno(EINVAL, map_error(new_vector(), 0, PAGE));
}

TEST_F(map, window_before_the_head_is_estale)
{
	int vec = filled_vector(TMPFS, 0, 4 * PAGE);
	char *map;

	check_eq(1, sv_drop(vec, 1));
	check_errno(ESTALE, map_error(vec, 0, PAGE));
	check_errno(ESTALE, map_error(vec, 0, 4 * PAGE));
	check_eq(PAGE - 1, sv_drop(vec, PAGE - 1));
	check_errno(ESTALE, map_error(vec, 0, PAGE));
	map = map_vector(vec, PAGE, 3 * PAGE, MAP_SHARED);
	check_shows(map, SEED, PAGE, 3 * PAGE);
	unmap_pages(map, 3 * PAGE);
	check_eq(3 * PAGE, sv_drop(vec, SV_ALL));
	check_errno(EINVAL, map_error(vec, 4 * PAGE, PAGE));
}

/*
 * Whoever injects the error may be killed by it. That the page cannot be taken
 * out of use, as we hold it, may be an error too.
 *
 * Return: 0 or an errno.
 */
static int poison(int fd, size_t at)
{
	pid_t pid = must(fork());
	int status;
	char *page;

	if (!pid) {
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, at);
		_exit(page != MAP_FAILED && !madvise(page, PAGE, MADV_HWPOISON) ?
			      0 : errno);
	}
	must(waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGBUS ? 0 : EINTR;
	return WEXITSTATUS(status) == EBUSY ? 0 : WEXITSTATUS(status);
}

/* What a process dies of that looks at a page of a vector. */
static int signal_at(int vec, size_t page, size_t pages)
{
	pid_t pid = must(fork());
	int status;

	if (!pid) {
		char *map = map_vector(vec, 0, pages * PAGE, MAP_SHARED);

		_exit(((volatile char *)map)[page * PAGE] & 1);
	}
	must(waitpid(pid, &status, 0));
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A page of bad memory is not read, be it shown as it is or by a copy. */
TEST_F(map, poisoned_page_is_sigbus)
{
	int fd = pattern_file(TMPFS, SEED, 3 * PAGE), vec = new_vector();
	int err;

	check_eq(3 * PAGE, sv_pull(vec, fd, 0, SV_ALL, 0));
	check_eq(2 * PAGE, sv_pull(vec, fd, 10, 2 * PAGE, 0));
	err = poison(fd, PAGE);
	if (err)
		SKIP(return, "MADV_HWPOISON: %s", errno_name(err));
	check_eq(0, signal_at(vec, 0, 5));
	check_eq(SIGBUS, signal_at(vec, 1, 5));
	check_eq(0, signal_at(vec, 2, 5));
	/* both shifted pages have bytes of it */
	check_eq(SIGBUS, signal_at(vec, 3, 5));
	check_eq(SIGBUS, signal_at(vec, 4, 5));
}

TEST_HARNESS_MAIN
