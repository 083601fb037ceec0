// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors: append, take a window, consume.
 */
#include "vector.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "account.h"
#include "completion.h"
#include "loan.h"

static unsigned int vector_spans = 65536;
module_param(vector_spans, uint, 0644);
MODULE_PARM_DESC(vector_spans, "Spans one vector may have");

static struct sv_vector *vector_alloc(void)
{
	struct sv_vector *vec = kzalloc(sizeof(*vec), GFP_KERNEL_ACCOUNT);

	if (!vec)
		return NULL;
	vec->completions = sv_completions_new();
	if (!vec->completions)
		goto err_vec;
	vec->account = sv_account_find();
	if (!vec->account)
		goto err_completions;
	spin_lock_init(&vec->lock);
	init_waitqueue_head(&vec->wait);
	mutex_init(&vec->consume);
	atomic_long_inc(&vec->account->vectors);
	return vec;

err_completions:
	sv_completions_close(vec->completions);
err_vec:
	kfree(vec);
	return NULL;
}

/**
 * sv_vector_open - a file becomes a new, empty vector of the calling user
 * @file: being opened
 *
 * Return: 0 or -ENOMEM.
 */
int sv_vector_open(struct file *file)
{
	file->private_data = vector_alloc();
	return file->private_data ? 0 : -ENOMEM;
}

/**
 * sv_vector_set_policy - change what holds for every push
 * @vec: vector
 * @set: flags to set anew
 * @flags: those of them that hold from now on
 *
 * Return: the flags before.
 */
u32 sv_vector_set_policy(struct sv_vector *vec, u32 set, u32 flags)
{
	u32 was;

	spin_lock(&vec->lock);
	was = vec->policy;
	WRITE_ONCE(vec->policy, (was & ~set) | flags);
	spin_unlock(&vec->lock);
	return was;
}

/**
 * sv_vector_release - the file is gone; give everything back
 * @inode: of the device
 * @file: nobody can reach it any more
 *
 * Context: may sleep.
 * Return: 0.
 */
int sv_vector_release(struct inode *inode, struct file *file)
{
	struct sv_vector *vec = file->private_data;

	WARN_ON_ONCE(vec->reserved);
	sv_spans_free(&vec->spans);
	sv_completions_close(vec->completions);
	atomic_long_dec(&vec->account->vectors);
	sv_account_put(vec->account);
	mutex_destroy(&vec->consume);
	kfree(vec);
	return 0;
}

/* Capacity that @vec lacks for @nr spans more; 0: none. Needs vec->lock. */
static u32 vector_lacks(struct sv_vector *vec, u32 nr)
{
	const struct sv_spans *spans = sv_vector_spans(vec);
	u32 need = spans->nr + vec->reserved + nr;

	return need <= sv_spans_cap(spans) ? 0 : roundup_pow_of_two(max(need, 4U));
}

/*
 * Promise room, in the vector's array or in @ring of size @cap, which is exchanged
 * for the vector's if that makes the difference.
 *
 * Return: 0, -ENOBUFS, or 1: an array of size @cap is needed.
 */
static int try_reserve(struct sv_vector *vec, u32 nr, struct sv_span **ring,
		       u32 *cap)
{
	u32 limit = READ_ONCE(vector_spans);
	int ret = 0;
	u32 lacks;

	spin_lock(&vec->lock);
	lacks = vector_lacks(vec, nr);
	if (nr > limit || sv_vector_spans(vec)->nr + vec->reserved > limit - nr) {
		ret = -ENOBUFS;
	} else if (lacks > *cap) {
		*cap = lacks;
		ret = 1;
	} else {
		if (lacks)
			*ring = sv_spans_adopt_ring(sv_vector_spans(vec), *ring, *cap);
		vec->reserved += nr;
	}
	spin_unlock(&vec->lock);
	return ret;
}

/**
 * sv_vector_reserve - promise room for spans that are about to be pulled
 * @vec: vector
 * @nr: spans
 *
 * So that what has left its source cannot fail to arrive. To be followed by one
 * sv_vector_publish().
 *
 * Context: may sleep.
 * Return: 0, -ENOBUFS or -ENOMEM.
 */
int sv_vector_reserve(struct sv_vector *vec, u32 nr)
{
	struct sv_span *ring = NULL;
	u32 cap = 0;
	int ret;

	for (;;) {
		ret = try_reserve(vec, nr, &ring, &cap);
		if (cap)
			kvfree(ring);
		if (ret <= 0)
			return ret;
		ring = sv_spans_alloc_ring(cap);
		if (!ring)
			return -ENOMEM;
	}
}

