// SPDX-License-Identifier: GPL-2.0-only
/*
 * REAP: take the records of what has ended; CANCEL: call off what has not begun.
 */
#include "reap.h"

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "completion.h"
#include "vector.h"

/* Return: 0, also when the time is over, or -EINTR. */
static int wait_for_records(struct sv_completions *from,
			    const struct splicevec_reap *args, u32 max,
			    struct list_head *taken)
{
	ktime_t timeout = ns_to_ktime(min_t(u64, args->timeout, KTIME_MAX));
	u32 min = args->min;
	int ret = 0;

	if (args->timeout)
		ret = wait_event_interruptible_hrtimeout(from->wait,
							 sv_completions_take(from, min, max, taken),
							 timeout);
	/* too few then, but those there are */
	if (list_empty(taken))
		sv_completions_take(from, 0, max, taken);
	return ret == -ERESTARTSYS && list_empty(taken) ? -EINTR : 0;
}

/*
 * Write records as the caller knows them, the fields it does not expect as zeroes.
 * Nothing is called while user memory is open.
 *
 * Return: 0, or -EFAULT if not even the first could be written.
 */
static int write_records(struct sv_completions *completions,
			 struct list_head *taken, struct splicevec_reap *args)
{
	char __user *to = u64_to_user_ptr(args->addr);
	u32 known = min_t(u32, args->stride, sizeof(struct splicevec_completion));
	struct sv_completion *completion;
	struct list_head *last = taken;
	LIST_HEAD(written);
	u32 at;

	if (!user_access_begin(to, list_count_nodes(taken) * args->stride))
		return -EFAULT;
	list_for_each_entry(completion, taken, node) {
		unsafe_copy_to_user(to, (char *)&completion->record, known,
				    fault);
		for (at = known; at < args->stride; at += sizeof(u64))
			unsafe_put_user(0, (u64 __user *)(to + at), fault);
		last = &completion->node;
		args->count++;
		to += args->stride;
	}
fault:
	user_access_end();
	list_cut_position(&written, taken, last);
	sv_completions_free(completions, &written);
	return args->count ? 0 : -EFAULT;
}

/**
 * sv_reap - the REAP command
 * @vec: vector, held by the caller and open for reading
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_reap(struct sv_vector *vec, struct splicevec_reap *args)
{
	struct sv_completions *completions = vec->completions;
	u32 max = min(args->capacity, SPLICEVEC_REAP_MAX);
	LIST_HEAD(taken);
	int err = 0;

	if (args->flags & SPLICEVEC_REAP_EVENTFD)
		err = sv_completions_signal(completions, args->eventfd);
	if (!err)
		err = wait_for_records(completions, args, max, &taken);
	if (!err && !list_empty(&taken))
		err = write_records(completions, &taken, args);
	sv_completions_return(completions, &taken);
	args->left = sv_completions_ready(completions);
	return err;
}

/**
 * sv_cancel - the CANCEL command
 * @vec: vector, held by the caller and open for reading
 * @args: checked; results are set
 *
 * Return: 0 or -EALREADY.
 */
long sv_cancel(struct sv_vector *vec, struct splicevec_cancel *args)
{
	return sv_completions_cancel(vec->completions, args->user_data,
				     &args->count);
}
