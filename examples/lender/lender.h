/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/lender: an example of a module that lends its pages to vectors. Errors are
 * those of splicevec_lend(), and EFAULT.
 */
#ifndef _LENDER_H
#define _LENDER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * enum lender_sort - where a buffer's pages come from
 * @LENDER_PAGES: allocated one by one
 * @LENDER_VMALLOC: vmalloc(), which finds them where it can
 * @LENDER_RUN: alloc_pages_exact(): side by side, but each on its own
 * @LENDER_COMPOUND: one large folio
 * @LENDER_SORTS: how many there are
 */
enum lender_sort {
	LENDER_PAGES,
	LENDER_VMALLOC,
	LENDER_RUN,
	LENDER_COMPOUND,
	LENDER_SORTS
};

/* Nobody writes to the buffer before it is back: a STABLE push need not copy it. */
#define LENDER_STABLE	1U

/* Bytes that one buffer may have: those of a huge page. */
#define LENDER_MOST	(2 << 20)

/**
 * struct lender_lend - fill a buffer and lend it
 * @vector: fd of the vector
 * @sort: enum lender_sort
 * @addr: the contents
 * @len: how many bytes of them
 * @skip: where in the buffer they begin
 * @flags: LENDER_STABLE, or 0
 * @reserved: 0
 */
struct lender_lend {
	__s32 vector;
	__u32 sort;
	__aligned_u64 addr;
	__u32 len;
	__u32 skip;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct lender_counts - what has become of the buffers since the module was loaded
 * @lent: how often one was lent
 * @returned: how often a destructor was called
 * @wrong: how often that of a buffer which was not lent
 * @made: how many buffers were allocated; the others came out of the pool
 */
struct lender_counts {
	__aligned_u64 lent;
	__aligned_u64 returned;
	__aligned_u64 wrong;
	__aligned_u64 made;
};

#define LENDER_LEND	_IOW('L', 0x00, struct lender_lend)
#define LENDER_COUNTS	_IOR('L', 0x01, struct lender_counts)

#endif /* _LENDER_H */
