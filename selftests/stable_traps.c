// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever meets a page that a push has pinned ends when the pin does, which is at the
 * deadline if the peer is silent: writers, syncs, journal commits, truncation, reclaim,
 * migration, unmounting. Nothing is corrupted by it, nothing waits for itself.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "held_fixture.h"
#include "netem.h"
#include "pins.h"
#include "stamps.h"
#include "volumes.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <splicevec.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The C library has no names for them. */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

FIXTURE_VARIANT_ADD(held, ext4_nodioread_nolock) {
	.place = EXT4, .options = "nodioread_nolock",
};

/* Somebody else's file on the same disk, with something to be written. */
static int dirty_file(const struct held *held)
{
	int fd = new_file(held->file.place, O_RDWR);
	char *buf = map_pages(PAGE);

	write_all(fd, buf, PAGE);
	unmap_pages(buf, PAGE);
	return fd;
}

static int the_root(const struct held *held)
{
	return must(open(place_dir(held->file.place), O_RDONLY | O_DIRECTORY |
						      O_CLOEXEC));
}

/* From here on nobody has to be told of what is done to which page: it stays as it is. */
static void sync_the_file(struct held *held, unsigned int page)
{
	(void)page;
	must(fsync(held->file.file));
}

static void sync_a_range(struct held *held, unsigned int page)
{
	must(sync_file_range(held->file.file, page * PAGE, PAGE,
			     SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			     SYNC_FILE_RANGE_WAIT_AFTER));
}

static void sync_another_file(struct held *held, unsigned int page)
{
	int fd = dirty_file(held);

	(void)page;
	must(fsync(fd));
	close(fd);
}

static void sync_the_filesystem(struct held *held, unsigned int page)
{
	(void)page;
	must(syncfs(held->file.file));
}

static void sync_everything(struct held *held, unsigned int page)
{
	(void)held;
	(void)page;
	sync();
}

static void freeze_and_thaw(struct held *held, unsigned int page)
{
	int root = the_root(held);

	(void)page;
	must(ioctl(root, FIFREEZE, 0));
	must(ioctl(root, FITHAW, 0));
	close(root);
}

static void drop_caches(struct held *held, unsigned int page)
{
	(void)held;
	(void)page;
	put_file("/proc/sys/vm/drop_caches", "3");
}

static void compact_memory(struct held *held, unsigned int page)
{
	(void)held;
	(void)page;
	put_file("/proc/sys/vm/compact_memory", "1");
}

/* The page is to be moved elsewhere. With references on it that cannot be. */
static void migrate(struct held *held, unsigned int page)
{
	madvise(held_page(held, page), PAGE, MADV_SOFT_OFFLINE);
}

/* One large folio is to be made of them. Not each kernel can with what is writable. */
static void collapse(struct held *held, unsigned int page)
{
	char *map = held->file.map;

	(void)page;
	must(madvise(map, HELD_PAGES * PAGE, MADV_HUGEPAGE));
	madvise(map, HELD_PAGES * PAGE, MADV_COLLAPSE);
	must(madvise(map, HELD_PAGES * PAGE, MADV_NOHUGEPAGE));
}

static void page_out(struct held *held, unsigned int page)
{
	madvise(held_page(held, page), PAGE, MADV_PAGEOUT);
	must(posix_fadvise(held->file.file, page * PAGE, PAGE, POSIX_FADV_DONTNEED));
}

static void read_directly(struct held *held, unsigned int page)
{
	char *buf = map_pages(PAGE);

	check_eq(PAGE, pread(held->file.direct, buf, PAGE, page * PAGE));
	unmap_pages(buf, PAGE);
}

static void clone_it(struct held *held, unsigned int page)
{
	int fd = new_file(held->file.place, O_RDWR);

	(void)page;
	/* not each filesystem can */
	ioctl(fd, FICLONE, held->file.file);
	close(fd);
}

static void allocate_more(struct held *held, unsigned int page)
{
	must(fallocate(held->file.file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
		       (page + HELD_APART / 2) * PAGE, PAGE));
	held->file.page[page + HELD_APART / 2].generation = 0;
}

/* Whoever did it is dead meanwhile; the rest is as before. */
static bool be_killed(void *arg)
{
	struct held *held = arg;

	*(volatile char *)held_page(held, 0);
	return true;
}

static void exit_with_a_mapping(struct held *held, unsigned int page)
{
	(void)page;
	check(in_child(be_killed, held), "the child failed");
}

