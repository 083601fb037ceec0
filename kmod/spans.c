// SPDX-License-Identifier: GPL-2.0-only
/*
 * Span lists and the arithmetic of slices. Nothing here locks or waits for
 * anything but memory.
 */
#include "spans.h"

#include <linux/bvec.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "loan.h"

#define SV_SPANS_MIN	4

/**
 * sv_spans_alloc_ring - memory for a larger list
 * @cap: spans, a power of two
 *
 * Context: may sleep.
 * Return: the array, for kvfree(), or NULL.
 */
struct sv_span *sv_spans_alloc_ring(u32 cap)
{
	return kvmalloc_array(cap, sizeof(struct sv_span), SV_GFP_LARGE);
}

/**
 * sv_spans_adopt_ring - move a list into a larger array
 * @spans: list
 * @ring: from sv_spans_alloc_ring(), larger than the present one
 * @cap: its size
 *
 * Return: the former array, for the caller to kvfree(); NULL if there was none.
 */
struct sv_span *sv_spans_adopt_ring(struct sv_spans *spans,
				    struct sv_span *ring, u32 cap)
{
	struct sv_span *old = spans->ring;
	u32 i;

	for (i = 0; i < spans->nr; i++)
		ring[i] = *sv_spans_at(spans, i);
	spans->ring = ring;
	spans->first = 0;
	spans->cap = cap;
	return old;
}

/**
 * sv_spans_grow - give a private list a larger array
 * @spans: list nobody else can see
 * @more: room for this many spans more
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int sv_spans_grow(struct sv_spans *spans, u32 more)
{
	struct sv_span *ring;
	u32 cap;

	cap = max_t(u32, roundup_pow_of_two(spans->nr + more), SV_SPANS_MIN);
	ring = sv_spans_alloc_ring(cap);
	if (!ring)
		return -ENOMEM;
	kvfree(sv_spans_adopt_ring(spans, ring, cap));
	return 0;
}

static inline void append(struct sv_spans *spans, struct sv_loan *loan, u32 run,
			  u32 skip, size_t len)
{
	struct sv_loan *last = NULL;

	if (spans->nr)
		last = sv_spans_at(spans, spans->nr - 1)->loan;
	else
		spans->lazy = false;
	if (last != loan) {
		spans->loans++;
		spans->pages += loan->pages;
		spans->lazy |= loan->lazy;
	}
	*sv_spans_at(spans, spans->nr) = (struct sv_span) {
		.loan = loan,
		.run = run,
		.skip = skip,
		.len = len,
		.at = spans->tail,
	};
	spans->nr++;
	spans->tail += len;
}

/**
 * sv_spans_append - add a span at the end
 * @spans: list with room
 * @span: its loan reference moves to the list; @at is set anew
 */
void sv_spans_append(struct sv_spans *spans, const struct sv_span *span)
{
	append(spans, span->loan, span->run, span->skip, span->len);
}

/**
 * sv_spans_append_loan - add all of a loan at the end
 * @spans: list with room
 * @loan: complete; its reference moves to the list
 */
void sv_spans_append_loan(struct sv_spans *spans, struct sv_loan *loan)
{
	append(spans, loan, 0, 0, loan->len);
}

/**
 * sv_spans_move - append all spans of one list to another
 * @to: list with room
 * @from: empty afterwards, its array kept
 */
void sv_spans_move(struct sv_spans *to, struct sv_spans *from)
{
	u32 i;

	for (i = 0; i < from->nr; i++)
		sv_spans_append(to, sv_spans_at(from, i));
	from->nr = 0;
	from->loans = 0;
	from->pages = 0;
	from->head = from->tail;
}

/**
 * sv_spans_find - which span holds a position
 * @spans: list
 * @at: absolute position, not below the head
 *
 * Return: the span's index; the number of spans if @at is at or past the tail.
 */
