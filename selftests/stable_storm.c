// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of files that hostile writers write, store to, truncate and punch are pushed to
 * connections and disks that look at them late, or twice: each arrives as it was handed
 * over, none is torn. Of pushes that VERIFY those that did not are told by their
 * records. Pushes that do neither are found out.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "pins.h"
#include "shores.h"
#include "stampede.h"
#include "volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 3600

/* Of a file: far more than are under way, as none is pinned again soon. */
#define PAGES	1024
/* Pushes, if STORM does not say how many; one has FERRY_LOAD / 2 pages. */
#define PUSHES	120
/* And until what a run is about has been seen, at the most. */
#define PUSHES_AT_MOST	20000

static unsigned int how_many(void)
{
	const char *wanted = getenv("STORM");
	unsigned int pushes = PUSHES / slower();

	if (wanted)
		pushes = atoi(wanted);
	return pushes < FERRY_BOATS ? FERRY_BOATS : pushes;
}

FIXTURE(storm)
{
	struct ledger before;
	struct stamped file;
	struct stampede stampede;
};

FIXTURE_VARIANT(storm)
{
	enum place place;
	const struct shore *shore;
};

FIXTURE_SETUP(storm)
{
	const char *missing = stamped_missing(variant->place);

	if (!missing && variant->place != ANYWHERE)
		missing = volume_missing(variant->place);
	missing = missing ?: variant->shore->missing();
	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	if (!pins_missing())
		pins_allow(PINS_LONGEST, PINS_PLENTY);
	stamped_make(&self->file, variant->place, PAGES);
	stampede_begin(&self->stampede, &self->file);
}

/* What is in the file is what was written to it, also on the disk. */
FIXTURE_TEARDOWN(storm)
{
	struct stamped *file = &self->file;

	stamped_check(file);
	if (variant->place != ANYWHERE) {
		stamped_close(file);
		volume_check(variant->place);
		stamped_open(file);
		stamped_check(file);
	}
	stamped_remove(file);
	if (!pins_missing())
		pins_as_before();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define STORM(id, where, to)						\
	FIXTURE_VARIANT_ADD(storm, id) { .place = where, .shore = &(to), }
STORM(ext4_lo, EXT4, shore_loopback);
STORM(ext4_nic4, EXT4, shore_nic4);
STORM(ext4_ktls, EXT4, shore_ktls);
STORM(ext4_disk, EXT4, shore_disk);
STORM(ext4_direct, EXT4, shore_xfs);
STORM(ext4_mirror, EXT4, shore_mirror);
STORM(ext4_again, EXT4, shore_again);
STORM(xfs_nic4, XFS, shore_nic4);
STORM(xfs_nic6, XFS, shore_nic6);
STORM(xfs_ktls, XFS, shore_ktls);
STORM(xfs_disk, XFS, shore_disk);
STORM(xfs_direct, XFS, shore_ext4);
STORM(xfs_mirror, XFS, shore_mirror);
STORM(xfs_again, XFS, shore_again);
STORM(disk_nic4, ANYWHERE, shore_nic4);
STORM(disk_ktls, ANYWHERE, shore_ktls);
STORM(disk_disk, ANYWHERE, shore_disk);
STORM(disk_mirror, ANYWHERE, shore_mirror);

/* By who copies, or is done before a writer gets his turn. */
static bool is_looked_at_at_once(const struct shore *shore)
{
	return shore->copies || shore == &shore_loopback || shore == &shore_xfs ||
	       shore == &shore_ext4;
}

/* What this run is about has not been seen yet. */
static bool is_too_little(const struct ferry *ferry)
{
	if (ferry->shore == &shore_again && !bytes_seen_again())
		return true;
	return ferry->flags & SPLICEVEC_VERIFY && !ferry->doubted &&
	       !is_looked_at_at_once(ferry->shore);
}

/* Also more than was asked for, until there was something to be seen. */
static void push_all(struct ferry *ferry)
{
	unsigned int pushes = how_many(), i;

	for (i = 0; !failures(); i++) {
		if (i >= pushes && (i >= PUSHES_AT_MOST || !is_too_little(ferry)))
			break;
		ferry_push(ferry);
	}
}

/* Devices have one superblock, and source and sink on one are copied. */
static bool is_within_one(const struct ferry *ferry)
{
	return ferry->file->place == ANYWHERE && !ferry->shore->read;
}

/* Anything of it that was seen otherwise is told by a record. */
static void check_seen(const struct ferry *ferry)
{
	if (ferry->shore != &shore_again)
		return;
	check(bytes_seen_again(), "nothing was sent again");
	check(ferry->doubted || !bytes_seen_otherwise(), "%lu bytes were seen otherwise",
	      bytes_seen_otherwise());
	printf("# %lu bytes were looked at again\n", bytes_seen_again());
}

TEST_F(storm, no_page_is_torn)
{
	struct ferry ferry;
	unsigned long deeds;

	ferry_begin(&ferry, variant->shore, &self->file, SPLICEVEC_STABLE);
	push_all(&ferry);
	ferry_end(&ferry);
	deeds = stampede_end(&self->stampede);
	check_eq(0, ferry.torn);
	check_eq(0, ferry.wrong);
	check_seen(&ferry);
	check(!ferry.foretold || ferry.pinned || is_within_one(&ferry),
	      "nothing was pinned");
	TH_LOG("%s to %s: %lu pages, %lu of %lu pinned", self->file.name,
	       ferry.shore->name, ferry.pages, ferry.pinned, ferry.foretold);
	TH_LOG("%lu pages were UNSTABLE, %lu of these wrong; %lu deeds",
	       ferry.doubted, ferry.spoilt, deeds);
}

/* Nobody is kept from anything, but no page is another one unsaid. */
TEST_F(storm, what_was_not_handed_over_has_changed)
{
	struct ferry ferry;

	ferry_begin(&ferry, variant->shore, &self->file, SPLICEVEC_VERIFY);
	push_all(&ferry);
	ferry_end(&ferry);
	stampede_end(&self->stampede);
	check_eq(0, ferry.torn);
	check_eq(0, ferry.wrong);
	check(ferry.doubted || is_looked_at_at_once(variant->shore),
	      "nothing has CHANGED in %lu pages", ferry.pages);
	check(!ferry.doubted || !variant->shore->copies,
	      "%lu pages have CHANGED that were copied", ferry.doubted);
	TH_LOG("%s to %s: %lu pages, %lu CHANGED, %lu of these wrong", self->file.name,
	       ferry.shore->name, ferry.pages, ferry.doubted, ferry.spoilt);
}

static bool is_found_out(const struct ferry *ferry)
{
	if (ferry->shore == &shore_again)
		return bytes_seen_otherwise();
	return ferry->torn;
}

/* Otherwise the test above would say nothing. */
TEST_F(storm, without_the_flag_pages_are_torn)
{
	struct ferry ferry;
	unsigned int i;

	if (is_looked_at_at_once(variant->shore)) {
		stampede_end(&self->stampede);
		SKIP(return, "it is looked at too soon");
	}
	ferry_begin(&ferry, variant->shore, &self->file, 0);
	for (i = 0; i < PUSHES_AT_MOST && !is_found_out(&ferry) && !failures(); i++)
		ferry_push(&ferry);
	ferry_end(&ferry);
	stampede_end(&self->stampede);
	check(is_found_out(&ferry), "nothing was torn in %lu pages", ferry.pages);
	TH_LOG("%s to %s: %lu pages, %lu changed, %lu of them torn", self->file.name,
	       ferry.shore->name, ferry.pages, ferry.wrong, ferry.torn);
}

TEST_HARNESS_MAIN
