// SPDX-License-Identifier: GPL-2.0-only
/*
 * What direct I/O wants of its users.
 */
#include "direct.h"

#include <linux/blkdev.h>
#include <linux/stat.h>

/**
 * sv_direct_align - ask a file
 * @file: that can do direct I/O
 *
 * Return: its alignment; of a file that does not tell, what suits all: pages.
 */
struct sv_direct_align sv_direct_align(struct file *file)
{
	struct sv_direct_align align = { PAGE_SIZE, PAGE_SIZE };
	struct inode *host = file->f_mapping->host;
	struct kstat stat;

	if (S_ISBLK(host->i_mode)) {
		align.block = bdev_logical_block_size(I_BDEV(host));
		align.memory = align.block;
		return align;
	}
	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN, 0))
		return align;
	if ((stat.result_mask & STATX_DIOALIGN) && stat.dio_offset_align) {
		align.memory = max(stat.dio_mem_align, 1U);
		align.block = stat.dio_offset_align;
	}
	return align;
}
