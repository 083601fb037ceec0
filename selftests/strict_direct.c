// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes past the page cache: they do not wait for the device, and their
 * record comes when it has the bytes, or says that it has not.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "disks.h"
#include "places.h"
#include "places_file.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <splicevec.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define OTHER	53
#define SIZE	KIB(256)

/* What a disk itself holds, whatever anybody has cached of it. */
static void check_disk(size_t offset, uint64_t seed, uint64_t pos, size_t len)
{
	int vec = new_vector(), disk = disk_open(DISK_BAD, O_RDONLY);

	check_eq(len, sv_pull(vec, disk, offset, len, SPLICEVEC_UNCACHED));
	read_pattern(vec, seed, pos, len);
	close(disk);
	close(vec);
}

FIXTURE_VARIANT(files)
{
	enum place place;
};

LEDGER_FIXTURE(files)

FIXTURE_VARIANT_ADD(files, ext4) { .place = EXT4, };
FIXTURE_VARIANT_ADD(files, xfs) { .place = XFS, };

/* Its blocks are there: to write them needs nothing of the filesystem. */
static int written_file(enum place place, size_t len)
{
	int buffered = pattern_file(place, OTHER, len), file;

	must(fsync(buffered));
	file = reopen(buffered, O_RDWR | O_DIRECT);
	close(buffered);
	return file;
}

static void check_file(int file, size_t len)
{
	int buffered = reopen(file, O_RDONLY);

	check_eq(-1, file_check(buffered, 0, SEED, 0, len));
	close(buffered);
}

TEST_F(files, push_has_one_record_and_the_file_its_bytes)
{
	char *memory = map_pages(SIZE);
	int file, vec;

	NEEDS_PLACE();
	file = written_file(variant->place, SIZE);
	vec = memory_vector(memory, SIZE);
	check_eq(SIZE, sv_push_strict(vec, file, SV_POSITION, SV_ALL, 0, 3));
	check_eq(SIZE, lseek(file, 0, SEEK_CUR));
	check_push_once(vec, 3, 0, SIZE);
	pattern_fill(memory, OTHER, 0, SIZE);
	check_file(file, SIZE);
	unmap_pages(memory, SIZE);
}

/* Whole blocks, what is gathered into some, and a tail through the page cache. */
TEST_F(files, bytes_at_any_alignment_arrive_behind_one_another)
{
	static const size_t sizes[] = { 3 * PAGE, 1, 512, PAGE + 7, 8192, 5 };
	char *memory = map_pages(SIZE);
	size_t i, at = 0;
	int file, vec;

	NEEDS_PLACE();
	file = new_file(variant->place, O_RDWR | O_DIRECT);
	vec = memory_vector(memory, SIZE);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		check_eq(sizes[i], sv_push_strict(vec, file, SV_POSITION,
						  sizes[i], 0, i));
		at += sizes[i];
	}
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		struct splicevec_completion record;

		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		check_eq(sizes[record.user_data % ARRAY_LEN(sizes)],
			 record.bytes);
	}
	check_no_record(vec);
	pattern_fill(memory, OTHER, 0, SIZE);
	check_file(file, at);
	unmap_pages(memory, SIZE);
}

/* The end of a file is where the last of them has ended. */
TEST_F(files, appended_pushes_follow_each_other)
{
	int file, vec = text_vector(SIZE), i;
	struct splicevec_features features;

	NEEDS_PLACE();
	file = new_file(variant->place, O_RDWR | O_DIRECT | O_APPEND);
	must_sv(sv_features(vec, file, &features));
	check_eq(SPLICEVEC_ROUTE_DIRECT, features.strict_routes[SPLICEVEC_OWNED]);
	for (i = 0; i < 8; i++)
		check_eq(SIZE / 8, sv_push_strict(vec, file, SV_POSITION,
						  SIZE / 8, 0, i));
	for (i = 0; i < 8; i++)
		check_push_record(vec, i, 0, SIZE / 8);
	check_file(file, SIZE);
}

