/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of stamped pages, of which is known what each holds, and writers who do to it
 * whatever can be done to a file, all at once. Each page has a lock: its writer keeps
 * it until the page is whole again, so who has it knows what is there, and whoever
 * reads the page after that without it may see it torn.
 */
#ifndef _SELFTEST_STAMPEDE_H
#define _SELFTEST_STAMPEDE_H

#include "common.h"
#include "places.h"

struct stamped_page {
	pthread_mutex_t lock;
	uint64_t generation;
};

struct stamped {
	const char *name;
	enum place place;	/* ANYWHERE: a block device */
	char path[64];
	int file;		/* open for reading and writing */
	int direct;		/* the same, O_DIRECT, or -1 */
	char *map;		/* all of it, writable */
	unsigned int pages;
	struct stamped_page *page;
	_Atomic uint64_t generations;
	_Atomic unsigned int hot;	/* page that it is best to write to now */
};

/* Why there is none in this place, or NULL. */
const char *stamped_missing(enum place place);
/* A new file, with a name, on the disk and in the cache. */
void stamped_make(struct stamped *file, enum place place, unsigned int pages);
/* Let go of the file and of its cache, then have it again: say, after it was unmounted. */
void stamped_close(struct stamped *file);
void stamped_open(struct stamped *file);
/* Every page is what it should be. */
void stamped_check(struct stamped *file);
/* It is gone for good. */
void stamped_remove(struct stamped *file);

/* Pages from @first on, in this order. */
void stamped_lock(struct stamped *file, unsigned int first, unsigned int nr);
void stamped_unlock(struct stamped *file, unsigned int first, unsigned int nr);

/* Of pages that nobody else changes meanwhile, as those that are locked. */
void stamped_write(struct stamped *file, unsigned int first, unsigned int nr);

struct hostility {
	const char *name;
	bool cuts;		/* everything from there on; of files only */
	bool files;		/* of files only */
	/* Of the pages between these parts of four. */
	unsigned int from, to;
	/* Of pages that nobody else changes meanwhile. */
	void (*commit)(struct stamped *file, unsigned int first, unsigned int nr);
};

extern const struct hostility hostilities[];
extern const unsigned int nr_hostilities;

#define HOSTILES_MAX	8

struct hostile {
	struct worker worker;
	struct stamped *file;
	unsigned int random;
	const struct hostility *how;
	unsigned long deeds;
	const bool *over;
};

struct stampede {
	struct hostile hostiles[HOSTILES_MAX];
	unsigned int nr;
	bool over;
};

/* One thread of each sort that the file knows. */
void stampede_begin(struct stampede *stampede, struct stamped *file);
/* Return: how many deeds were done. */
unsigned long stampede_end(struct stampede *stampede);

#endif
