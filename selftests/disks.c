// SPDX-License-Identifier: GPL-2.0-only
/* Block devices. */
#include "disks.h"
#include "common.h"
#include "places.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SECTOR	512

static const char *name_of(enum disk disk)
{
	static char name[32];

	snprintf(name, sizeof(name), "/dev/ram%d", disk);
	return name;
}

const char *disk_missing(enum disk disk)
{
	return access(name_of(disk), F_OK) ? "no memory disk (brd)" : NULL;
}

int disk_open(enum disk disk, int flags)
{
	return must(open(name_of(disk), O_CLOEXEC | flags));
}

void disk_fill(enum disk disk, uint64_t seed, size_t len)
{
	int fd = disk_open(disk, O_WRONLY);
	char *buf = malloc(len);

	if (!buf)
		die("no memory");
	pattern_fill(buf, seed, 0, len);
	write_all(fd, buf, len);
	must(fsync(fd));
	free(buf);
	close(fd);
}

#define MAPPER "/dev/mapper/control"

const char *bad_disk_missing(void)
{
	return access(MAPPER, F_OK) ? "no device mapper" :
				      disk_missing(DISK_BAD);
}

/* A command of the device mapper with what follows it in memory. */
struct mapper_command {
	struct dm_ioctl head;
	char rest[2048];
};

/* @which of our devices; @rest: what follows the head. */
static int mapper(const char *which, unsigned long number, unsigned int flags,
		  unsigned int parts, const void *rest, size_t len,
		  uint64_t *dev)
{
	struct mapper_command cmd = {
		.head = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(cmd),
			.data_start = sizeof(cmd.head),
			.target_count = parts,
			.flags = flags,
		},
	};
	int fd = must(open(MAPPER, O_RDWR | O_CLOEXEC)), ret;

	if (len > sizeof(cmd.rest))
		die("too many parts");
	snprintf(cmd.head.name, sizeof(cmd.head.name), "selftest-%s-%d", which,
		 getpid());
	if (len)
		memcpy(cmd.rest, rest, len);
	ret = ioctl(fd, number, &cmd) ? -errno : 0;
	close(fd);
	if (dev)
		*dev = cmd.head.dev;
	return ret;
}

/* A device that goes when nobody has it open any more: see forget(). */
static uint64_t make(const char *which, unsigned int parts, const void *table,
		     size_t len)
{
	uint64_t dev;

	must_sv(mapper(which, DM_DEV_CREATE, 0, 0, NULL, 0, &dev));
	must_sv(mapper(which, DM_TABLE_LOAD, 0, parts, table, len, NULL));
	must_sv(mapper(which, DM_DEV_SUSPEND, 0, 0, NULL, 0, NULL));
	return dev;
}

static void forget(const char *which)
{
	must_sv(mapper(which, DM_DEV_REMOVE, DM_DEFERRED_REMOVE, 0, NULL, 0,
		       NULL));
}

/* Write a part as the device mapper wants it. Return: its length. */
static size_t describe(char *to, size_t room, const struct disk_part *part,
		       size_t at, uint64_t broken)
{
	static const char *const types[] = {
		[DISK_GOOD] = "linear",
		[DISK_DELAYED] = "delay",
		[DISK_LATE_WRITES] = "delay",
		[DISK_LAGGING] = "delay",
		[DISK_BROKEN] = "error",
		[DISK_BROKEN_LATE] = "delay",
	};
	struct dm_target_spec spec = {
		.sector_start = at / SECTOR,
		.length = part->len / SECTOR,
	};
	char params[128] = "";
	size_t len;

	if (part->how == DISK_GOOD)
		snprintf(params, sizeof(params), "%s %zu", name_of(DISK_BAD),
			 at / SECTOR);
	if (part->how == DISK_DELAYED)
		snprintf(params, sizeof(params), "%s %zu %d", name_of(DISK_BAD),
			 at / SECTOR, DISK_SLOW);
	if (part->how == DISK_LATE_WRITES || part->how == DISK_LAGGING)
		snprintf(params, sizeof(params), "%s %zu 0 %s %zu %d",
			 name_of(DISK_BAD), at / SECTOR, name_of(DISK_BAD),
			 at / SECTOR, part->how == DISK_LAGGING ? DISK_LAG :
								   DISK_SLOW);
	if (part->how == DISK_BROKEN_LATE)
		snprintf(params, sizeof(params), "%u:%u 0 %d", major(broken),
			 minor(broken), DISK_LATE);
	len = sizeof(spec) + strlen(params) + 1;
	len = (len + 7) & ~7UL;
	if (len > room)
		die("too many parts");
	spec.next = len;
	snprintf(spec.target_type, sizeof(spec.target_type), "%s",
		 types[part->how]);
	memcpy(to, &spec, sizeof(spec));
	memcpy(to + sizeof(spec), params, strlen(params) + 1);
	return len;
}

