// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completions: one record reserved, one way out.
 *
 * Whoever starts work that ends later reserves the record first. Each part of the
 * work holds a reference; the last one to be dropped, after the pages were given
 * back, posts the record, or gives it to whoever waits for just this one, or frees it
 * if nobody can reap it any more.
 */
#include "completion.h"

#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "account.h"
#include "release.h"

/* So many completions that were reaped a vector keeps for its next pushes. */
#define SPARES	64

static unsigned int vector_records = 65536;
module_param(vector_records, uint, 0644);
MODULE_PARM_DESC(vector_records,
		 "Completion records one vector may have, those not reaped included");

static void ask_ended(struct work_struct *work);

/**
 * sv_completions_new - a place for a new vector's records
 *
 * Return: it, with the vector's reference, or NULL: no memory.
 */
struct sv_completions *sv_completions_new(void)
{
	struct sv_completions *completions;

	completions = kzalloc(sizeof(*completions), GFP_KERNEL_ACCOUNT);
	if (!completions)
		return NULL;
	refcount_set(&completions->refs, 1);
	spin_lock_init(&completions->lock);
	INIT_LIST_HEAD(&completions->fresh);
	INIT_LIST_HEAD(&completions->ended);
	INIT_LIST_HEAD(&completions->posted);
	INIT_LIST_HEAD(&completions->spares);
	INIT_WORK(&completions->ask, ask_ended);
	completions->wake_at = U32_MAX;
	init_waitqueue_head(&completions->wait);
	init_waitqueue_head(&completions->poll);
	sv_completions_init_deferred(completions);
	return completions;
}

/**
 * sv_completions_put - drop a reference
 * @completions: whose reference is consumed; the last one frees it
 *
 * Context: any.
 */
void sv_completions_put(struct sv_completions *completions)
{
	if (refcount_dec_and_test(&completions->refs))
		kfree(completions);
}

/* What is left is memory. */
static void completion_detach(struct sv_completion *completion)
{
	atomic_long_dec(&completion->account->completions);
	sv_account_put(completion->account);
	sv_completions_put(completion->to);
}

static void completion_free(struct sv_completion *completion)
{
	completion_detach(completion);
	kfree(completion);
}

static void free_list(struct list_head *list)
{
	struct sv_completion *completion, *next;

	list_for_each_entry_safe(completion, next, list, node)
		kfree(completion);
	INIT_LIST_HEAD(list);
}

/* Return: are they kept for the next pushes? */
static bool keep_spares(struct sv_completions *completions,
			struct list_head *list, u32 nr)
{
	lockdep_assert_held(&completions->lock);
	if (completions->closed || completions->nr_spares + nr > SPARES)
		return false;
	list_splice_init(list, &completions->spares);
	completions->nr_spares += nr;
	return true;
}

static struct sv_completion *take_spare(struct sv_completions *completions)
{
	struct sv_completion *spare;

	if (list_empty(&completions->spares))
		return NULL;
	spin_lock(&completions->lock);
	spare = list_first_entry_or_null(&completions->spares,
					 struct sv_completion, node);
	if (spare) {
		list_del(&spare->node);
		completions->nr_spares--;
	}
	spin_unlock(&completions->lock);
	return spare;
}

/**
 * sv_completions_free - forget records
 * @completions: where they were
 * @taken: from sv_completions_take(); empty afterwards
 */
void sv_completions_free(struct sv_completions *completions,
			 struct list_head *taken)
{
	struct sv_completion *completion;
	u32 nr = 0;

	list_for_each_entry(completion, taken, node) {
		completion_detach(completion);
		nr++;
	}
	spin_lock(&completions->lock);
	completions->nr -= nr;
	keep_spares(completions, taken, nr);
	spin_unlock(&completions->lock);
	free_list(taken);
}

/**
 * sv_completions_close - the vector is gone
 * @completions: whose reference, the vector's, is consumed
 *
 * Records of work still under way are freed when that is done.
 *
 * Context: process; nobody reaps, waits or cancels.
 */
