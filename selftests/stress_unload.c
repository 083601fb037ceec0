// SPDX-License-Identifier: GPL-2.0-only
/* Somebody who wants the module gone, while it is in use all the time. */
#include "stress_jobs.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

void unload(struct hand *hand)
{
	while (crew_goes_on(hand)) {
		int err = syscall(SYS_delete_module, "splicevec", O_NONBLOCK) ?
			  errno : 0;

		check(err == EAGAIN || err == EBUSY,
		      "unloading: expected EAGAIN or EBUSY, got %s",
		      errno_name(err));
		usleep(chance(hand, 20000));
	}
}
