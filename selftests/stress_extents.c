// SPDX-License-Identifier: GPL-2.0-only
/* What a vector has to hold. */
#include "stress_extents.h"

#include <string.h>

bool extents_full(const struct extents *e, unsigned int more)
{
	return e->nr + more > EXTENTS;
}

void extents_append(struct extents *e, const struct extent *extent, size_t len)
{
	if (!len)
		return;
	if (extents_full(e, 1))
		die("no more than %d extents", EXTENTS);
	e->list[e->nr] = *extent;
	e->list[e->nr++].len = len;
	e->tail += len;
}

struct extent extent_of_file(const struct file *file, size_t at, size_t len)
{
	struct extent extent = {
		.file = file,
		.at = at,
		.len = len,
		.block = at / BLOCK,
	};

	file_witness(file, at, len, extent.bounds);
	return extent;
}

static void cut_front(struct extent *extent, size_t len)
{
	extent->at += len;
	extent->len -= len;
}

void extents_copy(struct extents *to, const struct extents *from,
		  uint64_t start, size_t len)
{
	uint64_t at = from->head;
	unsigned int i;

	for (i = 0; i < from->nr && len; i++) {
		struct extent extent = from->list[i];
		size_t n;

		at += extent.len;
		if (at <= start)
			continue;
		n = at - start;
		cut_front(&extent, extent.len - n);
		n = n < len ? n : len;
		extents_append(to, &extent, n);
		start += n;
		len -= n;
	}
	if (len)
		die("%zu bytes more than it holds", len);
}

void extents_drop(struct extents *e, size_t len)
{
	unsigned int gone = 0;

	e->head += len;
	while (gone < e->nr && len >= e->list[gone].len)
		len -= e->list[gone++].len;
	e->nr -= gone;
	memmove(e->list, e->list + gone, e->nr * sizeof(*e->list));
	if (e->nr)
		cut_front(&e->list[0], len);
	else if (len)
		die("%zu bytes more than it holds", len);
}

bool extents_lazy(const struct extents *e)
{
	unsigned int i;

	for (i = 0; i < e->nr; i++)
		if (e->list[i].lazy)
			return true;
	return false;
}

bool extents_change(const struct extents *e)
{
	unsigned int i;

	for (i = 0; i < e->nr; i++)
		if (e->list[i].file)
			return true;
	return false;
}

void extents_settle(struct extents *e)
{
	unsigned int i;

	for (i = 0; i < e->nr; i++) {
		struct extent *x = &e->list[i];

		if (x->file)
			file_settle(x->file, x->at, x->len,
				    x->bounds + x->at / BLOCK - x->block);
	}
}

bool extents_notify(const struct extents *e, uint64_t start, size_t len,
		    uint64_t notify)
{
	uint64_t at = e->head;
	unsigned int i;

	for (i = 0; i < e->nr && at < start + len; i++) {
		at += e->list[i].len;
		if (at > start && e->list[i].notify == notify)
			return true;
	}
	return false;
}

static bool check_extent(const struct extent *x, uint64_t at, const void *buf,
			 size_t len)
{
	ssize_t wrong;

	if (!x->file) {
		wrong = pattern_check(buf, x->seed, at, len);
		return check(wrong < 0, "byte %llu of pattern %llu is wrong",
			     (unsigned long long)at + wrong,
			     (unsigned long long)x->seed);
	}
	wrong = file_wrong(x->file, at, x->bounds, x->block, buf, len);
	return check(wrong < 0,
		     "byte %llu of file %u (%s) is %#x, which never was there",
		     (unsigned long long)at + wrong, x->file->number,
		     place_name(x->file->place),
		     ((const unsigned char *)buf)[wrong < 0 ? 0 : wrong]);
}

bool extents_check(const struct extents *e, uint64_t start, const void *buf,
		   size_t len)
{
	uint64_t at = e->head;
	unsigned int i;

	for (i = 0; i < e->nr && len; i++) {
		const struct extent *x = &e->list[i];
		size_t skip, n;

		at += x->len;
		if (at <= start)
			continue;
		skip = x->len - (at - start);
		n = at - start < len ? at - start : len;
		if (!check_extent(x, x->at + skip, buf, n))
			return false;
		buf = (const char *)buf + n;
		start += n;
		len -= n;
	}
	return check(!len, "%zu bytes more than it holds", len);
}