void sv_completions_close(struct sv_completions *completions)
{
	LIST_HEAD(unread);

	spin_lock(&completions->lock);
	completions->closed = true;
	list_splice_init(&completions->posted, &unread);
	spin_unlock(&completions->lock);
	sv_completions_expedite(completions);
	if (completions->eventfd)
		eventfd_ctx_put(completions->eventfd);
	sv_completions_free(completions, &unread);
	free_list(&completions->spares);
	sv_completions_put(completions);
}

/**
 * sv_completions_ready - how many records can be reaped?
 * @completions: of an open vector
 *
 * Return: their number now.
 */
u32 sv_completions_ready(const struct sv_completions *completions)
{
	return READ_ONCE(completions->ready);
}

static void take_oldest(struct sv_completions *completions, u32 nr,
			struct list_head *taken)
{
	struct list_head *last = &completions->posted;
	u32 i;

	for (i = 0; i < nr; i++)
		last = last->next;
	list_cut_position(taken, &completions->posted, last);
	WRITE_ONCE(completions->ready, completions->ready - nr);
}

/**
 * sv_completions_take - take the oldest records out, if there are enough
 * @completions: of an open vector
 * @min: none if there are fewer, and then @wait is woken when there are as many
 * @max: how many at the most
 * @taken: empty list; receives them
 *
 * Return: were there as many as @min?
 */
bool sv_completions_take(struct sv_completions *completions, u32 min, u32 max,
			 struct list_head *taken)
{
	bool enough;

	spin_lock(&completions->lock);
	enough = completions->ready >= min;
	if (enough)
		take_oldest(completions, min(max, completions->ready), taken);
	else
		completions->wake_at = min(completions->wake_at, min);
	spin_unlock(&completions->lock);
	if (!enough)
		sv_completions_expedite(completions);
	return enough;
}

static void wake(struct sv_completions *completions)
{
	lockdep_assert_held(&completions->lock);
	if (completions->ready >= completions->wake_at) {
		/* those who wait for more say so again */
		completions->wake_at = U32_MAX;
		wake_up_interruptible(&completions->wait);
	}
	wake_up_interruptible_poll(&completions->poll, EPOLLPRI);
}

/**
 * sv_completions_return - put records back that could not be delivered
 * @completions: where they were taken from
 * @taken: in order, before all others; empty afterwards
 */
void sv_completions_return(struct sv_completions *completions,
			   struct list_head *taken)
{
	u32 nr = list_count_nodes(taken);

	if (!nr)
		return;
	spin_lock(&completions->lock);
	list_splice_init(taken, &completions->posted);
	WRITE_ONCE(completions->ready, completions->ready + nr);
	wake(completions);
	spin_unlock(&completions->lock);
}

/**
 * sv_completions_cancel - call off what no sink has been offered yet
 * @completions: of an open vector
 * @user_data: of the pushes
 * @canceled: result: how many there were
 *
 * Each of them fails with -ECANCELED as soon as it gets that far. Only threads that
 * are in a push are looked at, however many completions there are.
 *
 * Return: 0, or -EALREADY if there are none.
 */
int sv_completions_cancel(struct sv_completions *completions, u64 user_data,
			  u32 *canceled)
{
	struct sv_completion *completion, *next;
	u32 done = 0;

	spin_lock(&completions->lock);
	list_for_each_entry_safe(completion, next, &completions->fresh, node) {
		if (completion->record.user_data != user_data)
			continue;
		completion->canceled = true;
		list_del_init(&completion->node);
		done++;
	}
	spin_unlock(&completions->lock);
	*canceled = done;
	return done ? 0 : -EALREADY;
}

/**
 * sv_completions_signal - have an eventfd told of each record
 * @completions: of an open vector
 * @eventfd: fd in place of the present one, or -1 for none
 *
 * Return: 0, or the error of what is no eventfd.
 */