u32 sv_spans_find(const struct sv_spans *spans, u64 at)
{
	u32 low = 0;
	u32 high = spans->nr;

	if (high && at < sv_spans_at(spans, 0)->at + sv_spans_at(spans, 0)->len)
		return 0;
	while (low < high) {
		u32 mid = low + (high - low) / 2;
		const struct sv_span *span = sv_spans_at(spans, mid);

		if (at < span->at + span->len)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Spans from the @first on that bytes before @end lie in. */
static u32 count_spans(const struct sv_spans *spans, u32 first, u64 end)
{
	const struct sv_span *span = sv_spans_at(spans, first);

	if (end <= span->at + span->len)
		return 1;
	return sv_spans_find(spans, end - 1) - first + 1;
}

/**
 * sv_spans_share - append a window of one list to another
 * @spans: list
 * @at: absolute position, not below the head
 * @len: bytes; what @spans does not hold is left out
 * @max: spans at the most
 * @to: list; gets references of its own
 *
 * Return: 0, or for how many spans @to needs room before anything is shared.
 */
u32 sv_spans_share(const struct sv_spans *spans, u64 at, u64 len, u32 max,
		   struct sv_spans *to)
{
	struct sv_span span;
	u32 first, nr, i;
	u64 end;

	if (at >= spans->tail || !len)
		return 0;
	end = at + min(len, spans->tail - at);
	first = sv_spans_find(spans, at);
	nr = min(count_spans(spans, first, end), max);
	if (to->nr + nr > sv_spans_cap(to))
		return nr;
	for (i = first; i < first + nr; i++) {
		span = *sv_spans_at(spans, i);
		sv_span_advance(&span, at - span.at);
		span.len = min_t(u64, span.len, end - at);
		at += span.len;
		sv_loan_get(span.loan);
		append(to, span.loan, span.run, span.skip, span.len);
	}
	return 0;
}

/* Forget the first span, which is used up. Return: its loan's reference. */
static inline struct sv_loan *remove_first(struct sv_spans *spans)
{
	struct sv_loan *loan = sv_spans_at(spans, 0)->loan;

	spans->first = (spans->first + 1) & (sv_spans_cap(spans) - 1);
	spans->nr--;
	if (!spans->nr || sv_spans_at(spans, 0)->loan != loan) {
		spans->loans--;
		spans->pages -= loan->pages;
	}
	return loan;
}

/*
 * Consume bytes of the first span, counting them down. Return: its loan's
 * reference if it is used up, or NULL.
 */
static inline struct sv_loan *consume_first(struct sv_spans *spans,
					    u64 *len)
{
	struct sv_span *span = sv_spans_at(spans, 0);
	size_t n = min_t(u64, *len, span->len);

	*len -= n;
	spans->head += n;
	if (n == span->len)
		return remove_first(spans);
	sv_span_advance(span, n);
	return NULL;
}

/**
 * sv_spans_consume - advance the head
 * @spans: list
 * @len: bytes to consume, counted down
 * @emptied: array that receives the references of used-up spans, for the caller
 *	to put where that is allowed
 * @nr: its size; on return the number of references in it
 *
 * Return: true when done, false if @emptied was full before @len was consumed:
 * put those and go on.
 */
bool sv_spans_consume(struct sv_spans *spans, u64 *len,
		      struct sv_loan **emptied, u32 *nr)
{
	struct sv_loan *loan;
	u32 room = *nr;

	*nr = 0;
	while (*len && spans->nr) {
		if (*nr == room)
			return false;
		loan = consume_first(spans, len);
		if (loan)
			emptied[(*nr)++] = loan;
	}
	return true;
}

/**
 * sv_spans_drop - consume bytes of a private list
 * @spans: list nobody else can see
 * @len: bytes, U64_MAX for all
 *
 * Context: may sleep: gives pages back.
 */
void sv_spans_drop(struct sv_spans *spans, u64 len)
{
	struct sv_loan *loan;

	while (len && spans->nr) {
		loan = consume_first(spans, &len);
		if (loan)
			sv_loan_put(loan);
		cond_resched();
	}
}

/**
 * sv_spans_cut - shorten a private list
 * @spans: list nobody else can see
 * @len: bytes to keep, not more than it has
 *
 * Context: may sleep: gives pages back.
 */
void sv_spans_cut(struct sv_spans *spans, u64 len)
{
	u64 end = spans->head + len;

	while (spans->nr && sv_spans_at(spans, spans->nr - 1)->at >= end) {
		struct sv_loan *loan = sv_spans_at(spans, --spans->nr)->loan;

		if (!spans->nr || sv_spans_at(spans, spans->nr - 1)->loan != loan) {
			spans->loans--;
			spans->pages -= loan->pages;
		}
		sv_loan_put(loan);
	}
	if (spans->nr) {
		struct sv_span *last = sv_spans_at(spans, spans->nr - 1);

		last->len = end - last->at;
	}
	spans->tail = end;
}

/**
 * sv_spans_unstable - are there bytes that somebody may write to?
 * @spans: list
 * @len: bytes at its front
 *
 * Return: true if so.
 */
bool sv_spans_unstable(const struct sv_spans *spans, u64 len)
{
	u64 end = spans->head + len;
	u32 i;

	for (i = 0; i < spans->nr && sv_spans_at(spans, i)->at < end; i++)
		if (!sv_spans_at(spans, i)->loan->stable)
			return true;
	return false;
}

/**
 * sv_spans_free_ring - free the array of an empty list
 * @spans: list nobody else can see
 */
void sv_spans_free_ring(struct sv_spans *spans)
{
	kvfree(spans->ring);
	spans->ring = NULL;
	spans->cap = 0;
}

/**
 * sv_span_before - how far into its loan a span begins
 * @span: span
 *
 * Return: bytes of the loan before it.
 */
size_t sv_span_before(const struct sv_span *span)
{
	size_t before = span->skip;
	u32 i;

	for (i = 0; i < span->run; i++)
		before += span->loan->bv[i].bv_len;
	return before;
}

/**
 * sv_span_page - the page that a span begins in
 * @span: not empty
 *
 * Return: the page.
 */
struct page *sv_span_page(const struct sv_span *span)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];

	return bv->bv_page + ((bv->bv_offset + span->skip) >> PAGE_SHIFT);
}

