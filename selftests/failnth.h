/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on order: the kernel lets the nth call of a thread that can fail do so, be
 * it an allocation, an access to user memory or a request to a disk. A sweep does
 * the same thing again and again, and each time a later one of its calls fails.
 */
#ifndef _SELFTEST_FAILNTH_H
#define _SELFTEST_FAILNTH_H

#include "common.h"

/* Return: why this kernel cannot, or NULL. */
const char *fail_nth_missing(void);
/* Make all sorts of calls that can fail count. They fail only where armed. */
void fail_nth_open(void);

/*
 * Call @nth from now on fails, of those this thread makes; 0: none does. Between
 * the two nothing is to be done but what is tried.
 */
void fail_nth_arm(unsigned int nth);
/* Return: did it fail? */
bool fail_nth_disarm(void);

/*
 * Until the next fail_nth_open() only calls count that come from a module's own
 * text, however far below. Return: can this kernel do that? Those that have the
 * knobs do not all ask them for fail-nth.
 */
bool fail_nth_modules_only(void);

/*
 * Requests to disks fail as well, with EIO, if the thread makes them itself. Not by
 * fail_function: its probes are exceptions, and there no thread has a fail-nth.
 * Return: why they cannot, or NULL.
 */
const char *fail_requests(bool on);

/* Without a sweep, once they can: all fail that this process makes. */
void fail_requests_always(void);
void fail_requests_never(void);

/*
 * Without a sweep, where a single fault is made up for: all slabs fail that this
 * process wants below a function of the module.
 */
const char *fail_slabs_missing(const char *function);	/* why they cannot, or NULL */
void fail_slabs_below(const char *function);
void fail_slabs_never(void);

/*
 * Where the text of a function is, as far as the next symbol. @owner: its module in
 * brackets, or "" for the kernel itself. Return: has it a name here?
 */
bool find_function(const char *name, const char *owner, unsigned long *begin,
		   unsigned long *end);

/* What is tried. All of it with the same argument. */
struct sweep {
	const char *name;
	/* Everything that shall not fail: before, */
	void (*prepare)(void *arg);
	/* Return: 0 or more if it worked, else a negative errno. */
	long (*run)(void *arg);
	/* and afterwards, knowing what @run returned. It cleans up. */
	void (*finish)(void *arg, long ret);
	/* Errors beside ENOMEM and EFAULT that it may report, ended by 0; or NULL */
	const int *errors;
	/* May no call below it fail? Why? Else one has to, or nothing was tried. */
	const char *faultless;
};

/*
 * Do it without a fault, then with each call failing, every fifth one if not all are to
 * be tried, until none is left to fail.
 * Whatever happens, @sweep->finish says whether it was right, what @run reports is
 * an error it may report, and nothing is left behind.
 */
void sweep(const struct sweep *sweep, void *arg);

/* In @finish: has a call failed? */
bool fault_fired(void);

/* The same as somebody who is no user of the module yet; @prepare is the user's. */
void sweep_as_stranger(const struct sweep *sweep, void *arg);

/* Of functions that are named like what they are for. */
#define SWEEP(id)							\
	static const struct sweep id##_sweep = {			\
		.name = #id,						\
		.prepare = id##_prepare,				\
		.run = id##_run,					\
		.finish = id##_finish,					\
	}

/* In a test: it is skipped if faults cannot be had, or something @missing. */
#define NEEDS_FAULTS_AND(missing)					\
	do {								\
		const char *missing_ = fail_nth_missing() ?: (missing);	\
									\
		if (missing_)						\
			SKIP(return, "%s", missing_);			\
		fail_nth_open();					\
	} while (0)
#define NEEDS_FAULTS()	NEEDS_FAULTS_AND(NULL)

/* Of so many faults one is tried; to count coverage is to be thorough. */
unsigned int faults_apart(void);

/* Faults of all sweeps so far, and how many of them were reported as errors. */
unsigned int faults_injected(void);
unsigned int faults_reported(void);

/*
 * The last test: there were @enough faults if each call has failed, or the sweeps did not
 * do their work.
 */
#define TEST_COUNT(enough)						\
	LEDGER_FIXTURE(count)						\
	TEST_F(count, enough_faults_were_injected)			\
	{								\
		NEEDS_FAULTS();						\
		TH_LOG("%u faults injected, %u of them reported",	\
		       faults_injected(), faults_reported());		\
		EXPECT_LE(daily(enough), faults_injected());		\
	}

#endif
