// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody who wants the module gone, while it is in use all the time. A lender uses
 * it too, and is asked the same.
 */
#include "stress_jobs.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

void unload(struct hand *hand)
{
	struct scene *scene = hand->arg;

	while (crew_goes_on(hand)) {
		bool lender = scene->lender >= 0 && chance(hand, 2);
		int err = syscall(SYS_delete_module, lender ? "lender" : "splicevec",
				  O_NONBLOCK) ? errno : 0;

		check(err == EAGAIN || err == EBUSY,
		      "unloading: expected EAGAIN or EBUSY, got %s",
		      errno_name(err));
		usleep(chance(hand, 20000));
	}
}
