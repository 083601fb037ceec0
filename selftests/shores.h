/* SPDX-License-Identifier: GPL-2.0-only */
/* Where ferries go: connections and disks that look at pages late, or twice. */
#ifndef _SELFTEST_SHORES_H
#define _SELFTEST_SHORES_H

#include "ferry.h"

extern const struct shore shore_loopback;
extern const struct shore shore_nic4;
extern const struct shore shore_nic6;
extern const struct shore shore_ktls;
extern const struct shore shore_disk;	/* O_DIRECT, and the disk lags */
extern const struct shore shore_ext4;	/* O_DIRECT files */
extern const struct shore shore_xfs;

/* Each page is looked at twice, and the looks are compared. */
extern const struct shore shore_mirror;	/* two disks */
extern const struct shore shore_again;	/* packets that were lost, but have been seen */

/* Of shore_again: bytes that were looked at more than once, and those that differ. */
unsigned long bytes_seen_again(void);
unsigned long bytes_seen_otherwise(void);

#endif
