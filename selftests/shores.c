// SPDX-License-Identifier: GPL-2.0-only
/* Where ferries go: connections and disks that look at pages late. */
#include "shores.h"

#include "disks.h"
#include "netem.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Room for all that is under way at once. */
#define HARBOUR	(FERRY_BOATS * FERRY_LOAD * PAGE)
/* What the NICs do to packets: milliseconds late, percent lost. */
#define LATE	2
#define LOSS	1

static void open_stream(struct ferry *ferry, enum place place)
{
	int fds[2];

	keeping_pair(place, fds);
	ferry->sink = fds[0];
	ferry->peer = fds[1];
}

static const char *loopback_missing(void)
{
	return NULL;
}

static void open_loopback(struct ferry *ferry)
{
	open_stream(ferry, TCP4);
}

static void close_peer(struct ferry *ferry)
{
	close(ferry->peer);
}

const struct shore shore_loopback = {
	.name = "TCP over loopback",
	.missing = loopback_missing,
	.open = open_loopback,
	.close = close_peer,
	.read = ferry_read_stream,
};

static const char *nic4_missing(void)
{
	return place_missing(NIC4) ?: netem_missing();
}

static const char *nic6_missing(void)
{
	return place_missing(NIC6) ?: netem_missing();
}

static void open_nic4(struct ferry *ferry)
{
	open_stream(ferry, NIC4);
	netem_set(LATE * slower(), LOSS);
}

static void open_nic6(struct ferry *ferry)
{
	open_stream(ferry, NIC6);
	netem_set(LATE * slower(), LOSS);
}

static void close_nic(struct ferry *ferry)
{
	netem_clear();
	close_peer(ferry);
}

const struct shore shore_nic4 = {
	.name = "slow TCP over IPv4",
	.missing = nic4_missing,
	.open = open_nic4,
	.close = close_nic,
	.read = ferry_read_stream,
};

const struct shore shore_nic6 = {
	.name = "slow TCP over IPv6",
	.missing = nic6_missing,
	.open = open_nic6,
	.close = close_nic,
	.read = ferry_read_stream,
};

static const char *tls_missing(void)
{
	return place_missing(KTLS);
}

static void open_tls(struct ferry *ferry)
{
	open_stream(ferry, KTLS);
}

const struct shore shore_ktls = {
	.name = "kTLS",
	.missing = tls_missing,
	.open = open_tls,
	.close = close_peer,
	.read = ferry_read_stream,
	.copies = true,
};

/* What a disk has of a boat, past all caches. */
static void look_through(struct ferry *ferry, unsigned int boat, int fd)
{
	unsigned int nr = ferry->boats[boat].nr, i;
	char *buf = map_pages(nr * PAGE);

	check_eq(nr * PAGE, pread(fd, buf, nr * PAGE, boat * FERRY_LOAD * PAGE));
	for (i = 0; i < nr; i++)
		boat_check(ferry, boat, i, buf + i * PAGE);
	unmap_pages(buf, nr * PAGE);
}

static void look_at_sink(struct ferry *ferry, unsigned int boat)
{
	look_through(ferry, boat, ferry->peer);
}

static void close_disk(struct ferry *ferry)
{
	close(ferry->peer);
	if (ferry->second >= 0)
		close(ferry->second);
	close(ferry->sink);
}

static void open_disk(struct ferry *ferry)
{
	static const struct disk_part part = { DISK_LAGGING, HARBOUR };

	ferry->sink = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
	ferry->peer = disk_open(DISK_BAD, O_RDONLY | O_DIRECT);
}

const struct shore shore_disk = {
	.name = "O_DIRECT disk",
	.missing = bad_disk_missing,
	.open = open_disk,
	.close = close_disk,
	.look = look_at_sink,
};

/* Its blocks are there: to write them needs nothing of the filesystem. */
static void open_file(struct ferry *ferry, enum place place)
{
	int file = new_file(place, O_RDWR);
	char *buf = map_pages(HARBOUR);

	write_all(file, buf, HARBOUR);
	must(fsync(file));
	unmap_pages(buf, HARBOUR);
	ferry->sink = reopen(file, O_RDWR | O_DIRECT);
	ferry->peer = reopen(file, O_RDONLY | O_DIRECT);
	close(file);
}

static const char *ext4_missing(void)
{
	return place_missing(EXT4);
}

static void open_ext4(struct ferry *ferry)
{
	open_file(ferry, EXT4);
}

const struct shore shore_ext4 = {
	.name = "O_DIRECT file on ext4",
	.missing = ext4_missing,
	.open = open_ext4,
	.close = close_disk,
	.look = look_at_sink,
};

static const char *xfs_missing(void)
{
	return place_missing(XFS);
}

static void open_xfs(struct ferry *ferry)
{
	open_file(ferry, XFS);
}

const struct shore shore_xfs = {
	.name = "O_DIRECT file on xfs",
	.missing = xfs_missing,
	.open = open_xfs,
	.close = close_disk,
	.look = look_at_sink,
};

static void open_mirror(struct ferry *ferry)
{
	ferry->sink = mirror_open(HARBOUR, O_RDWR | O_DIRECT);
	ferry->peer = disk_open(DISK_SINK, O_RDONLY | O_DIRECT);
	ferry->second = disk_open(DISK_BAD, O_RDONLY | O_DIRECT);
}

/* The two have to be the same, whatever it is. */
static void look_at_both(struct ferry *ferry, unsigned int boat)
{
	struct boat *b = &ferry->boats[boat];
	char *one = map_pages(b->nr * PAGE), *other = map_pages(b->nr * PAGE);
	size_t at = boat * FERRY_LOAD * PAGE;
	unsigned int i;

	check_eq(b->nr * PAGE, pread(ferry->peer, one, b->nr * PAGE, at));
	check_eq(b->nr * PAGE, pread(ferry->second, other, b->nr * PAGE, at));
	for (i = 0; i < b->nr; i++) {
		if (memcmp(one + i * PAGE, other + i * PAGE, PAGE) &&
		    !boat_may_be_other(ferry, boat, i)) {
			b->wrong++;
			b->torn++;
		} else {
			boat_check(ferry, boat, i, one + i * PAGE);
		}
	}
	unmap_pages(one, b->nr * PAGE);
	unmap_pages(other, b->nr * PAGE);
}

const struct shore shore_mirror = {
	.name = "mirror of two disks",
	.missing = mirror_missing,
	.open = open_mirror,
	.close = close_disk,
	.look = look_at_both,
};
