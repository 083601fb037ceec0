/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of vectors, and what they have to show whatever became of those. */
#ifndef _SELFTEST_STRESS_SHOWN_H
#define _SELFTEST_STRESS_SHOWN_H

#include "stress_extents.h"

/* @len bytes from position @start on of what held @e; without @map there is none. */
struct shown {
	char *map;
	uint64_t start;
	size_t len;
	struct extents e;
};

/* Map what @vec, which holds @e, has there. Return: 0 or a negative errno. */
int shown_begin(struct shown *s, int vec, uint64_t start, size_t len,
		const struct extents *e);
/* Look at it, perhaps several at once: they fault on the same pages. */
void shown_look(const struct shown *s, struct hand *hand);
/* Does it have any of whose end @notify tells? */
bool shown_notify(const struct shown *s, uint64_t notify);
/* There may be none. */
void shown_end(struct shown *s);

#endif
