// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where what has ended gives back what it held: in process context, no lock held,
 * on queues that reclaim may wait for, but for the one of files.
 *
 * Whoever queues something holds a module reference, which is dropped last. That
 * is why no callback of ours can run after the module is gone, but one may still
 * be in its last instructions, after it queued and before it returned. Exit
 * therefore drains the queues and then waits for RCU (callbacks in softirq) and
 * RCU-tasks (callbacks that can be preempted).
 */
#include "release.h"

#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

static struct workqueue_struct *release_queue;
static struct workqueue_struct *slow_queue;
static struct workqueue_struct *file_queue;

/**
 * sv_release_queue - let something give its loans back in peace
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
 * sv_release_queue_in - the same after some time
 * @release: its work; as there
 * @delay: jiffies; 0: at once, also if it was to come later
 *
 * Context: any.
 * Return: false if it is queued already.
 */
bool sv_release_queue_in(struct delayed_work *release, unsigned long delay)
{
	if (!delay)
		return !mod_delayed_work(release_queue, release, 0);
	return queue_delayed_work(release_queue, release, delay);
}

/**
 * sv_release_queue_slow - the same for what may take long
 * @release: its work; as there
 *
 * One after the other would have all users wait for the slowest.
 *
 * Context: any.
 * Return: false if it is queued already.
 */
bool sv_release_queue_slow(struct work_struct *release)
{
	return queue_work(slow_queue, release);
}

/**
 * sv_release_queue_file - for what may have a file deleted, or a filesystem unmounted
 * @release: its work; as there
 *
 * That may wait for whatever filesystems wait for, for one that is frozen to be thawed as
 * well. So nothing here is to wait for it, and reclaim cannot.
 *
 * Context: any.
 */
void sv_release_queue_file(struct work_struct *release)
{
	queue_work(file_queue, release);
}

/**
 * sv_release_init - make the queues
 *
 * Return: 0 or -ENOMEM.
 */
int sv_release_init(void)
{
	release_queue = alloc_ordered_workqueue("splicevec", WQ_MEM_RECLAIM);
	if (!release_queue)
		return -ENOMEM;
	slow_queue = alloc_workqueue("splicevec_slow", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!slow_queue)
		goto no_slow;
	file_queue = alloc_workqueue("splicevec_file", WQ_UNBOUND, 0);
	if (!file_queue)
		goto no_file;
	return 0;

no_file:
	destroy_workqueue(slow_queue);
no_slow:
	destroy_workqueue(release_queue);
	return -ENOMEM;
}

/**
 * sv_release_exit - wait until nothing of ours runs anywhere
 *
 * Context: module exit; no vector is open or mapped and no push is alive, so
 * nothing new is queued.
 */
void sv_release_exit(void)
{
	destroy_workqueue(file_queue);
	destroy_workqueue(slow_queue);
	destroy_workqueue(release_queue);
	synchronize_rcu();
	synchronize_rcu_tasks();
}
