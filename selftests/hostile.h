/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where bytes come from that somebody else may write to, and who does. They are those
 * of the pattern RECORDS_SEED from 0 on until a deed is done.
 */
#ifndef _SELFTEST_HOSTILE_H
#define _SELFTEST_HOSTILE_H

#include "places.h"

#include <stdbool.h>
#include <stddef.h>

/* Memory has no file. */
struct prey {
	const char *name;
	enum place place;	/* of its file */
	bool memory;
	char *map;		/* all of it, writable */
	int file;
	size_t len;
};

enum prey_kind {
	PREY_MEMORY,
	PREY_EXT4,
	PREY_XFS,
	PREY_TMPFS,
	PREYS
};

/* Why there is none here, or NULL. */
const char *prey_missing(enum prey_kind kind);
void prey_open(struct prey *prey, enum prey_kind kind, size_t len);
/* A vector that holds all of it. */
int prey_vector(const struct prey *prey);
/* The same through its page cache, or whatever else lends it. */
void prey_pull(const struct prey *prey, int vec);
void prey_close(struct prey *prey);
/* Has somebody changed what this vector, which was filled from it, has @len bytes of? */
bool prey_changed(int look, size_t len);

struct deed {
	const char *name;
	/* Does whoever has the pages see it for sure, be it later? */
	bool shows;
	/* NULL: always */
	bool (*possible)(const struct prey *prey);
	/* Change some of the last @len bytes, eight pages at least. */
	void (*commit)(const struct prey *prey, size_t from, size_t len);
};

extern const struct deed deeds[];
extern const unsigned int nr_deeds;

static inline bool deed_possible(const struct deed *deed, const struct prey *prey)
{
	return !deed->possible || deed->possible(prey);
}

#endif
