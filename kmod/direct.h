/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_DIRECT_H
#define _SV_DIRECT_H

#include <linux/fs.h>

/**
 * struct sv_direct_align - what O_DIRECT wants of a file
 * @memory: alignment of each run's address, bytes
 * @block: alignment of the file offset and each run's length, bytes
 */
struct sv_direct_align {
	u32 memory;
	u32 block;
};

struct sv_direct_align sv_direct_align(struct file *file);

#endif /* _SV_DIRECT_H */