/* Whatever is read of it is EIO at once. */
static uint64_t make_broken(size_t len)
{
	const struct disk_part part = { DISK_BROKEN, len };
	char table[256] = "";
	size_t size = describe(table, sizeof(table), &part, 0, 0);

	return make("broken", 1, table, size);
}

static int open_device(uint64_t dev, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/selftest-disk-%d", getpid());
	must(mknod(path, S_IFBLK | 0600, makedev(major(dev), minor(dev))));
	fd = open(path, O_CLOEXEC | flags);
	must(unlink(path));
	return must(fd);
}

int bad_disk_open(const struct disk_part *parts, size_t nr, int flags)
{
	size_t len = 0, at = 0, all = 0, i;
	char table[2048] = "";
	uint64_t broken, dev;
	int fd;

	for (i = 0; i < nr; i++)
		all += parts[i].len;
	broken = make_broken(all);
	for (i = 0; i < nr; i++) {
		len += describe(table + len, sizeof(table) - len, &parts[i],
				at, broken);
		at += parts[i].len;
	}
	dev = make("bad", nr, table, len);
	fd = open_device(dev, flags);
	forget("bad");
	forget("broken");
	return fd;
}

/* The target of device mappers that writes everything twice. */
static int try_mirror(size_t len, uint64_t late)
{
	struct {
		struct dm_target_spec spec;
		char params[128];
	} table = {
		.spec = {
			.length = len / SECTOR,
			.next = sizeof(table),
			.target_type = "mirror",
		},
	};
	uint64_t dev;
	int ret;

	snprintf(table.params, sizeof(table.params),
		 "core 2 64 nosync 2 %s 0 %u:%u 0", name_of(DISK_SINK), major(late),
		 minor(late));
	must_sv(mapper("mirror", DM_DEV_CREATE, 0, 0, NULL, 0, &dev));
	ret = mapper("mirror", DM_TABLE_LOAD, 0, 1, &table, sizeof(table), NULL);
	if (ret) {
		mapper("mirror", DM_DEV_REMOVE, 0, 0, NULL, 0, NULL);
		return ret;
	}
	must_sv(mapper("mirror", DM_DEV_SUSPEND, 0, 0, NULL, 0, NULL));
	return open_device(dev, O_RDWR);
}

static uint64_t make_lagging(size_t len)
{
	const struct disk_part part = { DISK_LAGGING, len };
	char table[256] = "";
	size_t size = describe(table, sizeof(table), &part, 0, 0);

	return make("lagging", 1, table, size);
}

const char *mirror_missing(void)
{
	uint64_t late;
	int fd;

	if (bad_disk_missing())
		return bad_disk_missing();
	late = make_lagging(MIB(1));
	fd = try_mirror(MIB(1), late);
	if (fd >= 0) {
		close(fd);
		forget("mirror");
	}
	forget("lagging");
	return fd < 0 ? "the device mapper has no mirrors" : NULL;
}

int mirror_open(size_t len, int flags)
{
	uint64_t late = make_lagging(len);
	int fd = must_sv(try_mirror(len, late)), again = reopen(fd, flags);

	close(fd);
	forget("mirror");
	forget("lagging");
	return again;
}
