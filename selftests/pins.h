/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stable pushes by pin: what the administrator allows, pushes that pin, a peer that
 * does not answer, and what the kernel says of a page.
 */
#ifndef _SELFTEST_PINS_H
#define _SELFTEST_PINS_H

#include "common.h"

#include <linux/splicevec.h>

/* Why nothing is ever pinned here, or NULL. */
const char *pins_missing(void);
/*
 * Pins are allowed: they last @msec at the most, and there are @pages of them at once.
 * pins_as_before() takes back what was changed.
 */
void pins_allow(unsigned int msec, unsigned long pages);
void pins_forbid(void);
void pins_as_before(void);

/* No more than the module honours, and pages that no test of ours comes near. */
#define PINS_LONGEST	10000U
#define PINS_PLENTY	65536UL

/*
 * Push the first @len bytes, STRICT and STABLE, with pins of @msec at the most; all of
 * it has to be taken. Return: the command with its results.
 */
struct splicevec_push push_pinning(int vec, int fd, int64_t offset, size_t len,
				   unsigned int msec, uint64_t tag);

/*
 * A stream to a peer of which nothing is heard until netem_clear(), which the test has
 * to call in the end: a push stays with its socket.
 */
const char *stall_missing(void);
void stalled_pair(int fds[2]);

/* The page that a mapping has at an address, as /proc/kpageflags tells. */
bool page_is_writeback(const void *addr);
bool page_is_large(const void *addr);

/* Milliseconds of a clock that only goes on. */
double msec_now(void);
/* Wait, within bounds, until a page is not under writeback. Return: milliseconds. */
double await_no_writeback(const void *addr);

#endif