static void close_the_vector(struct held *held, unsigned int page)
{
	close(held->vec);
	held->vec = new_vector();
	stamped_write(&held->file, page, 1);
}

/* Nothing of this is known to change what the file has. */
static const struct {
	const char *name;
	void (*commit)(struct held *held, unsigned int page);
} deeds[] = {
	{ "fsync", sync_the_file },
	{ "sync_file_range", sync_a_range },
	{ "fsync of another file", sync_another_file },
	{ "syncfs", sync_the_filesystem },
	{ "sync", sync_everything },
	{ "freeze", freeze_and_thaw },
	{ "drop_caches", drop_caches },
	{ "compact_memory", compact_memory },
	{ "migration", migrate },
	{ "reclaim", page_out },
	{ "direct read", read_directly },
	{ "clone", clone_it },
	{ "zero range", allocate_more },
	{ "exit of a process", exit_with_a_mapping },
	{ "close of the vector, and write", close_the_vector },
	/* what has become one folio is not to be pinned again for long */
	{ "collapse", collapse },
};

TEST_F(held, what_meets_a_pinned_page_ends_by_the_deadline)
{
	struct held *held = &self->held;
	unsigned int page;
	size_t i;

	for (i = 0; i < ARRAY_LEN(deeds) && !failures(); i++) {
		context("%s", deeds[i].name);
		page = held_pin(held, 1);
		deeds[i].commit(held, page);
		held_check_time(held, deeds[i].name);
	}
}

/* The same with pages that are dirty when they are pinned. */
TEST_F(held, what_meets_a_dirty_pinned_page_ends_by_the_deadline)
{
	struct held *held = &self->held;
	unsigned int page;
	size_t i;

	for (i = 0; i < ARRAY_LEN(deeds) && !failures(); i++) {
		context("%s", deeds[i].name);
		stamped_write(&held->file, held->next, 1);
		page = held_pin(held, 1);
		deeds[i].commit(held, page);
		held_check_time(held, deeds[i].name);
	}
}

TEST_F(held, writers_of_a_pinned_page_wait_and_do_what_they_came_for)
{
	struct held *held = &self->held;
	unsigned int i, nr = 4, page;

	for (i = 0; i < nr_hostilities && !failures(); i++) {
		const struct hostility *how = &hostilities[i];

		context("%s", how->name);
		if (how->cuts) {
			held->next = HELD_PAGES - HELD_APART;
			nr = HELD_APART;
		}
		page = held_pin(held, how->cuts ? 4 : nr);
		how->commit(&held->file, page, nr);
		held_check_time(held, how->name);
	}
}

/* Those who only read do not wait. */
TEST_F(held, readers_do_not_wait)
{
	struct held *held = &self->held;
	unsigned int page, tries;
	char buf[PAGE];
	bool still = false;

	for (tries = 0; tries < 3 && !still; tries++) {
		page = held_pin(held, 1);
		check_eq(PAGE, pread(held->file.file, buf, PAGE, page * PAGE));
		check(!memcmp(buf, held_page(held, page), PAGE), "another page");
		still = page_is_writeback(held_page(held, page));
	}
	check(still, "they have waited");
}

/* So many times as long is pinned what a thread of its own is to find pinned. */
#define LONGER	4

static void write_it(void *arg)
{
	struct held *held = arg;

	stamped_write(&held->file, held->next - HELD_APART, 1);
}

/* ext4 waits for the page with a part of the transaction in its hands. */
TEST_F(held, journal_commits_though_a_writer_waits_within_it)
{
	struct held *held = &self->held;
	struct worker writer;

	held->msec *= LONGER;
	held_pin(held, 1);
	worker_start(&writer, write_it, held);
	worker_await_sleep(&writer);
	sync_another_file(held, 0);
	held_check_time(held, "fsync of another file");
	worker_finish(&writer);
	held_check_time(held, "write");
}

static void cut_it(void *arg)
{
	struct held *held = arg;

	must(ftruncate(held->file.file, (held->next - HELD_APART) * PAGE + 100));
}