/* The record may be all that somebody keeps. */
TEST_F(files, file_may_be_closed_meanwhile)
{
	int file, vec, keep;

	NEEDS_PLACE();
	file = written_file(variant->place, SIZE);
	keep = reopen(file, O_RDONLY);
	vec = text_vector(SIZE);
	check_eq(SIZE, sv_push_strict(vec, file, 0, SV_ALL, 0, 4));
	close(file);
	check_push_once(vec, 4, 0, SIZE);
	check_file(keep, SIZE);
}

/* Each write has given back what keeps a filesystem from being frozen. */
TEST_F(files, filesystem_can_be_frozen_afterwards)
{
	int file, vec = text_vector(SIZE);

	NEEDS_PLACE();
	file = written_file(variant->place, SIZE);
	check_eq(SIZE, sv_push_strict(vec, file, 0, SV_ALL, 0, 5));
	check_push_once(vec, 5, 0, SIZE);
	must(ioctl(file, FIFREEZE, 0));
	must(ioctl(file, FITHAW, 0));
}

/* A disk that takes DISK_SLOW for everything. */
FIXTURE(slow)
{
	struct ledger before;
	int disk;
};

FIXTURE_SETUP(slow)
{
	static const struct disk_part part = { DISK_DELAYED, 2 * SIZE };

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	ledger_read(&self->before);
	disk_fill(DISK_BAD, OTHER, 2 * SIZE);
	self->disk = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
}

FIXTURE_TEARDOWN(slow)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

TEST_F(slow, push_returns_at_once_and_the_record_comes_when_it_is_written)
{
	char *memory = map_pages(SIZE);
	int vec = memory_vector(memory, SIZE);

	check_eq(SIZE, sv_push_strict(vec, self->disk, 0, SV_ALL, 0, 1));
	check_no_record(vec);
	check_disk(0, OTHER, 0, SIZE);
	check_push_record(vec, 1, 0, SIZE);
	pattern_fill(memory, OTHER, 0, SIZE);
	check_disk(0, SEED, 0, SIZE);
	unmap_pages(memory, SIZE);
}

/* What the one above would see if its record came too early. */
TEST_F(slow, memory_that_changes_before_the_record_shows)
{
	char *memory = map_pages(SIZE);
	int vec = memory_vector(memory, SIZE);

	check_eq(SIZE, sv_push_strict(vec, self->disk, 0, SV_ALL, 0, 1));
	pattern_fill(memory, OTHER, 5, SIZE);
	check_push_record(vec, 1, 0, SIZE);
	check_disk(0, OTHER, 5, SIZE);
	unmap_pages(memory, SIZE);
}

TEST_F(slow, many_are_under_way_at_once)
{
	enum { PUSHES = 64 };
	double start = now();
	int vec = text_vector(SIZE), i;

	for (i = 0; i < PUSHES; i++)
		check_eq(SIZE / PUSHES,
			 sv_push_strict(vec, self->disk, SV_POSITION,
					SIZE / PUSHES, 0, i));
	for (i = 0; i < PUSHES; i++) {
		struct splicevec_completion record;

		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		check_eq(SIZE / PUSHES, record.bytes);
	}
	check(now() - start < PUSHES / 4 * DISK_SLOW / 1000.0,
	      "one after the other: %.1f s", now() - start);
	check_disk(0, SEED, 0, SIZE);
}

TEST_F(slow, push_that_is_not_strict_waits)
{
	double start = now();
	int vec = text_vector(SIZE);

	check_eq(SIZE, sv_push(vec, self->disk, 0, SV_ALL, 0));
	check(now() - start >= SLOW_SECONDS, "%.1f s",
	      now() - start);
	check_disk(0, SEED, 0, SIZE);
}

TEST_F(slow, all_is_closed_before_the_disk_is_done)
{
	int vec = text_vector(SIZE);

	check_eq(SIZE, sv_push_strict(vec, self->disk, 0, SV_ALL, 0, 1));
	close(self->disk);
	close(vec);
	ledger_settle(&self->before);
	check_disk(0, SEED, 0, SIZE);
}

