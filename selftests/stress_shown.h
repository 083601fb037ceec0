/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of vectors, and what they have to show whatever became of those. */
#ifndef _SELFTEST_STRESS_SHOWN_H
#define _SELFTEST_STRESS_SHOWN_H

#include "stress_extents.h"

/* Without @map there is none. */
struct shown {
	char *map;
	uint64_t start;		/* position of the first byte */
	size_t len;
	struct extents e;	/* what the vector held then */
	int vec;		/* -1: it was closed ... */
	struct extents kept;	/* ... and holds this as long as it is mapped */
};

/* Map what @vec, which holds @e, has there. Return: 0 or a negative errno. */
int shown_begin(struct shown *s, int vec, uint64_t start, size_t len,
		const struct extents *e);
/* @vec is about to be closed, and holds @e. It may be another one. */
void shown_inherit(struct shown *s, int vec, const struct extents *e);
/* Look at it, perhaps several at once: they fault on the same pages. */
void shown_look(const struct shown *s, struct hand *hand);
/* Does it have any of whose end @notify tells, or its vector that was closed? */
bool shown_notify(const struct shown *s, uint64_t notify);
/* There may be none. */
void shown_end(struct shown *s);

#endif
