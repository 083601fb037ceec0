/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hands of the stress test: threads and processes, each doing steps of its job
 * until the time is over or something failed. Chance comes from one seed, which is printed.
 */
#ifndef _SELFTEST_STRESS_CREW_H
#define _SELFTEST_STRESS_CREW_H

#include "common.h"

struct hand {
	const char *job;
	void (*work)(struct hand *hand);
	void *arg;
	unsigned int number;
	uint64_t chance;
	unsigned long steps;
	pthread_t thread;
	pid_t pid;		/* if it is no thread */
	_Atomic bool done;
};

#define HANDS	64

/* What each process of the test sees. */
struct crew {
	struct hand hands[HANDS];
	unsigned int nr_hands;
	uint64_t seed;
	unsigned int seconds;
	bool faults;		/* allocations of commands fail now and then */
	bool squeezed;		/* memory is limited */
	_Atomic uint64_t end;	/* in nanoseconds */
	_Atomic bool stop;
	_Atomic int failures;	/* of processes that are gone */
	_Atomic unsigned long faulted;	/* commands that a fault ended */
};

extern struct crew *crew;

uint64_t nanoseconds(void);

/* Read SEED and STRESS_SECONDS. */
void crew_begin(bool faults);
/* @work in a thread of its own, from crew_go() on. */
void crew_hire(const char *job, void (*work)(struct hand *hand), void *arg);
/*
 * And in a process of its own, to be hired before all threads. Who wants children
 * needs it: to fork takes all pages from the threads of a process, and the next to
 * write there, be it the kernel, has to allocate some. Where that fails on purpose a
 * command is EFAULT, or the thread killed as its rseq cannot be written.
 */
void crew_hire_process(const char *job, void (*work)(struct hand *hand),
		       void *arg);
void crew_go(void);
/*
 * In a child process: @hand is one like its parent. What goes wrong counts with the
 * next step that it asks for.
 */
void crew_child(struct hand *hand, struct hand *parent);
/* One step more? */
bool crew_goes_on(struct hand *hand);
bool crew_over(void);
/*
 * Wait for all that were hired. Whoever does not come is stuck, in something that
 * will not happen any more: that is a failure that ends the test.
 */
void crew_join(void);

/* A number from 0 on, below @below. */
uint64_t chance(struct hand *hand, uint64_t below);
/* A length from 1 on; short ones and whole pages are frequent. */
size_t chance_len(struct hand *hand, size_t most);

/* As read(2) and write(2), returning a negative errno. */
int64_t read_vector(int vec, void *buf, size_t len);
int64_t write_vector(int vec, const void *buf, size_t len);

#endif
