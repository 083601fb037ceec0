/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LENDER_POOL_H
#define _LENDER_POOL_H

#include <linux/list.h>
#include <linux/types.h>

#include "lender.h"

/**
 * struct buffer - pages that are lent as a whole, again and again
 * @node: in the pool, while it is there
 * @sort: where its pages come from
 * @nr: how many it has
 * @lent: it is not ours to write, or to free
 * @data: LENDER_VMALLOC: their mapping; LENDER_RUN: its address
 * @pages: the pages
 */
struct buffer {
	struct list_head node;
	enum lender_sort sort;
	unsigned int nr;
	bool lent;
	void *data;
	struct page *pages[];
};

struct buffer *pool_take(enum lender_sort sort, size_t bytes);
void pool_put(struct buffer *buffer);
void pool_empty(void);
u64 pool_made(void);

#endif /* _LENDER_POOL_H */
