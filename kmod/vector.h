/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_VECTOR_H
#define _SV_VECTOR_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "spans.h"

struct sv_account;

/**
 * struct sv_vector - what an open of /dev/splicevec is
 * @lock: protects @spans and @reserved. A leaf: held for a few list operations,
 *	never across a call into another file, a fault, an allocation or another
 *	vector's lock
 * @spans: what the vector holds
 * @reserved: spans that pulls in progress may still add
 * @consume: held by the one operation that consumes; pulls, KEEP pushes and
 *	INFO do not take it
 * @wait: whoever polls for something to be pulled
 * @account: who opened it; holds one reference
 *
 * A vector holds loans and nothing else: no file, inode or mount. So vectors
 * passed around in circles cannot leak.
 */
struct sv_vector {
	spinlock_t lock;
	struct sv_spans spans;
	u32 reserved;
	struct mutex consume;
	struct wait_queue_head wait;
	struct sv_account *account;
};

int sv_vector_open(struct file *file);
int sv_vector_release(struct inode *inode, struct file *file);
struct sv_vector *sv_vector_of(struct file *file);

int sv_vector_reserve(struct sv_vector *vec, u32 nr);
void sv_vector_publish(struct sv_vector *vec, struct sv_spans *batch,
		       u32 reserved);
u64 sv_vector_held(struct sv_vector *vec);
int sv_vector_window(struct sv_vector *vec, s64 *start, u64 *len, u32 max,
		     struct sv_spans *window);
int sv_vector_window_spans(struct sv_vector *vec, u64 start, u32 max,
			   struct sv_spans *window, u64 *at);
int sv_vector_lock_consume(struct sv_vector *vec, bool nonblock);
void sv_vector_unlock_consume(struct sv_vector *vec);
void sv_vector_consume(struct sv_vector *vec, u64 len);

#endif /* _SV_VECTOR_H */
