/* SPDX-License-Identifier: GPL-2.0-only */
/* Block devices: memory disks, and what the device mapper makes of them. */
#ifndef _SELFTEST_DISKS_H
#define _SELFTEST_DISKS_H

#include <stddef.h>
#include <stdint.h>

/* Each user of a memory disk has one of its own. */
enum disk {
	DISK_SOURCE,
	DISK_SINK,
	DISK_BAD,
	DISK_SWAP,
};

/* Return: why there is none here, or NULL. */
const char *disk_missing(enum disk disk);
int disk_open(enum disk disk, int flags);
/* Bytes 0 to @len of the disk become those of the pattern @seed. */
void disk_fill(enum disk disk, uint64_t seed, size_t len);

/* Milliseconds a slow part takes for each read, or write; and a lagging one for a write. */
#define DISK_SLOW	1500
#define DISK_LAG	20
/* Seconds a slow part takes at least, as clocks may differ. */
#define SLOW_SECONDS	(DISK_SLOW / 1000.0 - 0.1)
/* Milliseconds until a late error comes. */
#define DISK_LATE	50

struct disk_part {
	enum {
		DISK_GOOD,
		DISK_DELAYED,
		DISK_LATE_WRITES,	/* only writes are slow */
		DISK_LAGGING,		/* likewise, but not as slow */
		DISK_BROKEN,		/* the error is there at once */
		DISK_BROKEN_LATE,	/* it comes when nobody looks */
	} how;
	size_t len;
};

const char *bad_disk_missing(void);
/*
 * DISK_BAD as seen through parts that are slow or give EIO. It is gone with its
 * last fd.
 */
int bad_disk_open(const struct disk_part *parts, size_t nr, int flags);

const char *mirror_missing(void);
/*
 * A disk of which all that is written goes to DISK_SINK and, DISK_LAG milliseconds
 * later, to DISK_BAD: each page is read twice.
 */
int mirror_open(size_t len, int flags);

#endif
