/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_MEMORY_H
#define _SV_MEMORY_H

#include <linux/uio.h>

/**
 * struct sv_memory - memory of the caller's, as a source or sink
 * @iter: all of it
 * @iovs: its pieces, if they had to be allocated; otherwise NULL
 * @few: its pieces, if they are few
 */
struct sv_memory {
	struct iov_iter iter;
	struct iovec *iovs;
	struct iovec few[UIO_FASTIOV];
};

/* Address of the next byte, in the present piece. */
static inline unsigned long sv_iter_addr(const struct iov_iter *iter)
{
	void __user *base = iter_is_ubuf(iter) ? iter->ubuf :
						 sv_iter_iov(iter)->iov_base;

	return (unsigned long)base + iter->iov_offset;
}

/* Bytes left of the present piece. */
static inline size_t sv_iter_len(const struct iov_iter *iter)
{
	return iter_is_ubuf(iter) ? iter->count :
				    sv_iter_iov(iter)->iov_len - iter->iov_offset;
}

int sv_memory_import(struct sv_memory *memory, int direction, u64 addr, u32 iovs,
		     u64 len);
void sv_memory_free(struct sv_memory *memory);

#endif /* _SV_MEMORY_H */
