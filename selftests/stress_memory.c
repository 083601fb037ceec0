// SPDX-License-Identifier: GPL-2.0-only
/* Memory taken away: by a limit, by others' pages, and because it is asked for. */
#include "stress_jobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS	"/tmp/stress-groups"
#define GROUP	GROUPS "/stress"

/* What the page cache may have on top of all that is there at the beginning. */
#define SPARE	MIB(16)

/* To be read again and again; a hole costs no disk. */
#define BULK	MIB(96)
#define CHUNK	KIB(128)

static int bulk;

/* Fill the page cache with what nobody needs. */
static void read_bulk(struct hand *hand)
{
	size_t i, at;

	for (i = 0; i < 32; i++) {
		at = chance(hand, BULK / CHUNK) * CHUNK;
		must(readahead(bulk, at, CHUNK));
	}
}

/* Some is always in use, so it may not come to that much. */
static void reclaim_group(void)
{
	int fd = open(GROUP "/memory.reclaim", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "4M", 2) < 0 && errno != EAGAIN)
		die("memory.reclaim: %s", errno_name(errno));
	close(fd);
}

void reclaim_begin(void)
{
	bulk = new_file(EXT4, O_RDWR);
	must(ftruncate(bulk, BULK));
	/* do not tell the log each time */
	put_file("/proc/sys/vm/drop_caches", "4");
}

void reclaim_end(void)
{
	close(bulk);
}

void reclaim(struct hand *hand)
{
	static const char *const caches[] = { "1", "2", "3" };

	while (crew_goes_on(hand)) {
		switch (chance(hand, 32)) {
		case 0:
			put_file("/proc/sys/vm/drop_caches",
				 caches[chance(hand, ARRAY_LEN(caches))]);
			break;
		case 1:
			put_file("/proc/sys/vm/compact_memory", "1");
			break;
		case 2:
			sync();
			break;
		case 3:
		case 4:
			reclaim_group();
			break;
		default:
			read_bulk(hand);
			break;
		}
		usleep(chance(hand, 10000));
	}
}

static uint64_t read_number(const char *path)
{
	char text[64] = "";
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));

	must(read(fd, text, sizeof(text) - 1));
	close(fd);
	return strtoull(text, NULL, 10);
}

static bool has_memory_controller(void)
{
	FILE *file = fopen(GROUPS "/cgroup.controllers", "re");
	char name[32];
	bool found = false;

	while (file && fscanf(file, "%31s", name) == 1)
		found |= !strcmp(name, "memory");
	if (file)
		fclose(file);
	return found;
}

static void unmount_groups(void)
{
	umount2(GROUPS, MNT_DETACH);
	rmdir(GROUPS);
}

const char *limit_begin(void)
{
	char self[16];

	mkdir(GROUPS, 0700);
	if (mount("stress", GROUPS, "cgroup2", 0, NULL)) {
		rmdir(GROUPS);
		return "no control groups";
	}
	if (!has_memory_controller()) {
		unmount_groups();
		return "no memory control";
	}
	put_file(GROUPS "/cgroup.subtree_control", "+memory");
	must(mkdir(GROUP, 0700));
	snprintf(self, sizeof(self), "%d", getpid());
	put_file(GROUP "/cgroup.procs", self);
	return NULL;
}

static unsigned long long events(const char *which)
{
	FILE *file = fopen(GROUP "/memory.events", "re");
	unsigned long long found = 0, value;
	char name[32];

	while (file && fscanf(file, "%31s %llu", name, &value) == 2)
		if (!strcmp(name, which))
			found = value;
	if (file)
		fclose(file);
	return found;
}

void limit_set(void)
{
	char text[32];
	size_t at;

	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)read_number(GROUP "/memory.current") +
		 SPARE);
	put_file(GROUP "/memory.max", text);
	crew->squeezed = true;
	/* from the beginning all have to make room for each other */
	for (at = 0; at < BULK && !events("max"); at += CHUNK)
		must(readahead(bulk, at, CHUNK));
}

static void check_events(void)
{
	unsigned long long max = events("max");

	if (!failures())
		check(max, "the limit on memory was never reached");
	check_eq(0, events("oom_kill"));
	fprintf(stderr, "# at the limit on memory: %llu times\n", max);
}

void limit_end(void)
{
	char self[16];

	check_events();
	put_file(GROUP "/memory.max", "max");
	snprintf(self, sizeof(self), "%d", getpid());
	put_file(GROUPS "/cgroup.procs", self);
	must(rmdir(GROUP));
	unmount_groups();
}
