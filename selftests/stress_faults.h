/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocations that fail, some, in commands and nowhere else. */
#ifndef _SELFTEST_STRESS_FAULTS_H
#define _SELFTEST_STRESS_FAULTS_H

#include "stress_crew.h"

/* Return: why there can be no faults, or NULL. */
const char *faults_begin(void);
void faults_end(void);
/* The thread ends, or is another one's child. */
void faults_forget(void);

/*
 * With faults, they are ordered for the commands alone: what the test does
 * itself has to work. @call returns a negative errno.
 */
void faults_on(void);
void faults_off(void);
#define command(call)							\
	({								\
		long long done_;					\
									\
		faults_on();						\
		done_ = (call);						\
		faults_off();						\
		done_;							\
	})
/*
 * The same of calls for which the kernel makes threads. If it has no stack for one it
 * prints a trace, so where those cannot be spared there is no fault here.
 */
#define command_with_threads(call)					\
	(threads_are_spared() ? (long long)command(call) : (long long)(call))
bool threads_are_spared(void);
/*
 * As map_pages(), with all pages there: otherwise that of a page could be the
 * allocation that fails while a command copies to it, which is EFAULT.
 */
void *present_pages(size_t len);
/* A command failed for want of memory, as sockets call it too, and was meant to. */
bool excused(int64_t ret);
/*
 * The same of a request to io_uring, which is asked to come again where there is no memory
 * for it: by nothing submitted or by EAGAIN, which 6.1 puts into its CQE as well. One
 * for which no thread can be had, with faults or at the limit on memory, is called off
 * (ECANCELED), and so is what goes before one in a chain that there is no memory for.
 */
bool excused_request(int64_t ret);
/*
 * Have the kernel read a mapping, which is told if a page cannot be had: EFAULT. For who
 * reads it himself the kernel tries until it can.
 */
void touch_mapping(const void *map, size_t len);
/* Try until it is not excused any more. */
#define persist(call)							\
	({								\
		long long tried_;					\
									\
		do {							\
			tried_ = command(call);				\
		} while (excused(tried_));				\
		tried_;							\
	})

#endif
