// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracked pushes: how a sink's end of use comes home.
 *
 * A sink ends in any context: a socket frees its last skb in softirq or with
 * interrupts off, a pipe's buffer is released under the pipe's lock. So the end
 * of a push only counts down and queues. One work item on a reclaim-safe queue
 * then gives the pages back, undoes the charge and drops the module reference,
 * in process context with no lock held.
 *
 * That reference is why no callback can run after the module is gone, but one
 * may still be in its last instructions, after it queued the push and before it
 * returned. Exit therefore drains the queue and then waits for RCU (callbacks in
 * softirq) and RCU-tasks (callbacks that can be preempted).
 */
#include "completion.h"

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "account.h"
#include "loan.h"
#include "trace.h"

static LLIST_HEAD(ended);
static struct workqueue_struct *release_queue;

static void push_end(struct sv_push *push)
{
	sv_loan_put(push->loan);
	atomic_long_dec(&push->account->pushes);
	sv_account_put(push->account);
	kfree(push);
	module_put(THIS_MODULE);
}

static void end_pushes(struct work_struct *work)
{
	struct sv_push *push, *next;

	llist_for_each_entry_safe(push, next, llist_del_all(&ended), done)
		push_end(push);
}

static DECLARE_WORK(end_work, end_pushes);

/**
 * sv_push_begin - begin a tracked push
 * @loan: what is pushed; the push takes a reference of its own
 * @account: who pushes
 *
 * Context: may sleep; called through an open vector, which holds the module.
 * Return: the push with one reference for the caller, or NULL: no memory.
 */
struct sv_push *sv_push_begin(struct sv_loan *loan, struct sv_account *account)
{
	struct sv_push *push = kmalloc(sizeof(*push), GFP_KERNEL_ACCOUNT);

	if (!push)
		return NULL;
	sv_ubuf_init(&push->ubuf);
	push->loan = sv_loan_get(loan);
	push->account = sv_account_get(account);
	atomic_long_set(&push->copied, 0);
	atomic_long_inc(&account->pushes);
	__module_get(THIS_MODULE);
	trace_splicevec_push(push);
	return push;
}

/**
 * sv_push_get - take another reference
 * @push: held by the caller
 *
 * Context: any.
 * Return: false if there are too many already.
 */
bool sv_push_get(struct sv_push *push)
{
	/* as generic_pipe_buf_get(): tee(2) can multiply references at will */
	if (refcount_read(&push->ubuf.refcnt) > INT_MAX / 2)
		return false;
	refcount_inc(&push->ubuf.refcnt);
	return true;
}

/**
 * sv_push_put - one reader of the pages has ended
 * @push: one reference is consumed
 *
 * Context: any, hard interrupts included.
 */
void sv_push_put(struct sv_push *push)
{
	if (!refcount_dec_and_test(&push->ubuf.refcnt))
		return;
	trace_splicevec_complete(push);
	if (llist_add(&push->done, &ended))
		queue_work(release_queue, &end_work);
}

/**
 * sv_ubuf_complete - a socket ends its use of a push's pages
 * @skb: the last skb that read them, or NULL
 * @ubuf: in the push
 * @zerocopy: false if the socket read a copy
 *
 * Context: mostly softirq.
 */
void sv_ubuf_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
		      bool zerocopy)
{
	struct sv_push *push = container_of(ubuf, struct sv_push, ubuf);

	/* what an skb holds beyond its headers are our pages */
	if (!zerocopy && skb)
		atomic_long_add(skb->data_len, &push->copied);
	sv_push_put(push);
}

/**
 * sv_push_copied - how many bytes has the sink copied so far?
 * @push: held by the caller, who holds the only reference that is no reader's
 * @settled: result: no reader is left, so the count is final
 *
 * Return: bytes; a packet copied by several receivers counts each time.
 */
size_t sv_push_copied(const struct sv_push *push, bool *settled)
{
	*settled = refcount_read(&push->ubuf.refcnt) == 1;
	/* a reader that is gone has counted before it went */
	smp_rmb();
	return atomic_long_read(&push->copied);
}

/**
 * sv_release_queue - let something else give its loans back in peace
 * @release: its work; whoever queues it holds a module reference, which it drops
 *	last
 *
 * Context: any.
 */
void sv_release_queue(struct work_struct *release)
{
	queue_work(release_queue, release);
}

/**
 * sv_completion_init - make the queue
 *
 * Return: 0 or -ENOMEM.
 */
int sv_completion_init(void)
{
	release_queue = alloc_workqueue("splicevec", WQ_MEM_RECLAIM | WQ_UNBOUND, 1);
	return release_queue ? 0 : -ENOMEM;
}

/**
 * sv_completion_exit - wait until nothing of ours runs anywhere
 *
 * Context: module exit; no vector is open or mapped and no push is alive, so
 * nothing new is queued.
 */
void sv_completion_exit(void)
{
	destroy_workqueue(release_queue);
	synchronize_rcu();
	synchronize_rcu_tasks();
}
