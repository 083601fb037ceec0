/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_INTERRUPTED_H
#define _SV_INTERRUPTED_H

#include <linux/sched/signal.h>

/**
 * sv_interrupted - shall a command that could go on without waiting come to its end?
 *
 * A task is also woken for work that somebody has put on it, as io_uring does. That is
 * done on its way to user space, and no reason for a short count. But io_uring's own
 * threads are told to stop in no other way.
 *
 * Return: true if so.
 */
static inline bool sv_interrupted(void)
{
	return signal_pending(current) && (task_sigpending(current) ||
					   (current->flags & PF_IO_WORKER));
}

#endif /* _SV_INTERRUPTED_H */
