// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a pin keeps writers waiting, and who syncs or freezes: until the sink has let
 * go, and where that does not happen until the deadline. The figures are printed;
 * Documentation/stable.rst has them.
 */
#include "kselftest_harness.h"

#include "common.h"
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

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* The module's own default, in milliseconds. */
#define DEADLINE	100
/* Times each is measured, if STORM does not say how many, and at the most. */
#define SAMPLES		20
#define SAMPLES_AT_MOST	100
/* Pages apart, so that no folio has two of them. None is taken twice. */
#define APART		16
/* Sorts of things that are measured. */
#define DEEDS		7
/* Milliseconds that waking up may take in the middle, and at the worst. */
#define WAKING		90
#define WAKING_AT_WORST	10000
/* What the NICs do to packets where the peer answers. */
#define LATE		10

static unsigned int how_many(void)
{
	const char *wanted = getenv("STORM");
	int samples = wanted ? atoi(wanted) : 0;

	if (samples > SAMPLES_AT_MOST)
		return SAMPLES_AT_MOST;
	return samples > SAMPLES ? samples : SAMPLES;
}

FIXTURE(stall)
{
	struct ledger before;
	char path[64];
	char other_path[64];
	int file;
	int other;
	char *map;
	size_t len;
	double *msec;
	unsigned int samples;
};

FIXTURE_VARIANT(stall)
{
	enum place place;
	const char *options;
	bool ordered;		/* a commit waits for the data of new blocks */
};

FIXTURE_VARIANT_ADD(stall, ext4) { .place = EXT4, };
FIXTURE_VARIANT_ADD(stall, ext4_nodioread_nolock) {
	.place = EXT4, .options = "nodioread_nolock", .ordered = true,
};
FIXTURE_VARIANT_ADD(stall, xfs) { .place = XFS, };