/* In ordered mode the commit has the rest of a page that was cut written first. */
TEST_F(held, journal_commits_after_a_cut_within_the_page)
{
	struct stamped *file = &self->held.file;
	struct held *held = &self->held;
	unsigned int page, i;
	struct worker cutter;

	held->next = HELD_PAGES - 4 * HELD_APART;
	held->msec *= LONGER;
	page = held_pin(held, 1);
	worker_start(&cutter, cut_it, held);
	worker_await_sleep(&cutter);
	sync_another_file(held, 0);
	held_check_time(held, "fsync of another file");
	worker_finish(&cutter);
	held_check_time(held, "truncate");
	must(fsync(file->file));
	held_check_time(held, "fsync");
	must(ftruncate(file->file, HELD_PAGES * PAGE));
	stamped_write(file, page, 1);
	for (i = page + 1; i < HELD_PAGES; i++)
		file->page[i].generation = 0;
}

/* It has no inode's bdi_writeback then, and no time of access makes it one. */
TEST_F(held, inode_that_was_never_dirty_is_pinned)
{
	struct held *held = &self->held;
	unsigned int page;

	stamped_close(&held->file);
	volume_unmount(variant->place);
	must_sv(volume_mount(variant->place, variant->options));
	stamped_open(&held->file);
	page = held_pin(held, 1);
	stamped_write(&held->file, page, 1);
	held_check_time(held, "write");
}

/* A pin is no reason to be busy, only to wait. */
TEST_F(held, unmounting_waits_for_the_deadline)
{
	struct held *held = &self->held;

	stamped_write(&held->file, 1, 4);
	held_pin(held, 1);
	stamped_close(&held->file);
	volume_unmount(variant->place);
	held_check_time(held, "umount");
	must_sv(volume_mount(variant->place, variant->options));
	stamped_open(&held->file);
}

TEST_F(held, last_close_of_an_unlinked_file_waits_for_the_deadline)
{
	struct held *held = &self->held;
	char *buf = map_pages(PAGE);
	size_t pinned = 0, i;
	int fd;

	/* somebody else may have the folio at that moment, but not always */
	for (i = 0; i < 4 && !pinned; i++) {
		fd = new_file(variant->place, O_RDWR);
		write_all(fd, buf, PAGE);
		/* what has no block yet may come to lie in the inode, and is copied */
		must(fsync(fd));
		check_eq(PAGE, sv_pull(held->vec, fd, 0, PAGE, 0));
		held->since = msec_now();
		pinned = push_pinning(held->vec, held->fds[0], SV_POSITION, PAGE,
				      held->msec, 0).pinned;
		close(fd);
	}
	check_eq(PAGE, pinned);
	held_check_time(held, "close");
	unmap_pages(buf, PAGE);
}

/* To write to what one has just pushed oneself is to wait for one's own deadline. */
TEST_F(held, thread_that_writes_what_it_just_pushed_is_told)
{
	struct splicevec_completion record = {};
	struct held *held = &self->held;
	unsigned int page = held_pin(held, 2);

	stamped_write(&held->file, page, 2);
	held_check_time(held, "write");
	netem_clear();
	do {
		check_eq(1, sv_reap(held->vec, &record, 1, 1, -1));
	} while (record.user_data != page && !failures());
	check_eq(SPLICEVEC_UNSTABLE, record.flags);
	check_eq(0, record.status);
	/* for held_end() */
	netem_set(0, 0);
}

/* What is written at once, and not in the cache yet, is one folio, where there are any. */
static void write_large(struct held *held)
{
	const size_t all = HELD_PAGES * PAGE, step = HELD_APART / 2 * PAGE;
	char *buf = map_pages(all);
	size_t done;

	check_eq(all, pread(held->file.file, buf, all, 0));
	stamped_close(&held->file);
	put_file("/proc/sys/vm/drop_caches", "3");
	stamped_open(&held->file);
	for (done = 0; done < all; done += step)
		check_eq(step, pwrite(held->file.file, buf + done, step, done));
	must(fsync(held->file.file));
	unmap_pages(buf, all);
}

/* A large folio is pinned as it is: all of it. */
TEST_F(held, neighbours_within_a_large_folio_wait_too)
{
	struct held *held = &self->held;
	unsigned int page = 0;

	write_large(held);
	while (page < HELD_PAGES / 2 && !page_is_large(held_page(held, page + 1)))
		page += HELD_APART;
	if (page >= HELD_PAGES / 2)
		SKIP(return, "there are no large folios");
	held->next = page;
	page = held_pin(held, 1);
	if (!page_is_large(held_page(held, page)))
		SKIP(return, "another page was pinned, as we were too slow");
	/* who does not wait is done before the pin is over */
	stamped_write(&held->file, page + 1, 1);
	check(!page_is_writeback(held_page(held, page)), "the neighbour did not wait");
	held_check_time(held, "write");
}

TEST_HARNESS_MAIN