/**
 * sv_vector_publish - append what was gathered; cannot fail
 * @vec: vector
 * @batch: spans, not more than were reserved; empty afterwards
 * @reserved: what sv_vector_reserve() promised in all
 */
void sv_vector_publish(struct sv_vector *vec, struct sv_spans *batch,
		       u32 reserved)
{
	bool more;

	spin_lock(&vec->lock);
	WARN_ON_ONCE(batch->nr > reserved);
	vec->reserved -= reserved;
	more = batch->nr;
	if (more)
		sv_spans_move(sv_vector_spans(vec), batch);
	spin_unlock(&vec->lock);
	if (more && wq_has_sleeper(&vec->wait))
		wake_up_interruptible_poll(&vec->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * sv_vector_measure - how long is a vector?
 * @vec: vector
 *
 * Return: bytes it holds now.
 */
u64 sv_vector_measure(struct sv_vector *vec)
{
	const struct sv_spans *spans;
	u64 held;

	spin_lock(&vec->lock);
	spans = sv_vector_spans(vec);
	held = spans->tail - spans->head;
	spin_unlock(&vec->lock);
	return held;
}

/* Where a window begins and how far the vector reaches. Needs vec->lock. */
static int find_window(struct sv_vector *vec, s64 *start, u64 *len)
{
	const struct sv_spans *spans = sv_vector_spans(vec);

	if (*start == -1)
		*start = spans->head;
	if (*start < spans->head)
		return -ESTALE;
	*len = *start < spans->tail ? min(*len, spans->tail - *start) : 0;
	return 0;
}

/**
 * sv_vector_window - take references on a window
 * @vec: vector
 * @start: absolute position of its first byte, -1: the head, which it becomes
 * @len: bytes wanted; becomes what the vector holds of them
 * @max: spans at the most; the window may be shorter than @len
 * @window: empty list; receives the spans
 *
 * Context: may sleep.
 * Return: 0, -ESTALE if @start has been consumed, -EINVAL, or -ENOMEM.
 */
int sv_vector_window(struct sv_vector *vec, s64 *start, u64 *len, u32 max,
		     struct sv_spans *window)
{
	u32 room;
	int err;

	if (*start < -1)
		return -EINVAL;
	do {
		s64 at = *start;
		u64 left = *len;

		spin_lock(&vec->lock);
		err = find_window(vec, &at, &left);
		room = err ? 0 : sv_spans_share(sv_vector_spans(vec), at, left,
					       max, window);
		spin_unlock(&vec->lock);
		if (room) {
			err = sv_spans_reserve(window, room);
		} else {
			*start = at;
			*len = left;
		}
	} while (room && !err);
	return err;
}

/**
 * sv_vector_window_spans - take references on a number of whole spans
 * @vec: vector
 * @start: absolute position; the first span is the one that holds it, or the
 *	vector's first
 * @max: spans at the most
 * @window: empty list; receives the spans
 * @at: result: absolute position of the first one
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int sv_vector_window_spans(struct sv_vector *vec, u64 start, u32 max,
			   struct sv_spans *window, u64 *at)
{
	const struct sv_spans *spans;
	u32 i, end;
	int err;

	err = max ? sv_spans_reserve(window, max) : 0;
	if (err)
		return err;
	spin_lock(&vec->lock);
	spans = sv_vector_spans(vec);
	i = sv_spans_find(spans, start);
	end = min_t(u64, spans->nr, (u64)i + max);
	*at = i < spans->nr ? sv_spans_at(spans, i)->at : spans->tail;
	for (; i < end; i++) {
		sv_loan_get(sv_spans_at(spans, i)->loan);
		sv_spans_append(window, sv_spans_at(spans, i));
	}
	spin_unlock(&vec->lock);
	return 0;
}

/**
 * sv_vector_consume - advance the head
 * @vec: vector, @consume held by the caller
 * @len: bytes that a sink has accepted
 *
 * Context: may sleep: gives pages back.
 */
void sv_vector_consume(struct sv_vector *vec, u64 len)
{
	struct sv_loan *emptied[16];
	bool done;
	u32 nr, i;

	lockdep_assert_held(&vec->consume);
	do {
		nr = ARRAY_SIZE(emptied);
		spin_lock(&vec->lock);
		done = sv_spans_consume(sv_vector_spans(vec), &len, emptied, &nr);
		spin_unlock(&vec->lock);
		for (i = 0; i < nr; i++)
			sv_loan_put(emptied[i]);
		cond_resched();
	} while (!done);
}
