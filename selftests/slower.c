// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long tests take, and may take. On a debug kernel all takes longer, so their time limits do.
 * The harness sets them with alarm(), which the linker lets us wrap.
 */
#include "common.h"

#include <stdlib.h>
#include <time.h>

unsigned int __real_alarm(unsigned int seconds);

double now(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_MONOTONIC, &time));
	return time.tv_sec + time.tv_nsec / 1e9;
}

unsigned int slower(void)
{
	const char *times = getenv("SPLICEVEC_SLOWER");

	return times ? atoi(times) : 1;
}

bool thorough(void)
{
	return getenv("EVERY");
}

unsigned int daily(unsigned int all)
{
	return thorough() ? all : (all + 4) / 5;
}

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * slower());
}
