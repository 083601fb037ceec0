// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where what has ended gives back what it held: in process context, no lock held,
 * on a queue that reclaim may wait for.
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
 * sv_release_init - make the queues
 *
 * Return: 0 or -ENOMEM.
 */
int sv_release_init(void)
{
	release_queue = alloc_workqueue("splicevec", WQ_MEM_RECLAIM | WQ_UNBOUND, 1);
	if (!release_queue)
		return -ENOMEM;
	slow_queue = alloc_workqueue("splicevec_slow", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!slow_queue) {
		destroy_workqueue(release_queue);
		return -ENOMEM;
	}
	return 0;
}

/**
 * sv_release_exit - wait until nothing of ours runs anywhere
 *
 * Context: module exit; no vector is open or mapped and no push is alive, so
 * nothing new is queued.
 */
void sv_release_exit(void)
{
	destroy_workqueue(slow_queue);
	destroy_workqueue(release_queue);
	synchronize_rcu();
	synchronize_rcu_tasks();
}
