// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caller's memory, in one piece or many.
 */
#include "memory.h"

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

static int import_pieces(struct sv_memory *memory, int direction, u64 addr,
			 u32 iovs, u64 len)
{
	ssize_t ret;

	memory->iovs = memory->few;
	ret = import_iovec(direction, u64_to_user_ptr(addr), iovs,
			   ARRAY_SIZE(memory->few), &memory->iovs,
			   &memory->iter);
	if (ret < 0)
		return ret;
	iov_iter_truncate(&memory->iter, len);
	return 0;
}

/**
 * sv_memory_import - take memory that a command names
 * @memory: result; sv_memory_free() follows on success
 * @direction: ITER_SOURCE to read it, ITER_DEST to write it
 * @addr: address of the memory, or of its pieces
 * @iovs: number of struct iovec at @addr, in the caller's layout; 0: one piece
 * @len: bytes at the most
 *
 * Return: 0, -EFAULT, -EINVAL (too many pieces, or longer than memory can be) or
 * -ENOMEM.
 */
int sv_memory_import(struct sv_memory *memory, int direction, u64 addr, u32 iovs,
		     u64 len)
{
	void __user *user = u64_to_user_ptr(addr);

	memory->iovs = NULL;
	len = min_t(u64, len, MAX_RW_COUNT);
	if (iovs)
		return import_pieces(memory, direction, addr, iovs, len);
	if (!access_ok(user, len))
		return -EFAULT;
	iov_iter_ubuf(&memory->iter, direction, user, len);
	return 0;
}

/**
 * sv_memory_free - forget the list of pieces
 * @memory: from sv_memory_import()
 */
void sv_memory_free(struct sv_memory *memory)
{
	kfree(memory->iovs);
	memory->iovs = NULL;
}