int sv_completions_signal(struct sv_completions *completions, int eventfd)
{
	struct eventfd_ctx *new = NULL;

	if (eventfd != -1) {
		new = eventfd_ctx_fdget(eventfd);
		if (IS_ERR(new))
			return PTR_ERR(new);
	}
	spin_lock(&completions->lock);
	swap(completions->eventfd, new);
	spin_unlock(&completions->lock);
	sv_completions_expedite(completions);
	if (new)
		eventfd_ctx_put(new);
	return 0;
}

static bool completions_add(struct sv_completions *completions,
			    struct sv_completion *completion)
{
	bool room;

	spin_lock(&completions->lock);
	room = completions->nr < READ_ONCE(vector_records);
	if (room) {
		completions->nr++;
		if (completion->record.kind == SPLICEVEC_COMPLETION_PUSH)
			list_add_tail(&completion->node, &completions->fresh);
	}
	spin_unlock(&completions->lock);
	return room;
}

/**
 * sv_completion_reserve - promise a record
 * @completions: where it will be reaped
 * @account: who asks for it
 * @kind: of the record
 * @user_data: of the record
 *
 * Context: may sleep.
 * Return: the completion with the command's reference, which
 * sv_completion_tell() or sv_completion_forget() drops; -ENOMEM or -ENOBUFS.
 */
struct sv_completion *sv_completion_reserve(struct sv_completions *completions,
					    struct sv_account *account,
					    enum splicevec_completion_kind kind,
					    u64 user_data)
{
	struct sv_completion *completion = take_spare(completions);

	if (!completion)
		completion = kmalloc(sizeof(*completion), GFP_KERNEL_ACCOUNT);
	if (!completion)
		return ERR_PTR(-ENOMEM);
	memset(completion, 0, sizeof(*completion));
	refcount_set(&completion->refs, 1);
	completion->record.user_data = user_data;
	completion->record.kind = kind;
	INIT_LIST_HEAD(&completion->node);
	sv_completions_get(completions);
	completion->to = completions;
	completion->account = sv_account_get(account);
	atomic_long_inc(&account->completions);
	if (completions_add(completions, completion))
		return completion;
	completion_free(completion);
	return ERR_PTR(-ENOBUFS);
}

/* What they hold is let go of before anybody is told. */
static void ask_witnesses(struct sv_completion *completion)
{
	struct sv_witness *witness = completion->witnesses;

	while (witness) {
		struct sv_witness *next = witness->next;

		sv_completion_add_flags(completion, witness->end(witness));
		witness = next;
	}
}

/* All parts are done, so what they said is final. */
static void write_record(struct sv_completion *completion)
{
	struct splicevec_completion *record = &completion->record;

	record->status = atomic_read(&completion->status);
	record->bytes -= min_t(u64, record->bytes,
			       atomic64_read(&completion->lost));
	record->copied = min_t(u64, record->bytes,
			       atomic64_read(&completion->copied));
}

/* Whoever was promised the record in person gets it, be the vector closed or not. */
static void tell_recipient(struct sv_completion *completion)
{
	struct sv_recipient *recipient = completion->recipient;

	if (recipient && !completion->silent)
		recipient->tell(recipient, &completion->record);
}

/*
 * The eventfd is signalled under the lock, which keeps it: to signal takes no
 * other lock than the eventfd's own.
 *
 * Return: was it posted, rather than left to the caller to free?
 */
static bool completion_post(struct sv_completion *completion)
{
	struct sv_completions *completions = completion->to;
	bool post;

	spin_lock(&completions->lock);
	post = !completions->closed && !completion->silent &&
	       !completion->recipient;
	if (post) {
		list_move_tail(&completion->node, &completions->posted);
		WRITE_ONCE(completions->ready, completions->ready + 1);
		if (completions->eventfd)
			sv_eventfd_signal(completions->eventfd);
		wake(completions);
	} else {
		list_del(&completion->node);
		completions->nr--;
	}
	spin_unlock(&completions->lock);
	return post;
}

static void completion_finish(struct sv_completion *completion)
{
	ask_witnesses(completion);
	write_record(completion);
	if (completion_post(completion))
		return;
	tell_recipient(completion);
	completion_free(completion);
}

