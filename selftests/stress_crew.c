// SPDX-License-Identifier: GPL-2.0-only
/* The hands of the stress test. */
#include "stress_crew.h"
#include "stress_faults.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* On a debug kernel less is done in a second, and starting takes minutes anyway. */
#define SECONDS		15
#define SECONDS_SLOW	20

/* Seconds after the end in which each hand has to come back. */
#define PATIENCE 20

struct crew *crew;

/* This is a process of its own that may be killed. */
static bool child;

uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static uint64_t new_seed(void)
{
	uint32_t seed;

	must(getrandom(&seed, sizeof(seed), 0));
	return seed;
}

void crew_begin(bool faults)
{
	crew = mmap(NULL, sizeof(*crew), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	crew->seed = setting("SEED", new_seed());
	crew->seconds = setting("STRESS_SECONDS",
				(slower() > 1 ? SECONDS_SLOW : SECONDS) /
				(thorough() ? 1 : 2));
	crew->faults = faults;
	fprintf(stderr, "# SEED=%llu STRESS_SECONDS=%u\n",
		(unsigned long long)crew->seed, crew->seconds);
}

void crew_go(void)
{
	crew->end = nanoseconds() + crew->seconds * 1000000000ULL;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t chance(struct hand *hand, uint64_t below)
{
	hand->chance += 0x9e3779b97f4a7c15;
	return mix(hand->chance) % below;
}

size_t chance_len(struct hand *hand, size_t most)
{
	switch (chance(hand, 4)) {
	case 0:
		return 1 + chance(hand, most < 64 ? most : 64);
	case 1:
		return most < PAGE ? most : PAGE * (1 + chance(hand, most / PAGE));
	default:
		return 1 + chance(hand, most);
	}
}

static void *do_work(void *arg)
{
	struct hand *hand = arg;

	/* while some are at work it may take long to start another one */
	while (!crew->end)
		usleep(1000);
	hand->work(hand);
	faults_forget();
	hand->done = true;
	return NULL;
}

static struct hand *new_hand(const char *job, void (*work)(struct hand *hand),
			     void *arg)
{
	struct hand *hand = &crew->hands[crew->nr_hands];

	if (crew->nr_hands == HANDS)
		die("no more than %d hands", HANDS);
	*hand = (struct hand){
		.job = job,
		.work = work,
		.arg = arg,
		.number = crew->nr_hands++,
	};
	hand->chance = mix(crew->seed + hand->number);
	return hand;
}

void crew_hire(const char *job, void (*work)(struct hand *hand), void *arg)
{
	struct hand *hand = new_hand(job, work, arg);

	if (pthread_create(&hand->thread, NULL, do_work, hand))
		die("no thread");
}

void crew_hire_process(const char *job, void (*work)(struct hand *hand),
		       void *arg)
{
	struct hand *hand = new_hand(job, work, arg);

	hand->pid = must(fork());
	if (hand->pid)
		return;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	child = true;
	do_work(hand);
	_exit(failures() ? 1 : 0);
}

void crew_child(struct hand *hand, struct hand *parent)
{
	*hand = *parent;
	hand->chance = mix(chance(parent, UINT64_MAX));
	child = true;
	faults_forget();
}

bool crew_over(void)
{
	return crew->stop || failures() || crew->failures ||
	       (crew->end && nanoseconds() > crew->end);
}

bool crew_goes_on(struct hand *hand)
{
	hand->steps++;
	if (child && failures())
		atomic_fetch_add(&crew->failures, 1);
	return !crew_over();
}

static void join_process(struct hand *hand)
{
	int status;

	must(waitpid(hand->pid, &status, 0));
	check(!status, "%s: a process ended with %#x", hand->job, status);
}

static bool has_ended(const struct hand *hand)
{
	siginfo_t info = { 0 };

	/* a process may also end without being done */
	if (hand->pid)
		must(waitid(P_PID, hand->pid, &info,
			    WEXITED | WNOHANG | WNOWAIT));
	return hand->done || info.si_pid;
}

static void join(struct hand *hand)
{
	uint64_t end = nanoseconds() + PATIENCE * slower() * 1000000000ULL;

	while (!has_ended(hand) && nanoseconds() < end)
		usleep(1000);
	if (!has_ended(hand))
		die("%s (%u) is stuck after %lu steps", hand->job, hand->number,
		    hand->steps);
	if (hand->pid)
		join_process(hand);
	else
		pthread_join(hand->thread, NULL);
	fprintf(stderr, "# %s: %lu\n", hand->job, hand->steps);
}

void crew_join(void)
{
	unsigned int i;

	while (!crew_over())
		usleep(10000);
	crew->stop = true;
	for (i = 0; i < crew->nr_hands; i++)
		join(&crew->hands[i]);
	crew->nr_hands = 0;
}

int64_t read_vector(int vec, void *buf, size_t len)
{
	ssize_t n = read(vec, buf, len);

	return n < 0 ? -errno : n;
}

int64_t write_vector(int vec, const void *buf, size_t len)
{
	ssize_t n = write(vec, buf, len);

	return n < 0 ? -errno : n;
}