/**
 * sv_span_advance - cut bytes off the front of a span
 * @span: span
 * @len: bytes, not more than it has
 */
void sv_span_advance(struct sv_span *span, size_t len)
{
	const struct bio_vec *bv = span->loan->bv;

	span->len -= len;
	span->at += len;
	len += span->skip;
	while (len && len >= bv[span->run].bv_len)
		len -= bv[span->run++].bv_len;
	span->skip = len;
}

/**
 * sv_span_next_piece - take the next bytes of a span that lie in one page
 * @span: a copy of the span to walk; advanced
 * @piece: result
 *
 * Return: false at the end of the span.
 */
bool sv_span_next_piece(struct sv_span *span, struct sv_piece *piece)
{
	const struct bio_vec *bv;
	u32 offset;

	if (!span->len)
		return false;
	bv = &span->loan->bv[span->run];
	offset = bv->bv_offset + span->skip;
	piece->page = bv->bv_page + (offset >> PAGE_SHIFT);
	piece->offset = offset_in_page(offset);
	piece->len = min3(span->len, (size_t)(bv->bv_len - span->skip),
			  (size_t)(PAGE_SIZE - piece->offset));
	sv_span_advance(span, piece->len);
	return true;
}

/* An iterator over the first @len bytes of a span. */
static inline void iter_front(const struct sv_span *span, size_t len,
			      int direction, struct iov_iter *iter)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t left = span->skip + len;
	unsigned int segs = 0;

	while (left) {
		left -= min_t(size_t, left, bv[segs].bv_len);
		segs++;
	}
	iov_iter_bvec(iter, direction, bv, segs, span->skip + len);
	if (span->skip)
		iov_iter_advance(iter, span->skip);
}

/**
 * sv_span_iter - an iterator over a span
 * @span: span; its runs are used as they are
 * @direction: ITER_SOURCE to read it; ITER_DEST to fill it, which only the maker
 *	of an OWNED loan may do
 * @iter: result
 */
void sv_span_iter(const struct sv_span *span, int direction,
		  struct iov_iter *iter)
{
	iter_front(span, span->len, direction, iter);
}

/* Cut a span's runs out of its loan's. Return: their number. */
static size_t copy_runs(const struct sv_span *span, struct bio_vec *to)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t left = span->len;
	size_t nr = 0;

	for (; left; bv++, skip = 0) {
		size_t offset = bv->bv_offset + skip;

		to[nr].bv_page = bv->bv_page + (offset >> PAGE_SHIFT);
		to[nr].bv_offset = offset_in_page(offset);
		to[nr].bv_len = min_t(size_t, left, bv->bv_len - skip);
		left -= to[nr++].bv_len;
	}
	return nr;
}

/* How many runs the first @len bytes of a list lie in. */
static size_t count_runs(const struct sv_spans *spans, size_t len)
{
	struct iov_iter part;
	size_t nr = 0;
	u32 i;

	for (i = 0; len; i++) {
		const struct sv_span *span = sv_spans_at(spans, i);
		size_t n = min(span->len, len);

		iter_front(span, n, ITER_SOURCE, &part);
		nr += part.nr_segs;
		len -= n;
	}
	return nr;
}

/* Put the runs of several spans into one array. */
static noinline int iter_several(const struct sv_spans *spans, size_t len,
				 int direction, struct iov_iter *iter,
				 struct bio_vec **runs)
{
	size_t nr = count_runs(spans, len);
	size_t left = len;
	struct sv_span span;
	u32 i;

	*runs = kvmalloc_array(nr, sizeof(**runs), SV_GFP_LARGE);
	if (nr && !*runs)
		return -ENOMEM;
	nr = 0;
	for (i = 0; left; i++) {
		span = *sv_spans_at(spans, i);
		span.len = min(span.len, left);
		nr += copy_runs(&span, *runs + nr);
		left -= span.len;
	}
	iov_iter_bvec(iter, direction, *runs, nr, len);
	return 0;
}

/**
 * sv_spans_iter - an iterator over the first bytes of a list
 * @spans: list
 * @len: bytes, not more than it has
 * @direction: as for sv_span_iter()
 * @iter: result
 * @runs: result: array the iterator needs, for the caller to kvfree(); NULL if
 *	it needs none
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int sv_spans_iter(const struct sv_spans *spans, size_t len, int direction,
		  struct iov_iter *iter, struct bio_vec **runs)
{
	const struct sv_span *first = sv_spans_at(spans, 0);

	if (!spans->nr || len > first->len)
		return iter_several(spans, len, direction, iter, runs);
	iter_front(first, len, direction, iter);
	*runs = NULL;
	return 0;
}
