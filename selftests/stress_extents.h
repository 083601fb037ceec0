/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vector has to hold: pieces of the pattern, which never change, and pieces
 * of files that others rewrite.
 */
#ifndef _SELFTEST_STRESS_EXTENTS_H
#define _SELFTEST_STRESS_EXTENTS_H

#include "stress_files.h"

#define EXTENTS	24

struct extent {
	const struct file *file;	/* NULL: the pattern */
	uint64_t seed;
	uint64_t at;			/* first byte in file or pattern */
	size_t len;
	bool lazy;			/* was perhaps not read when it was pulled */
	uint64_t notify;		/* user_data of who is told of its end, or 0 */
	size_t block;			/* of the file, which @bounds begin with */
	struct bounds bounds[PIECE_BLOCKS];
};

struct extents {
	uint64_t head;			/* position of the first byte */
	uint64_t tail;
	unsigned int nr;
	struct extent list[EXTENTS];
};

bool extents_full(const struct extents *e, unsigned int more);
/* Before a pull of a file, and after it: this is what it may bring. */
struct extent extent_of_file(const struct file *file, size_t at, size_t len);
/* The first @len bytes of it. */
void extents_append(struct extents *e, const struct extent *extent, size_t len);
/* Bytes @start to @start + @len, positions of @from, which is not @to. */
void extents_copy(struct extents *to, const struct extents *from,
		  uint64_t start, size_t len);
void extents_drop(struct extents *e, size_t len);
/* Is there anything lazy in it, or of a file? */
bool extents_lazy(const struct extents *e);
bool extents_change(const struct extents *e);
/* Whatever it is, it was copied: files change no more. */
void extents_settle(struct extents *e);
/* Do the @len bytes from @start on have any of whose end @notify tells? */
bool extents_notify(const struct extents *e, uint64_t start, size_t len,
		    uint64_t notify);
/* @buf is what is held from position @start on, or it is said what is not. */
bool extents_check(const struct extents *e, uint64_t start, const void *buf,
		   size_t len);

#endif
