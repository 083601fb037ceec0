// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins where memory is short: a group of processes at its limit, whose own pages are
 * pinned, goes on reading and writing, and everything arrives where it should.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "held.h"
#include "netem.h"
#include "pins.h"
#include "volumes.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

#define GROUPS	"/tmp/pressure-groups"
#define GROUP	GROUPS "/pressure"
/* What the group may have, and what it reads and writes meanwhile. */
#define LIMIT	"25165824"
#define MUCH	MIB(48)
#define SEED	31
/* Milliseconds until the peer hears of what was pushed. */
#define LATE	20
/* Pushes, and pages of each: as much as several quarters of the limit in all. */
#define PUSHES	40
#define EACH	32

FIXTURE(pressure)
{
	struct ledger before;
	struct held held;
};

FIXTURE_VARIANT(pressure)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(pressure, ext4) { .place = EXT4, };
FIXTURE_VARIANT_ADD(pressure, xfs) { .place = XFS, };

static const char *groups_missing(void)
{
	static char reason[80];
	char line[256] = "";
	FILE *file;

	mkdir(GROUPS, 0755);
	if (mount("pressure", GROUPS, "cgroup2", 0, NULL)) {
		snprintf(reason, sizeof(reason), "no control groups: %s",
			 errno_name(errno));
		return reason;
	}
	file = fopen(GROUPS "/cgroup.controllers", "re");
	if (!file || !fgets(line, sizeof(line), file) || !strstr(line, "memory"))
		snprintf(reason, sizeof(reason), "no memory control groups");
	if (file)
		fclose(file);
	if (reason[0])
		umount(GROUPS);
	return reason[0] ? reason : NULL;
}

FIXTURE_SETUP(pressure)
{
	const char *missing = held_missing(variant->place) ?: groups_missing();

	if (missing)
		SKIP(return, "%s", missing);
	put_file(GROUPS "/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0755);
	put_file(GROUP "/memory.max", LIMIT);
	ledger_read(&self->before);
	held_begin(&self->held, variant->place, NULL);
	put_file("/proc/sys/vm/drop_caches", "3");
}

FIXTURE_TEARDOWN(pressure)
{
	held_end(&self->held);
	while (rmdir(GROUP) && errno == EBUSY)
		usleep(1000);
	must(umount(GROUPS));
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static void join_group(void)
{
	char self[16];

	snprintf(self, sizeof(self), "%d", getpid());
	put_file(GROUP "/cgroup.procs", self);
}

/* Push, write what was pushed or something else, and so on: nothing of it may fail. */
static bool work_at_the_limit(void *arg)
{
	struct held *held = arg;
	size_t pinned = 0, step = MUCH / PUSHES / PAGE * PAGE;
	int file = new_file(held->file.place, O_RDWR);
	char *buf = map_pages(step);
	unsigned int i;

	join_group();
	for (i = 0; i < PUSHES && !failures(); i++) {
		unsigned int page = i * HELD_APART;
		int vec = new_vector();

		check_eq(EACH * PAGE, sv_pull(vec, held->file.file, page * PAGE,
					      EACH * PAGE, 0));
		pinned += push_pinning(vec, held->fds[0], SV_POSITION, EACH * PAGE,
				       50, i).pinned;
		close(vec);
		pattern_fill(buf, SEED, i * step, step);
		write_all(file, buf, step);
		if (i % 4 == 0)
			stamped_write(&held->file, page, EACH);
	}
	check(pinned, "nothing was pinned");
	check_eq(-1, file_check(file, 0, SEED, 0, PUSHES * step));
	printf("# %zu pages were pinned\n", pinned / PAGE);
	unmap_pages(buf, step);
	return true;
}

static void read_to_the_end(void *arg)
{
	struct held *held = arg;
	char buf[KIB(64)];

	while (must(read(held->fds[1], buf, sizeof(buf))))
		;
}

/* The locks and the numbers of pages are the child's own: say them here, too. */
static void look_again(struct stamped *file)
{
	unsigned int i;

	for (i = 0; i < PUSHES; i += 4)
		stamped_write(file, i * HELD_APART, EACH);
}

TEST_F(pressure, group_at_its_limit_goes_on)
{
	struct worker reader;

	/* late, but the peer answers */
	netem_set(LATE, 0);
	worker_start(&reader, read_to_the_end, &self->held);
	check(in_child(work_at_the_limit, &self->held), "it has not gone on");
	must(shutdown(self->held.fds[0], SHUT_WR));
	worker_finish(&reader);
	look_again(&self->held.file);
}

TEST_HARNESS_MAIN