FIXTURE_VARIANT(broken)
{
	int how;
};

LEDGER_FIXTURE(broken)

FIXTURE_VARIANT_ADD(broken, at_once) { .how = DISK_BROKEN, };
FIXTURE_VARIANT_ADD(broken, late) { .how = DISK_BROKEN_LATE, };

/* A disk of SIZE bytes that work, and as many that do not. */
static int half_disk(int how)
{
	const struct disk_part parts[] = {
		{ DISK_GOOD, SIZE },
		{ how, SIZE },
	};

	disk_fill(DISK_BAD, OTHER, 2 * SIZE);
	return bad_disk_open(parts, ARRAY_LEN(parts), O_RDWR | O_DIRECT);
}

TEST_F(broken, error_is_told_in_the_record)
{
	char *memory = map_pages(SIZE);
	int vec, disk;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	vec = memory_vector(memory, SIZE);
	disk = half_disk(variant->how);
	check_eq(SIZE, sv_push_strict(vec, disk, SIZE, SV_ALL, 0, 6));
	check_push_once(vec, 6, -EIO, 0);
	/* what was handed over has left */
	check_span(vec, SIZE, SIZE);
	unmap_pages(memory, SIZE);
}

/* Each span is a write of its own: what was lost is not counted. */
TEST_F(broken, record_counts_what_was_written)
{
	char *memory = map_pages(2 * SIZE);
	int vec = new_vector(), disk;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	disk = half_disk(variant->how);
	pattern_fill(memory, SEED, 0, 2 * SIZE);
	check_eq(SIZE, sv_pull_mem(vec, memory, SIZE, 0));
	check_eq(SIZE, sv_pull_mem(vec, memory + SIZE, SIZE, 0));
	check_eq(2 * SIZE, sv_push_strict(vec, disk, SV_POSITION, SV_ALL, 0, 7));
	check_push_once(vec, 7, -EIO, SIZE);
	check_disk(0, SEED, 0, SIZE);
	unmap_pages(memory, 2 * SIZE);
}

LEDGER_FIXTURE(disk)

/*
 * The last page of a push goes through the page cache, where the blocks before it in
 * that page must not be what they were before.
 */
TEST_F(disk, tail_does_not_undo_what_is_still_on_its_way)
{
	static const struct disk_part part = { DISK_LATE_WRITES, SIZE };
	size_t len = 3 * PAGE + 1024 + 100;
	char *memory = map_pages(SIZE);
	int vec, disk;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	disk_fill(DISK_BAD, OTHER, SIZE);
	disk = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
	vec = memory_vector(memory, len);
	check_eq(3 * PAGE + 1024, sv_push_strict(vec, disk, SV_POSITION,
						 3 * PAGE + 1024, 0, 1));
	check_eq(100, sv_push_strict(vec, disk, SV_POSITION, SV_ALL, 0, 2));
	check_push_record(vec, 1, 0, 3 * PAGE + 1024);
	check_push_record(vec, 2, 0, 100);
	check_disk(0, SEED, 0, len);
	check_disk(len, OTHER, len, SIZE - len);
	unmap_pages(memory, SIZE);
}

TEST_F(disk, what_the_disk_has_no_room_for_stays_in_the_vector)
{
	static const struct disk_part part = { DISK_GOOD, SIZE };
	char *memory = map_pages(2 * SIZE);
	int vec, disk;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	vec = memory_vector(memory, 2 * SIZE);
	disk = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
	check_eq(SIZE, sv_push_strict(vec, disk, 0, SV_ALL, 0, 8));
	check_push_once(vec, 8, 0, SIZE);
	check_span(vec, SIZE, 2 * SIZE);
	check_errno(ENOSPC, sv_push_strict(vec, disk, SIZE, SV_ALL, 0, 9));
	check_no_record(vec);
	check_disk(0, SEED, 0, SIZE);
	read_pattern(vec, SEED, SIZE, SIZE);
	unmap_pages(memory, 2 * SIZE);
}

TEST_HARNESS_MAIN
