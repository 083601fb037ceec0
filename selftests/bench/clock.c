// SPDX-License-Identifier: GPL-2.0-only
/* Time of this thread, of the guest, and of nobody. */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	must(clock_gettime(clock, &time));
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

uint64_t thread_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Idle time in nanoseconds; /proc/stat has it in hundredths of seconds. Waiting
 * for a disk is counted apart. The guest has one CPU.
 */
static uint64_t idle_ns(void)
{
	FILE *file = fopen("/proc/timer_list", "re");
	unsigned long long ns, sum = 0;
	unsigned int found = 0;
	char line[256];

	if (!file)
		die("/proc/timer_list: %s", errno_name(errno));
	while (found < 2 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) != 1 &&
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) != 1)
			continue;
		sum += ns;
		found++;
	}
	fclose(file);
	if (found != 2)
		die("/proc/timer_list does not tell of idle time");
	return sum;
}

struct moment moment_now(void)
{
	struct moment now = { .idle = idle_ns() };

	now.elapsed = clock_ns(CLOCK_MONOTONIC);
	now.thread = thread_ns();
	return now;
}

struct moment moment_since(const struct moment *start)
{
	struct moment now;

	now.thread = thread_ns() - start->thread;
	now.elapsed = clock_ns(CLOCK_MONOTONIC) - start->elapsed;
	now.idle = idle_ns() - start->idle;
	return now;
}
