// SPDX-License-Identifier: GPL-2.0-only
/* Time of this thread, of the guest, and of nobody. */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
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

uint64_t elapsed_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Has the time nobody else wants, where the kernel does not tell how long that is. */
static clockid_t idler;
static bool has_idler;

static void *be_idle(void *unused)
{
	struct sched_param last = {};

	must(sched_setscheduler(0, SCHED_IDLE, &last));
	for (;;)
		__builtin_ia32_pause();
	return unused;
}

static void start_idler(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, be_idle, NULL));
	must(pthread_getcpuclockid(thread, &idler));
	has_idler = true;
}

/*
 * Idle time in nanoseconds, as 6.1 and 6.12 tell it; /proc/stat has it in
 * hundredths of seconds. Waiting for a disk is counted apart. The guest has one CPU.
 * Return: false: the kernel does not.
 */
static bool told_idle(uint64_t *idle)
{
	FILE *file = fopen("/proc/timer_list", "re");
	unsigned long long ns;
	unsigned int found = 0;
	char line[256];

	if (!file)
		die("/proc/timer_list: %s", errno_name(errno));
	while (found < 2 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) != 1 &&
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) != 1)
			continue;
		*idle += ns;
		found++;
	}
	fclose(file);
	return found == 2;
}

static uint64_t idle_ns(void)
{
	uint64_t idle = 0;

	if (!has_idler && told_idle(&idle))
		return idle;
	if (!has_idler)
		start_idler();
	return clock_ns(idler);
}

struct moment moment_now(void)
{
	struct moment now = { .idle = idle_ns() };

	now.elapsed = elapsed_ns();
	now.thread = thread_ns();
	return now;
}

struct moment moment_since(const struct moment *start)
{
	struct moment now;

	now.thread = thread_ns() - start->thread;
	now.elapsed = elapsed_ns() - start->elapsed;
	now.idle = idle_ns() - start->idle;
	return now;
}
