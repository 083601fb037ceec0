/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file with pages that are pinned by a push that gets nowhere: its peer is silent, so
 * only the deadline ends that.
 */
#ifndef _SELFTEST_HELD_H
#define _SELFTEST_HELD_H

#include "rings.h"
#include "stampede.h"

struct held {
	struct stamped file;
	int vec;
	int fds[2];
	unsigned int next;	/* page that was not pinned yet */
	double since;		/* when the last pin began, as msec_now() */
	unsigned int msec;	/* how long it may last */
};

/* Why there is none in this place, or NULL. */
const char *held_missing(enum place place);
/* @options: what the filesystem is mounted with besides, or NULL */
void held_begin(struct held *held, enum place place, const char *options);
/*
 * Everything goes on. The file has to be what it should be, then and when its disk was
 * looked at and mounted anew.
 */
void held_end(struct held *held);

/* Pages apart, so that folios have none in common. */
#define HELD_APART	32
#define HELD_PAGES	(64 * HELD_APART)

/* Pages that were not pinned yet and have to be now: the first one, of @nr. */
unsigned int held_pin(struct held *held, unsigned int nr);
/* The same for pages of one's own choice. */
void held_pin_at(struct held *held, unsigned int first, unsigned int nr);
/*
 * What the vector holds is pushed by a ring, with the longest time a pin may have, and
 * has been handed over. @push: all that is said of it, and its results
 */
void held_push_by_ring(struct held *held, struct io_uring *ring,
		       struct splicevec_push *push, uint64_t user_data,
		       unsigned int flags);
/* Where they are mapped. */
static inline char *held_page(const struct held *held, unsigned int nr)
{
	return held->file.map + nr * PAGE;
}

/* All that has to wait for the last pin has done so by now; say what it was. */
void held_check_time(const struct held *held, const char *what);

#endif