static int make_file(char *path, size_t room, enum place place, const char *name,
		     size_t len)
{
	char buf[PAGE] = "";
	int file;

	snprintf(path, room, "%s/%s-%d", place_dir(place), name, getpid());
	file = must(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	/* one by one, or they would be large folios */
	for (; len; len -= PAGE)
		write_all(file, buf, PAGE);
	must(fsync(file));
	return file;
}

FIXTURE_SETUP(stall)
{
	const char *missing = pins_missing() ?: stall_missing();

	missing = missing ?: volume_missing(variant->place);
	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	pins_allow(PINS_LONGEST, PINS_PLENTY);
	if (variant->options) {
		volume_unmount(variant->place);
		must_sv(volume_mount(variant->place, variant->options));
	}
	self->samples = how_many();
	self->msec = calloc(self->samples, sizeof(double));
	self->len = DEEDS * self->samples * APART * PAGE;
	self->file = make_file(self->path, sizeof(self->path), variant->place,
			       "stalled", self->len);
	self->other = make_file(self->other_path, sizeof(self->other_path),
				variant->place, "other", PAGE);
	self->map = mmap(NULL, self->len, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->file, 0);
	if (self->map == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	/* from 7.2 on khugepaged would make one folio of much that is mapped, in time */
	must(madvise(self->map, self->len, MADV_NOHUGEPAGE));
}

FIXTURE_TEARDOWN(stall)
{
	must(munmap(self->map, self->len));
	close_all();
	must(unlink(self->path));
	must(unlink(self->other_path));
	volume_check(variant->place);
	pins_as_before();
	free(self->msec);
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

/* Something that a pin of the page may keep waiting. */
struct deed {
	const char *name;
	bool waits;		/* for sure, */
	bool ordered;		/* or where new blocks are written before a commit */
	void (*begin)(int file, int other, char *page, size_t at);
	void (*commit)(int file, int other, char *page, size_t at);
};

static void nothing(int file, int other, char *page, size_t at)
{
	(void)file;
	(void)other;
	(void)page;
	(void)at;
}

static void write_page(int file, int other, char *page, size_t at)
{
	char buf[PAGE];

	(void)other;
	(void)page;
	memset(buf, 1, sizeof(buf));
	check_eq(PAGE, pwrite(file, buf, PAGE, at));
}

static void store(int file, int other, char *page, size_t at)
{
	(void)file;
	(void)other;
	(void)at;
	*(volatile char *)page = 2;
}

static void sync_it(int file, int other, char *page, size_t at)
{
	(void)other;
	(void)page;
	(void)at;
	must(fsync(file));
}

static void sync_all(int file, int other, char *page, size_t at)
{
	(void)file;
	(void)other;
	(void)page;
	(void)at;
	sync();
}

static void freeze(int file, int other, char *page, size_t at)
{
	(void)other;
	(void)page;
	(void)at;
	must(ioctl(file, FIFREEZE, 0));
	must(ioctl(file, FITHAW, 0));
}

static void dirty_other(int file, int other, char *page, size_t at)
{
	char byte = 3;

	(void)file;
	(void)page;
	(void)at;
	check_eq(1, pwrite(other, &byte, 1, 0));
}

/* New blocks of the page are on the disk, but not in a commit yet. */
static void renew_and_dirty_other(int file, int other, char *page, size_t at)
{
	must(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, PAGE));
	write_page(file, other, page, at);
	must(sync_file_range(file, at, PAGE, SYNC_FILE_RANGE_WRITE |
					     SYNC_FILE_RANGE_WAIT_AFTER));
	dirty_other(file, other, page, at);
}

static void sync_other(int file, int other, char *page, size_t at)
{
	(void)file;
	(void)page;
	(void)at;
	must(fsync(other));
}

/* What has to be done besides is done before the page is pinned. */
static const struct deed stalled_deeds[DEEDS] = {
	{ "write", true, false, nothing, write_page },
	{ "store", true, false, nothing, store },
	{ "fsync", true, false, write_page, sync_it },
	{ "sync", true, false, write_page, sync_all },
	{ "freeze", true, false, write_page, freeze },
	{ "fsync of another file", false, false, dirty_other, sync_other },
	{ "fsync of another file, new blocks", false, true,
	  renew_and_dirty_other, sync_other },
};

static int by_length(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Return: was the page pinned? Now and then somebody else has it at that moment. */
static bool pin_it(const FIXTURE_DATA(stall) *self, int vec, int sink, size_t at)
{
	check_eq(PAGE, sv_pull(vec, self->file, at, PAGE, 0));
	return push_pinning(vec, sink, SV_POSITION, PAGE, DEADLINE, 0).pinned == PAGE;
}

/*
 * Each page is pushed and pinned, then the deed is done to it. Each push has a vector
 * of its own, as one that cannot tell of its end holds its pages.
 */
static void measure(FIXTURE_DATA(stall) *self, const struct deed *deed, int sink,
		    bool pin)
{
	unsigned int i, first = (deed - stalled_deeds) * self->samples, tries;

	for (i = 0; i < self->samples && !failures(); i++) {
		size_t at = (first + i) * APART * PAGE;
		int vec = new_vector();

		for (tries = 0; tries < APART; tries++, at += PAGE) {
			deed->begin(self->file, self->other, self->map + at, at);
			if (!pin || pin_it(self, vec, sink, at))
				break;
		}
		check(tries < APART, "nothing can be pinned");
		self->msec[i] = -msec_now();
		deed->commit(self->file, self->other, self->map + at, at);
		self->msec[i] += msec_now();
		close(vec);
	}
	qsort(self->msec, self->samples, sizeof(double), by_length);
}

static double percentile(const FIXTURE_DATA(stall) *self, unsigned int percent)
{
	return self->msec[(self->samples - 1) * percent / 100];
}

#define SHOW(what, deed)						\
	TH_LOG("%s%s%s: %s, %s: p50 %.1f ms, p99 %.1f ms, max %.1f ms",	\
	       place_name(variant->place), variant->options ? " " : "",	\
	       variant->options ?: "", deed, what, percentile(self, 50),\
	       percentile(self, 99), percentile(self, 100))

TEST_F(stall, lasts_as_long_as_the_deadline_where_the_peer_is_silent)
{
	unsigned int i;

	for (i = 0; i < DEEDS; i++) {
		const struct deed *deed = &stalled_deeds[i];
		int fds[2];

		context("%s", deed->name);
		measure(self, deed, -1, false);
		SHOW("nothing pinned", deed->name);
		stalled_pair(fds);
		measure(self, deed, fds[0], true);
		SHOW("silent peer, deadline 100 ms", deed->name);
		check(percentile(self, 50) <= DEADLINE + WAKING * slower(),
		      "p50 is %.1f ms", percentile(self, 50));
		check(percentile(self, 100) <= DEADLINE + WAKING_AT_WORST * slower(),
		      "the longest is %.1f ms", percentile(self, 100));
		if (deed->waits || (deed->ordered && variant->ordered))
			check(percentile(self, 50) >= DEADLINE / 4,
			      "nobody waits: p50 is %.1f ms", percentile(self, 50));
		netem_clear();
		close(fds[0]);
		close(fds[1]);
	}
}

static void read_to_the_end(void *arg)
{
	char buf[KIB(64)];

	while (must(read(*(int *)arg, buf, sizeof(buf))))
		;
}

TEST_F(stall, lasts_as_long_as_the_peer_takes_where_it_answers)
{
	unsigned int i;

	for (i = 0; i < DEEDS; i++) {
		const struct deed *deed = &stalled_deeds[i];
		struct worker reader;
		int fds[2];

		context("%s", deed->name);
		keeping_pair(NIC4, fds);
		worker_start(&reader, read_to_the_end, &fds[1]);
		netem_set(LATE, 0);
		measure(self, deed, fds[0], true);
		SHOW("peer 10 ms away, deadline 100 ms", deed->name);
		check(percentile(self, 100) <= DEADLINE + WAKING_AT_WORST * slower(),
		      "the longest is %.1f ms", percentile(self, 100));
		netem_clear();
		close(fds[0]);
		worker_finish(&reader);
		close(fds[1]);
	}
}

TEST_HARNESS_MAIN
