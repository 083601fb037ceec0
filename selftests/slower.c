// SPDX-License-Identifier: GPL-2.0-only
/*
 * On a debug kernel all takes longer, so the time limits of tests do. The harness
 * sets them with alarm(), which the linker lets us wrap.
 */
#include "common.h"

#include <stdlib.h>

unsigned int __real_alarm(unsigned int seconds);

unsigned int slower(void)
{
	const char *times = getenv("SPLICEVEC_SLOWER");

	return times ? atoi(times) : 1;
}

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * slower());
}
