/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_COMPLETION_H
#define _SV_COMPLETION_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/splicevec.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct eventfd_ctx;
struct task_struct;
struct sv_account;

/**
 * struct sv_deferred - what is left of something that has ended
 * @node: in a vector's list
 * @finish: gives back what it held, and frees it. Called once, in process context with no
 *	locks held
 */
struct sv_deferred {
	struct llist_node node;
	void (*finish)(struct sv_deferred *deferred);
};

/**
 * struct sv_completions - where the records of a vector wait to be reaped
 * @refs: the vector's, one for each completion, one while @ask is queued, and one while
 *	@flush is
 * @lock: protects all below down to @eventfd. A leaf, taken in process context only:
 *	callbacks of sinks get no further than @deferred
 * @fresh: pushes whose sink has not been offered anything, so CANCEL finds them
 * @ended: those that have slow witnesses still to be asked, the first one first
 * @posted: completions whose records can be reaped, in the order they came
 * @spares: memory for the next ones
 * @nr_spares: how many
 * @nr: completions reserved, posted or being delivered
 * @ready: completions in @posted
 * @wake_at: how many of them those in REAP wait for who wait for the fewest
 * @closed: the vector is gone, nobody will reap any more
 * @eventfd: told of each record, or NULL; holds one reference
 * @wait: whoever waits in REAP
 * @poll: whoever polls for records
 * @ask: on the slow queue while there are some in @ended
 * @deferred: what has ended and is not finished, the newest first
 * @nr_deferred: how many, those included that are about to come or being finished
 * @expedited: the release queue was called to finish them, and has not come yet
 * @flusher: who finishes some of them, or NULL; only compared
 * @flush: on the release queue, or going to be
 *
 * Outlives its vector as long as work is under way: a push in flight holds this,
 * never the vector.
 */
struct sv_completions {
	refcount_t refs;
	spinlock_t lock;
	struct list_head fresh;
	struct list_head ended;
	struct list_head posted;
	struct list_head spares;
	u32 nr_spares;
	u32 nr;
	u32 ready;
	u32 wake_at;
	bool closed;
	struct eventfd_ctx *eventfd;
	struct wait_queue_head wait;
	struct wait_queue_head poll;
	struct work_struct ask;
	struct llist_head deferred;
	atomic_t nr_deferred;
	atomic_t expedited;
	struct task_struct *flusher;
	struct delayed_work flush;
};

/**
 * struct sv_recipient - who is told of an end in place of a vector's queue
 * @tell: is given the record, once; after that nobody touches the recipient.
 *	Called in process context with no locks held, and also after the vector
 *	was closed
 */
struct sv_recipient {
	void (*tell)(struct sv_recipient *recipient,
		     const struct splicevec_completion *record);
};

/**
 * struct sv_witness - somebody who has more to tell when the work has ended
 * @next: another one
 * @slow: that takes long, so others shall not wait for it
 * @end: return flags for the record, and let go of what the witness holds. Called
 *	once, in process context with no locks held, before the record is posted
 */
struct sv_witness {
	struct sv_witness *next;
	bool slow;
	u32 (*end)(struct sv_witness *witness);
};

/**
 * struct sv_completion - a record that somebody was promised
 * @refs: one for the command, one for each part of the work that goes on after
 *	it; the last one posts the record
 * @status: 0 or the first error
 * @copied: bytes copied on the way
 * @lost: bytes that a device was handed and failed to write
 * @canceled: called off before a sink was offered anything; under @to's lock
 * @silent: the command fails, which is all the caller gets to know
 * @slow: one of @witnesses is
 * @witnesses: are asked at the end, or NULL; added by the command only
 * @record: what is reaped
 * @recipient: who gets the record, or NULL: whoever reaps @to. Set by the command
 *	before the work starts, and told unless @silent
 * @to: where it is counted, called off and reaped; holds one reference
 * @account: who asked for it; holds one reference
 * @node: in one of @to's lists, or in none
 * @deferred: the completion when others have ended before it and are not finished
 *
 * Reserved before the work starts, so that to tell of its end needs no memory.
 */
