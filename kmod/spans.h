/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SPANS_H
#define _SV_SPANS_H

#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/uio.h>

struct sv_loan;

/*
 * For memory that users can make us allocate at will: their cgroup pays, and they
 * learn it when it cannot. kvmalloc() would tell the log of every such time.
 */
#define SV_GFP_LARGE	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/**
 * struct sv_span - a slice of a loan
 * @loan: its pages; holds one reference where the span is in a list
 * @run: first run
 * @skip: bytes of that run before the slice
 * @len: bytes, over as many runs as it takes
 * @at: absolute position of the first byte
 */
struct sv_span {
	struct sv_loan *loan;
	u32 run;
	u32 skip;
	size_t len;
	u64 at;
};

/* Spans a list holds without an array: what a single pull or push often needs. */
#define SV_SPANS_FEW	2

/**
 * struct sv_spans - a list of spans, without a lock
 * @ring: array of @cap spans, a power of two, used as a ring; NULL: @few serves
 * @first: index of the first span
 * @nr: number of spans
 * @cap: size of @ring
 * @head: absolute position of the first byte
 * @tail: absolute position one past the last byte
 * @loans: loans, neighbouring spans of the same loan counted once
 * @pages: pages charged for them, counted the same way
 * @lazy: some of them may still be on their way from the disk
 * @few: spans, as long as there is no @ring
 *
 * Serves as a vector's body, as what a pull has gathered so far and as the
 * window a push works on. All zero is an empty list.
 */
struct sv_spans {
	struct sv_span *ring;
	u32 first;
	u32 nr;
	u32 cap;
	u64 head;
	u64 tail;
	u64 loans;
	u64 pages;
	bool lazy;
	struct sv_span few[SV_SPANS_FEW];
};

/* How many spans a list has room for. */
static inline u32 sv_spans_cap(const struct sv_spans *spans)
{
	return spans->ring ? spans->cap : SV_SPANS_FEW;
}

/* A span by its index: 0 is the first, below the capacity. */
static inline struct sv_span *sv_spans_at(const struct sv_spans *spans, u32 i)
{
	const struct sv_span *ring = spans->ring ?: spans->few;

	return (struct sv_span *)&ring[(spans->first + i) &
				       (sv_spans_cap(spans) - 1)];
}

/**
 * struct sv_piece - bytes of a single page
 * @page: it; whoever holds the loan holds it
 * @offset: of the first byte, below PAGE_SIZE
 * @len: bytes
 */
struct sv_piece {
	struct page *page;
	u32 offset;
	u32 len;
};

struct sv_span *sv_spans_alloc_ring(u32 cap);
struct sv_span *sv_spans_adopt_ring(struct sv_spans *spans,
				    struct sv_span *ring, u32 cap);
int sv_spans_grow(struct sv_spans *spans, u32 more);

/**
 * sv_spans_reserve - make room in a private list
 * @spans: list nobody else can see
 * @more: room for this many spans more
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
static inline int sv_spans_reserve(struct sv_spans *spans, u32 more)
{
	if (spans->nr + more <= sv_spans_cap(spans))
		return 0;
	return sv_spans_grow(spans, more);
}

void sv_spans_append(struct sv_spans *spans, const struct sv_span *span);
void sv_spans_append_loan(struct sv_spans *spans, struct sv_loan *loan);
void sv_spans_move(struct sv_spans *to, struct sv_spans *from);
u32 sv_spans_find(const struct sv_spans *spans, u64 at);
u32 sv_spans_share(const struct sv_spans *spans, u64 at, u64 len, u32 max,
		   struct sv_spans *to);
bool sv_spans_consume(struct sv_spans *spans, u64 *len,
		      struct sv_loan **emptied, u32 *nr);
void sv_spans_drop(struct sv_spans *spans, u64 len);
void sv_spans_cut(struct sv_spans *spans, u64 len);
bool sv_spans_unstable(const struct sv_spans *spans, u64 len);
void sv_spans_free_ring(struct sv_spans *spans);

/**
 * sv_spans_free - drop everything and free the array
 * @spans: list nobody else can see
 *
 * Context: may sleep.
 */
static inline void sv_spans_free(struct sv_spans *spans)
{
	if (spans->nr)
		sv_spans_drop(spans, U64_MAX);
	if (spans->ring)
		sv_spans_free_ring(spans);
}

/**
 * sv_spans_front - the first bytes of a list that lie in one span
 * @spans: list, not empty
 * @len: bytes at the most
 *
 * Return: the span; it borrows the list's reference.
 */
static inline struct sv_span sv_spans_front(const struct sv_spans *spans,
					    size_t len)
{
	struct sv_span span = *sv_spans_at(spans, 0);

	span.len = min(span.len, len);
	return span;
}

struct page *sv_span_page(const struct sv_span *span);
int sv_spans_iter(const struct sv_spans *spans, size_t len, int direction,
		  struct iov_iter *iter, struct bio_vec **runs);

size_t sv_span_before(const struct sv_span *span);
void sv_span_advance(struct sv_span *span, size_t len);
bool sv_span_next_piece(struct sv_span *span, struct sv_piece *piece);
void sv_span_iter(const struct sv_span *span, int direction,
		  struct iov_iter *iter);

#endif /* _SV_SPANS_H */
