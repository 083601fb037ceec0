// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module with a race, for as long as it is there: whoever says that there is none
 * has to see this one. Two threads write to the same word, by no lock and no atomic.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

static struct task_struct *racers[2];
static unsigned long contended;

static noinline int race(void *unused)
{
	while (!kthread_should_stop()) {
		contended++;
		cond_resched();
	}
	return 0;
}

static void stop(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(racers); i++)
		if (racers[i])
			kthread_stop(racers[i]);
}

static int __init racer_init(void)
{
	struct task_struct *racer;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racer = kthread_run(race, NULL, "racer/%u", i);
		if (IS_ERR(racer)) {
			stop();
			return PTR_ERR(racer);
		}
		racers[i] = racer;
	}
	return 0;
}
module_init(racer_init);

static void __exit racer_exit(void)
{
	stop();
}
module_exit(racer_exit);

MODULE_DESCRIPTION("A race on data, for tests of what looks for races");
MODULE_LICENSE("GPL");
