// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Compare two vectors by whose memory they are: their spans side by side, each
 * list cut where the other is.
 */
#include "internal.h"

#include <errno.h>

/* Spans asked for at a time: a few pages of stack, and few calls. */
#define BATCH	64

/**
 * struct cursor - a place in a vector, on its way to the end
 * @vec: vector
 * @at: absolute position
 * @end: where the vector ended when the comparison began
 * @next: the span that holds @at, cut to begin there, is the first of those
 *	that are left
 * @left: how many are left; 0: ask for more
 * @spans: what SPANS said
 */
struct cursor {
	int vec;
	uint64_t at;
	uint64_t end;
	struct splicevec_span *next;
	int left;
	struct splicevec_span spans[BATCH];
};

static int begin(struct cursor *c, int vec)
{
	struct splicevec_info info;
	int ret = sv_info(vec, &info);

	c->vec = vec;
	c->at = info.head;
	c->end = info.tail;
	c->left = 0;
	return ret;
}

static void advance(struct cursor *c, uint64_t len)
{
	struct splicevec_span *span = c->next;

	c->at += len;
	span->offset += len;
	span->skip += len;
	span->len -= len;
	if (!span->len) {
		c->next++;
		c->left--;
	}
}

/* Have a span at hand: SPANS gives whole ones, that may begin before @at. */
static int fill(struct cursor *c)
{
	uint64_t at = c->at;

	if (c->left)
		return 0;
	c->left = sv_spans(c->vec, at, c->spans, BATCH);
	if (c->left < 0)
		return c->left;
	c->next = c->spans;
	if (!c->left || c->next->offset > at)
		return -ESTALE;
	c->at = c->next->offset;
	advance(c, at - c->at);
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Return: bytes from here on that are the same memory, or a negative errno. */
static int64_t run_length(struct cursor *a, struct cursor *b)
{
	int ret = fill(a);

	if (!ret)
		ret = fill(b);
	if (ret)
		return ret;
	if (a->next->loan != b->next->loan || a->next->skip != b->next->skip)
		return 0;
	return least(least(a->next->len, a->end - a->at),
		     least(b->next->len, b->end - b->at));
}

static int compare(struct cursor *a, struct cursor *b, uint64_t *same)
{
	*same = 0;
	while (a->at < a->end && b->at < b->end) {
		int64_t n = run_length(a, b);

		if (n < 0)
			return n;
		if (!n)
			return 1;
		*same += n;
		advance(a, n);
		advance(b, n);
	}
	return a->at < a->end || b->at < b->end;
}

SV_API int sv_compare(int a, int b, uint64_t *same)
{
	struct cursor x, y;
	uint64_t unused;
	int ret = begin(&x, a);

	if (!ret)
		ret = begin(&y, b);
	if (ret)
		return ret;
	return compare(&x, &y, same ? same : &unused);
}