struct sv_completion {
	refcount_t refs;
	atomic_t status;
	atomic64_t copied;
	atomic64_t lost;
	bool canceled;
	bool silent;
	bool slow;
	struct sv_witness *witnesses;
	struct splicevec_completion record;
	struct sv_recipient *recipient;
	struct sv_completions *to;
	struct sv_account *account;
	struct list_head node;
	struct sv_deferred deferred;
};

struct sv_completions *sv_completions_new(void);
void sv_completions_put(struct sv_completions *completions);
void sv_completions_close(struct sv_completions *completions);
u32 sv_completions_ready(const struct sv_completions *completions);
bool sv_completions_take(struct sv_completions *completions, u32 min, u32 max,
			 struct list_head *taken);
void sv_completions_return(struct sv_completions *completions,
			   struct list_head *taken);
void sv_completions_free(struct sv_completions *completions,
			 struct list_head *taken);
int sv_completions_cancel(struct sv_completions *completions, u64 user_data,
			  u32 *canceled);
int sv_completions_signal(struct sv_completions *completions, int eventfd);

void sv_completions_init_deferred(struct sv_completions *completions);
void sv_completions_defer(struct sv_completions *completions,
			  struct sv_deferred *deferred, bool hurry);
void sv_completions_expedite(struct sv_completions *completions);
void sv_completions_flush(struct sv_completions *completions);

struct sv_completion *sv_completion_reserve(struct sv_completions *completions,
					    struct sv_account *account,
					    enum splicevec_completion_kind kind,
					    u64 user_data);
void sv_completion_put(struct sv_completion *completion);
int sv_completion_begin(struct sv_completion *completion);
void sv_completion_fail(struct sv_completion *completion, int err);
void sv_completion_tell(struct sv_completion *completion, u64 bytes);
void sv_completion_forget(struct sv_completion *completion);

/**
 * sv_completions_get - take another reference
 * @completions: held by the caller
 *
 * Context: any.
 */
static inline void sv_completions_get(struct sv_completions *completions)
{
	refcount_inc(&completions->refs);
}

/**
 * sv_completions_behind - has anything ended that is to be finished by others?
 * @completions: held by the caller
 *
 * Return: then what has ended since comes after it.
 */
static inline bool sv_completions_behind(struct sv_completions *completions)
{
	return atomic_read(&completions->nr_deferred) &&
	       READ_ONCE(completions->flusher) != current;
}

/**
 * sv_completion_get - take another reference, for a part of the work
 * @completion: held by the caller
 *
 * Return: @completion.
 */
static inline struct sv_completion *
sv_completion_get(struct sv_completion *completion)
{
	refcount_inc(&completion->refs);
	return completion;
}

/**
 * sv_completion_add_copied - some bytes were copied
 * @completion: held by the caller
 * @bytes: how many
 *
 * Context: any.
 */
static inline void sv_completion_add_copied(struct sv_completion *completion,
					    u64 bytes)
{
	atomic64_add(bytes, &completion->copied);
}

/**
 * sv_completion_add_witness - have somebody asked when the work has ended
 * @completion: held by the command, which calls this
 * @witness: consumed
 */
static inline void sv_completion_add_witness(struct sv_completion *completion,
					     struct sv_witness *witness)
{
	witness->next = completion->witnesses;
	completion->witnesses = witness;
	completion->slow |= witness->slow;
}

/**
 * sv_completion_add_flags - something to be told besides
 * @completion: held by the command, which calls this
 * @flags: enum splicevec_result
 */
static inline void sv_completion_add_flags(struct sv_completion *completion,
					   u32 flags)
{
	completion->record.flags |= flags;
}

/**
 * sv_completion_add_lost - some bytes that the command counted went nowhere
 * @completion: held by the caller
 * @bytes: how many
 *
 * Context: any.
 */
static inline void sv_completion_add_lost(struct sv_completion *completion,
					  u64 bytes)
{
	atomic64_add(bytes, &completion->lost);
}

#endif /* _SV_COMPLETION_H */
