// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has ended in a context that may not sleep waits here, at its vector's door, until
 * somebody gives back what it held and tells its completion.
 *
 * If anybody waits, for a record or for what is held, the release queue is called at
 * once. Otherwise it comes with the next tick of the clock, and mostly finds nothing: a
 * vector's next command does it in passing, without a switch to another task.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>

#include "completion.h"
#include "release.h"

/* Jiffies that what nobody waits for may lie here. */
#define PATIENCE	1

static void flush_later(struct work_struct *work);

/* Of work that no record was promised for; it is done at once. */
static struct sv_completions nobodys = {
	.refs = REFCOUNT_INIT(1),
	.closed = true,
	.deferred = LLIST_HEAD_INIT(nobodys.deferred),
	.flush = __DELAYED_WORK_INITIALIZER(nobodys.flush, flush_later, 0),
};

/**
 * sv_completions_init_deferred - nothing has ended yet
 * @completions: new
 */
void sv_completions_init_deferred(struct sv_completions *completions)
{
	init_llist_head(&completions->deferred);
	INIT_DELAYED_WORK(&completions->flush, flush_later);
}

/*
 * Until it has been, the queue holds the completions and the module. If that is going
 * there is no vector and no work any more, and nothing left to do.
 *
 * Context: any; @completions are held.
 */
static void call_queue(struct sv_completions *completions, unsigned long delay)
{
	if (!try_module_get(THIS_MODULE))
		return;
	sv_completions_get(completions);
	if (sv_release_queue_in(&completions->flush, delay))
		return;
	sv_completions_put(completions);
	module_put(THIS_MODULE);
}

static void expedite(struct sv_completions *completions)
{
	if (!atomic_xchg(&completions->expedited, 1))
		call_queue(completions, 0);
}

/*
 * Is there anybody to be told as soon as one more may have come? What has come is on the
 * list, behind a full barrier.
 */
static bool awaited(struct sv_completions *completions)
{
	return READ_ONCE(completions->closed) ||
	       READ_ONCE(completions->eventfd) ||
	       /* who begins to poll calls sv_completions_expedite() after that */
	       waitqueue_active(&completions->poll) ||
	       READ_ONCE(completions->ready) + atomic_read(&completions->nr_deferred) >=
	       READ_ONCE(completions->wake_at);
}

/**
 * sv_completions_defer - a part of the work has ended
 * @completions: whose, or NULL: nobody was promised a record
 * @deferred: what is left of it, which holds @completions and the module: it may be gone
 *	as soon as it is here
 * @hurry: somebody waits for what it holds
 *
 * Context: any, hard interrupts included.
 */
void sv_completions_defer(struct sv_completions *completions,
			  struct sv_deferred *deferred, bool hurry)
{
	bool first;

	completions = completions ?: &nobodys;
	sv_completions_get(completions);
	atomic_inc(&completions->nr_deferred);
	/* pairs with sv_completions_expedite(): it sees this, or this who waits */
	first = llist_add(&deferred->node, &completions->deferred);
	if (hurry || awaited(completions))
		expedite(completions);
	else if (first && !delayed_work_pending(&completions->flush))
		call_queue(completions, PATIENCE);
	sv_completions_put(completions);
}

/**
 * sv_completions_expedite - somebody has begun to wait for records, or never will
 * @completions: held by the caller, with the module
 *
 * Context: any.
 */
void sv_completions_expedite(struct sv_completions *completions)
{
	/* pairs with sv_completions_defer() */
	smp_mb();
	if (atomic_read(&completions->nr_deferred) ||
	    (completions->closed && delayed_work_pending(&completions->flush)))
		expedite(completions);
}

/* In the order in which they ended, as their records promise. */
static void flush_all(struct sv_completions *completions)
{
	struct llist_node *all = llist_reverse_order(llist_del_all(&completions->deferred));
	struct sv_deferred *deferred, *next;
	int nr = 0;

	llist_for_each_entry_safe(deferred, next, all, node) {
		deferred->finish(deferred);
		nr++;
		cond_resched();
	}
	atomic_sub(nr, &completions->nr_deferred);
}

static void flush(struct sv_completions *completions)
{
	if (llist_empty(&completions->deferred) ||
	    cmpxchg(&completions->flusher, NULL, current))
		return;
	flush_all(completions);
	/* pairs with the cmpxchg() above: the next one sees what is finished */
	smp_store_release(&completions->flusher, NULL);
	/* whoever came meanwhile has gone away again */
	smp_mb();
	if (!llist_empty(&completions->deferred))
		expedite(completions);
}

/**
 * sv_completions_flush - finish what has ended, if nobody else is about to
 * @completions: held by the caller, with the module
 *
 * Context: process, no locks held.
 */
void sv_completions_flush(struct sv_completions *completions)
{
	if (!atomic_read(&completions->expedited))
		flush(completions);
}

static void flush_later(struct work_struct *work)
{
	struct sv_completions *completions =
		container_of(to_delayed_work(work), struct sv_completions, flush);

	atomic_set(&completions->expedited, 0);
	/* what ends from now on calls the queue again */
	smp_mb();
	flush(completions);
	sv_completions_put(completions);
	module_put(THIS_MODULE);
}
