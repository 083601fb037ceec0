/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of a stamped file on their way to a sink: windows of it are pushed while their
 * pages are locked, and whoever is at the other end sees whether each page is the one
 * that was handed over.
 */
#ifndef _SELFTEST_FERRY_H
#define _SELFTEST_FERRY_H

#include "stampede.h"

#include <splicevec.h>

/* Pages of one push at the most, and pushes that are under way. */
#define FERRY_LOAD	8U
#define FERRY_BOATS	16U

struct ferry;

/* Where it goes. */
struct shore {
	const char *name;
	/* Why there is none, or NULL. */
	const char *(*missing)(void);
	/* Set ferry->sink and whatever else is needed. */
	void (*open)(struct ferry *ferry);
	/* After the last push has ended. */
	void (*close)(struct ferry *ferry);
	/* Of a stream: who reads it. NULL: each push goes to a place of its own. */
	void (*read)(void *ferry);
	/* Of others: look at a push that has ended. */
	void (*look)(struct ferry *ferry, unsigned int boat);
	/* So many are sent, and all awaited; 0: as many as there are. */
	unsigned int together;
	/* It copies while a push is handed over: nothing can be seen torn. */
	bool copies;
};

struct boat {
	bool away;
	unsigned int first;
	unsigned int nr;
	uint64_t generation[FERRY_LOAD];
	size_t pinned;
	unsigned long wrong;	/* pages that are not what was handed over */
	unsigned long torn;	/* of these: of more than one generation */
	unsigned int seen;
};

struct ferry {
	const struct shore *shore;
	struct stamped *file;
	unsigned int flags;	/* SPLICEVEC_STABLE, SPLICEVEC_VERIFY or 0 */
	unsigned int random;
	int vec;
	int sink;
	int peer;		/* a stream's other end, or what to look through */
	int second;		/* another one to look through */
	struct worker reader;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct boat boats[FERRY_BOATS];
	unsigned long sent;	/* boats, in order; a stream's are read in that */
	unsigned long arrived;
	unsigned long back;	/* whose record was reaped */
	bool over;
	/* What all came to. */
	unsigned long pages;
	unsigned long foretold;	/* that they would be pinned, if nobody is in the way */
	unsigned long pinned;
	unsigned long doubted;	/* whose record says UNSTABLE or CHANGED */
	unsigned long spoilt;	/* of these: wrong */
	unsigned long wrong;	/* of the others */
	unsigned long torn;
	int err;		/* of the stream */
};

void ferry_begin(struct ferry *ferry, const struct shore *shore, struct stamped *file,
		 unsigned int flags);
/* Push some pages, and take the records of others. */
void ferry_push(struct ferry *ferry);
/* Wait for all that is under way. */
void ferry_end(struct ferry *ferry);

/* May a page be another one, and nobody is told? */
bool boat_may_be_other(const struct ferry *ferry, unsigned int boat, unsigned int nr);
/* Compare a page that has arrived with what it should be. */
void boat_check(struct ferry *ferry, unsigned int boat, unsigned int nr,
		const void *page);
/* For shore->read of a stream: pages in order until the end of the stream. */
void ferry_read_stream(void *ferry);

#endif