static struct sv_completion *take_ended(struct sv_completions *completions)
{
	struct sv_completion *ended;

	spin_lock(&completions->lock);
	ended = list_first_entry_or_null(&completions->ended,
					 struct sv_completion, node);
	if (ended)
		list_del_init(&ended->node);
	spin_unlock(&completions->lock);
	return ended;
}

static void ask_ended(struct work_struct *work)
{
	struct sv_completions *completions = container_of(work, struct sv_completions, ask);
	struct sv_completion *ended;

	while ((ended = take_ended(completions))) {
		completion_finish(ended);
		module_put(THIS_MODULE);
	}
	sv_completions_put(completions);
}

/*
 * To ask may take long, and who is here has others to serve. Each completion has a
 * reference on the module then, and the work has one on the completions.
 */
static void ask_later(struct sv_completion *completion)
{
	struct sv_completions *completions = completion->to;

	__module_get(THIS_MODULE);
	sv_completions_get(completions);
	spin_lock(&completions->lock);
	list_move_tail(&completion->node, &completions->ended);
	spin_unlock(&completions->lock);
	if (!sv_release_queue_slow(&completions->ask))
		sv_completions_put(completions);
}

static void finish_deferred(struct sv_deferred *deferred)
{
	completion_finish(container_of(deferred, struct sv_completion, deferred));
	module_put(THIS_MODULE);
}

/*
 * The last part is done. If others have ended before and are not finished this one waits
 * for its turn, as records come in that order; if it takes long others do not wait for it.
 */
static void completion_end(struct sv_completion *completion, bool has_time)
{
	bool behind = !completion->silent && sv_completions_behind(completion->to);

	if (completion->slow && (behind || !has_time)) {
		ask_later(completion);
	} else if (behind) {
		__module_get(THIS_MODULE);
		completion->deferred.finish = finish_deferred;
		sv_completions_defer(completion->to, &completion->deferred, true);
	} else {
		completion_finish(completion);
	}
}

/**
 * sv_completion_put - a part of the work has ended after the command
 * @completion: one reference is consumed; the last one posts the record, or gives it
 *	to its recipient, when the witnesses were asked
 *
 * Context: process, no locks held; somebody holds the module.
 */
void sv_completion_put(struct sv_completion *completion)
{
	if (refcount_dec_and_test(&completion->refs))
		completion_end(completion, false);
}

/* The command's reference. Whoever gave the command has time. */
static void completion_put(struct sv_completion *completion)
{
	if (refcount_dec_and_test(&completion->refs))
		completion_end(completion, true);
}

/**
 * sv_completion_begin - a sink is about to be offered something
 * @completion: held by the command
 *
 * Return: 0, or -ECANCELED: it must not.
 */
int sv_completion_begin(struct sv_completion *completion)
{
	struct sv_completions *completions = completion->to;
	int err;

	spin_lock(&completions->lock);
	err = completion->canceled ? -ECANCELED : 0;
	list_del_init(&completion->node);
	spin_unlock(&completions->lock);
	return err;
}

/**
 * sv_completion_fail - something went wrong with a part
 * @completion: held by the caller
 * @err: negative errno; the first one is told
 *
 * Context: any.
 */
void sv_completion_fail(struct sv_completion *completion, int err)
{
	atomic_cmpxchg(&completion->status, 0, err);
}

/**
 * sv_completion_tell - the command has done its part
 * @completion: whose reference, the command's, is consumed
 * @bytes: bytes the sink accepted
 *
 * Context: process, no locks held.
 */
void sv_completion_tell(struct sv_completion *completion, u64 bytes)
{
	completion->record.bytes = bytes;
	completion_put(completion);
}

/**
 * sv_completion_forget - the command has failed, so there is nothing to tell
 * @completion: whose reference, the command's, is consumed
 *
 * Context: process, no locks held.
 */
void sv_completion_forget(struct sv_completion *completion)
{
	completion->silent = true;
	completion_put(completion);
}
