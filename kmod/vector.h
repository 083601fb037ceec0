/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_VECTOR_H
#define _SV_VECTOR_H

#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/splicevec.h>
#include <linux/wait.h>

#include "spans.h"

struct sv_account;
struct sv_completions;

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
 * @policy: flags that every push has, as if it were asked for them; under @lock
 * @completions: records of what ends after its command; holds one reference
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
	u32 policy;
	struct sv_completions *completions;
	struct sv_account *account;
};

int sv_vector_open(struct file *file);
int sv_vector_release(struct inode *inode, struct file *file);

int sv_vector_reserve(struct sv_vector *vec, u32 nr);
void sv_vector_publish(struct sv_vector *vec, struct sv_spans *batch,
		       u32 reserved);
u64 sv_vector_measure(struct sv_vector *vec);
int sv_vector_window(struct sv_vector *vec, s64 *start, u64 *len, u32 max,
		     struct sv_spans *window);
int sv_vector_window_spans(struct sv_vector *vec, u64 start, u32 max,
			   struct sv_spans *window, u64 *at);
void sv_vector_consume(struct sv_vector *vec, u64 len);

u32 sv_vector_set_policy(struct sv_vector *vec, u32 set, u32 flags);

/**
 * sv_vector_policy - what a vector's policy means for a push
 * @vec: vector
 * @flags: of the push
 *
 * Return: flags that it has besides. Only a STRICT push has a record to say in what
 * VERIFY has found.
 */
static inline u32 sv_vector_policy(const struct sv_vector *vec, u32 flags)
{
	u32 policy = READ_ONCE(vec->policy);

	return flags & SPLICEVEC_STRICT ? policy : policy & ~SPLICEVEC_VERIFY;
}

/**
 * sv_vector_of - the vector behind a file
 * @file: any open file
 *
 * Return: the vector, valid as long as @file is held, or NULL.
 */
static inline struct sv_vector *sv_vector_of(struct file *file)
{
	if (file->f_op->release != sv_vector_release)
		return NULL;
	return file->private_data;
}

/**
 * sv_vector_spans - what a vector holds, for whoever has its lock
 * @vec: vector
 *
 * Return: its spans.
 */
static inline struct sv_spans *sv_vector_spans(struct sv_vector *vec)
{
	lockdep_assert_held(&vec->lock);
	return &vec->spans;
}

/**
 * sv_vector_held - how many bytes does a vector hold?
 * @vec: vector
 *
 * Return: bytes it holds now.
 */
static inline u64 sv_vector_held(struct sv_vector *vec)
{
	return READ_ONCE(vec->spans.nr) ? sv_vector_measure(vec) : 0;
}

/**
 * sv_vector_lock_consume - become the one operation that consumes
 * @vec: vector
 * @nonblock: -EAGAIN rather than wait
 *
 * Return: 0, -EAGAIN, or -EINTR: a signal came, or io_uring's word to its
 * threads to give up.
 */
static inline int sv_vector_lock_consume(struct sv_vector *vec, bool nonblock)
{
	if (nonblock)
		return mutex_trylock(&vec->consume) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(&vec->consume);
}

/**
 * sv_vector_unlock_consume - let the next one consume
 * @vec: vector
 */
static inline void sv_vector_unlock_consume(struct sv_vector *vec)
{
	mutex_unlock(&vec->consume);
}

#endif /* _SV_VECTOR_H */
