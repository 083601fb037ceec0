// SPDX-License-Identifier: GPL-2.0-only
/*
 * What cannot be pinned, or not safely, is copied by a stable push, and the result says
 * so. And when pins are over, files are written as if there had never been any.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "disks.h"
#include "held_fixture.h"
#include "netem.h"
#include "pins.h"
#include "places_file.h"
#include "records.h"
#include "vectors.h"
#include "volumes.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <splicevec.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE	(4 * PAGE)
/* Bytes that an inode has room for. */
#define SMALL	50
#define TAG	23

/* Of this file nothing is pinned by a push to the stalled peer. */
static void check_copied(struct held *held, int fd, const char *what)
{
	int vec = new_vector();

	context("%s", what);
	check_eq(SIZE, sv_pull(vec, fd, 0, SIZE, 0));
	check_eq(0, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	close(vec);
}

TEST_F(held, files_without_a_disk_are_copied)
{
	struct held *held = &self->held;
	int fd = pattern_file(TMPFS, 1, SIZE);

	check_copied(held, fd, "tmpfs");
	close(fd);
	fd = must(memfd_create("selftest", MFD_CLOEXEC));
	must(ftruncate(fd, SIZE));
	check_copied(held, fd, "memfd");
	close(fd);
}

/* A device may be writing to it. */
TEST_F(held, page_that_is_lent_for_long_is_copied)
{
	struct held *held = &self->held;
	struct splicevec_span span = {};
	int lent = new_vector(), vec = new_vector();

	/* not every kernel lends pages of a file */
	if (sv_pull_mem(lent, held_page(held, 0), SIZE, 0) < 0 ||
	    sv_spans(lent, 0, &span, 1) < 1 || span.kind != SPLICEVEC_PINNED)
		SKIP(return, "memory of a file is not pinned here");
	check_eq(SIZE, sv_pull(vec, held->file.file, 0, SIZE, 0));
	check_eq(0, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	check(!page_is_writeback(held_page(held, 0)), "a page is pinned");
	/* it is the lending that counts, not the file */
	close(lent);
	check_eq(SIZE, sv_pull(vec, held->file.file, HELD_APART * PAGE, SIZE, 0));
	check_eq(SIZE, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, held->msec,
				    TAG).pinned);
	close(vec);
}

/* Push to it, wait for the end. Return: how many bytes were pinned. */
static size_t push_to(struct held *held, int fd, int64_t offset)
{
	size_t pinned;

	check_eq(SIZE, sv_pull(held->vec, held->file.file, 0, SIZE, 0));
	held->since = msec_now();
	pinned = push_pinning(held->vec, fd, offset, SIZE, held->msec, TAG).pinned;
	check_eq(0, flags_told(held->vec, TAG, SIZE) & ~SPLICEVEC_UNSTABLE);
	return pinned;
}

/* Now and then somebody else has a folio at that moment, and it is copied. */
static void check_pinned_to(struct held *held, int fd)
{
	unsigned int tries;
	size_t pinned = 0;

	for (tries = 0; tries < 8 && pinned < SIZE; tries++) {
		usleep(10000 * tries);
		pinned = push_to(held, fd, 0);
	}
	check_eq(SIZE, pinned);
}

static void check_written(struct held *held, int fd)
{
	char *buf = map_pages(SIZE);

	check_eq(SIZE, pread(fd, buf, SIZE, 0));
	check(!memcmp(buf, held_page(held, 0), SIZE), "other bytes have arrived");
	unmap_pages(buf, SIZE);
}

/* To write it may take what waits for the page. */
TEST_F(held, filesystem_that_pushes_to_itself_copies)
{
	struct held *held = &self->held;
	int fd = new_file(variant->place, O_RDWR | O_DIRECT);

	context("another file");
	check_eq(0, push_to(held, fd, 0));
	check_written(held, fd);
	context("itself");
	check_eq(0, push_to(held, held->file.direct, 0));
	close(fd);
	context("another filesystem");
	fd = new_file(variant->place == EXT4 ? XFS : EXT4, O_RDWR | O_DIRECT);
	check_pinned_to(held, fd);
	check_written(held, fd);
	close(fd);
}

static const char *loop_missing(void)
{
	return access("/dev/loop-control", R_OK | W_OK) ? "no loop devices" : NULL;
}

/* A block device whose blocks are those of a file. */
static int loop_open(int file)
{
	int control = must(open("/dev/loop-control", O_RDWR | O_CLOEXEC)), fd;
	char path[32];

	snprintf(path, sizeof(path), "/dev/loop%ld",
		 must(ioctl(control, LOOP_CTL_GET_FREE)));
	close(control);
	fd = must(open(path, O_RDWR | O_DIRECT | O_CLOEXEC));
	must(ioctl(fd, LOOP_SET_FD, file));
	return fd;
}

static void loop_close(int fd)
{
	must(fsync(fd));
	must(ioctl(fd, LOOP_CLR_FD, 0));
	close(fd);
}

/* Pinned or not: it ends, and what should arrive does. */
TEST_F(held, loop_device_on_the_same_disk_ends)
{
	struct held *held = &self->held;
	int file, fd;

	NEEDS(loop_missing());
	file = new_file(variant->place, O_RDWR);
	must(ftruncate(file, MIB(1)));
	fd = loop_open(file);
	TH_LOG("%zu bytes pinned", push_to(held, fd, 0));
	held_check_time(held, "a push to a loop device");
	loop_close(fd);
	check_written(held, file);
	close(file);
}

/* The device waits for the page, and the page for the device. */
TEST_F(held, loop_device_on_the_pinned_file_ends)
{
	struct held *held = &self->held;
	int fd;

	NEEDS(loop_missing());
	fd = loop_open(held->file.file);
	TH_LOG("%zu bytes pinned", push_to(held, fd, 0));
	held_check_time(held, "a push to a loop device");
	loop_close(fd);
	check_written(held, held->file.file);
}

FIXTURE(disk)
{
	struct ledger before;
};

FIXTURE_SETUP(disk)
{
	const char *missing = pins_missing() ?: stall_missing();

	missing = missing ?: bad_disk_missing();
	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	pins_allow(PINS_LONGEST, PINS_PLENTY);
}

FIXTURE_TEARDOWN(disk)
{
	pins_as_before();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

/* A disk that takes its time, and all of its cache. */
struct slow {
	int fd;
	char *map;
};

#define SLOW_SIZE	MIB(1)
#define SLOW_PAGE(n)	((n) * HELD_APART * PAGE)

static void slow_open(struct slow *slow)
{
	static const struct disk_part part = { DISK_LATE_WRITES, SLOW_SIZE };

	slow->fd = bad_disk_open(&part, 1, O_RDWR);
	slow->map = mmap(NULL, SLOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 slow->fd, 0);
	if (slow->map == MAP_FAILED)
		die("mmap of a disk: %s", errno_name(errno));
}

static void slow_close(struct slow *slow)
{
	must(munmap(slow->map, SLOW_SIZE));
	must(fsync(slow->fd));
	close(slow->fd);
}

/*
 * Does who writes to a page wait until it is on the disk? It does not matter how slow
 * we are as long as the disk is slower, and we try more than once.
 */
static bool writer_waits(struct slow *slow, unsigned int page)
{
	char *at = slow->map + SLOW_PAGE(page);
	unsigned int tries;
	char byte = 1;

	for (tries = 0; tries < 3; tries++) {
		check_eq(1, pwrite(slow->fd, &byte, 1, SLOW_PAGE(page)));
		must(sync_file_range(slow->fd, SLOW_PAGE(page), PAGE,
				     SYNC_FILE_RANGE_WRITE));
		check_eq(1, pwrite(slow->fd, &byte, 1, SLOW_PAGE(page)));
		if (page_is_writeback(at))
			return false;
	}
	return true;
}

static bool storer_waits(struct slow *slow, unsigned int page)
{
	volatile char *at = slow->map + SLOW_PAGE(page);
	unsigned int tries;

	for (tries = 0; tries < 3; tries++) {
		*at = 2;
		must(sync_file_range(slow->fd, SLOW_PAGE(page), PAGE,
				     SYNC_FILE_RANGE_WRITE));
		*at = 3;
		if (page_is_writeback((char *)at))
			return false;
	}
	return true;
}

static void pin_slow(struct slow *slow, int vec, int fd, unsigned int page,
		     unsigned int msec)
{
	check_eq(PAGE, sv_pull(vec, slow->fd, SLOW_PAGE(page), PAGE, 0));
	check_eq(PAGE, push_pinning(vec, fd, SV_POSITION, PAGE, msec, page).pinned);
}

/* AS_STABLE_WRITES is there as long as a pin is, and not a moment longer. */
TEST_F(disk, writers_wait_for_the_disk_only_while_something_is_pinned)
{
	int fds[2], vec = new_vector();
	struct slow slow;

	slow_open(&slow);
	check(!writer_waits(&slow, 1), "a writer waits before there are pins");
	check(!storer_waits(&slow, 2), "a store waits before there are pins");
	must(fsync(slow.fd));
	stalled_pair(fds);
	pin_slow(&slow, vec, fds[0], 3, PINS_LONGEST);
	/* the end of another one does not count */
	pin_slow(&slow, vec, fds[0], 4, 20);
	await_no_writeback(slow.map + SLOW_PAGE(4));
	check(writer_waits(&slow, 5), "a writer does not wait");
	netem_clear();
	check_eq(1, sv_reap(vec, &(struct splicevec_completion){}, 1, 1, FOREVER));
	check_eq(1, sv_reap(vec, &(struct splicevec_completion){}, 1, 1, FOREVER));
	check(!writer_waits(&slow, 6), "a writer still waits");
	check(!storer_waits(&slow, 7), "a store still waits");
	close(fds[0]);
	close(fds[1]);
	close(vec);
	slow_close(&slow);
}

/* A filesystem lives on the disk whose cache is to be pinned. */
TEST_F(disk, disk_below_the_sink_is_copied)
{
	int disk, file, vec = new_vector();

	NEEDS(volume_missing(EXT4));
	disk = open("/dev/vda", O_RDWR | O_CLOEXEC);
	if (disk < 0)
		SKIP(return, "a disk in use cannot be opened: %s", errno_name(errno));
	file = new_file(EXT4, O_RDWR | O_DIRECT);
	check_eq(SIZE, sv_pull(vec, disk, 0, SIZE, 0));
	check_eq(0, push_pinning(vec, file, 0, SIZE, 0, TAG).pinned);
	check_eq(0, flags_told(vec, TAG, SIZE));
	close(disk);
	close(file);
	close(vec);
}

/* Its data goes through the journal, which has its own idea of writeback. */
TEST_F(disk, files_whose_data_is_in_the_journal_are_copied)
{
	int fds[2], vec = new_vector(), file;

	NEEDS(volume_missing(EXT4));
	volume_unmount(EXT4);
	must_sv(volume_mount(EXT4, "data=journal"));
	file = pattern_file(EXT4, 1, SIZE);
	stalled_pair(fds);
	check_eq(SIZE, sv_pull(vec, file, 0, SIZE, 0));
	check_eq(0, push_pinning(vec, fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	netem_clear();
	close(file);
	close(fds[0]);
	close(fds[1]);
	close(vec);
	volume_check(EXT4);
}

/* It has no block that a disk could read, before it grows. */
TEST_F(disk, file_inside_its_inode_is_copied)
{
	int fds[2], vec = new_vector(), file;
	char rest[SIZE] = {};
	struct stat st;

	NEEDS(place_missing(INLINE));
	file = pattern_file(INLINE, 1, SMALL);
	must(fsync(file));
	must(fstat(file, &st));
	check((size_t)st.st_blocks < PAGE / 512, "it has a block");
	stalled_pair(fds);
	check_eq(SMALL, sv_pull(vec, file, 0, SV_ALL, 0));
	check_eq(0, push_pinning(vec, fds[0], SV_POSITION, SMALL, 0, TAG).pinned);
	check_eq(sizeof(rest), write(file, rest, sizeof(rest)));
	check_eq(SIZE, sv_pull(vec, file, 0, SIZE, 0));
	check_eq(SIZE, push_pinning(vec, fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	netem_clear();
	close(file);
	close(fds[0]);
	close(fds[1]);
	close(vec);
}

TEST_HARNESS_MAIN
