/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_LOAN_H
#define _SV_LOAN_H

#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/splicevec.h>
#include <linux/types.h>

#include "spans.h"

struct sv_account;
struct sv_completion;
struct sv_lent;
struct sv_pin;
struct sv_ring;

#define SV_LOAN_RUNS	256

/* One run may not outgrow what an int of the block or net layer can hold. */
#define SV_RUN_MAX	SZ_1G

/**
 * struct sv_loan - pages somebody lent us, with the way to give them back
 * @refs: one for each span, window and push that can reach the pages
 * @kind: who owns the pages
 * @plain: a page reference is all that holds the pages, so sinks may take
 *	references of their own that outlive this loan
 * @lazy: the pages may still be on their way from the disk
 * @stable: nobody writes to the pages as long as the loan lives
 * @writable: they are page cache, and whoever pulled them had the file open for writing
 * @counted: a copy for a push that has counted its bytes as copied: what sinks copy
 *	of it besides is not told
 * @nr: runs in use
 * @cap: runs there is room for, of those that are charged
 * @room: runs the memory has room for
 * @serial: tells it from every other loan there is or was
 * @len: bytes of all runs
 * @pages: pages charged to @account
 * @cost: pages of each distinct folio, neighbours compared: what the loan keeps
 *	busy, and what is charged in the end
 * @last: folio of the last run's end, while the loan is built
 * @account: who pays; holds one reference
 * @completion: of whoever wants to know of the loan's end, or NULL; holds one
 *	reference
 * @release: gives the pages back, once; may sleep
 * @ring: the pipe buffers behind the runs, if they are held by their own
 *	operations; otherwise NULL
 * @lent: of a LENT loan: what a module has lent; holds one reference. Otherwise
 *	NULL
 * @pin: keeps the pages @stable, until its time is over: such a loan is in no vector.
 *	Otherwise NULL
 * @bv: the runs: physically contiguous, bv_offset below PAGE_SIZE, each holding
 *	one reference (or pin) on every page it touches; those of a LENT loan none
 *
 * Built by one owner, who publishes it; from then on nothing but @refs changes.
 */
struct sv_loan {
	refcount_t refs;
	u8 kind;
	bool plain;
	bool lazy;
	bool stable;
	bool writable;
	bool counted;
	u16 nr;
	u16 cap;
	u16 room;
	u64 serial;
	size_t len;
	unsigned long pages;
	unsigned long cost;
	struct folio *last;
	struct sv_account *account;
	struct sv_completion *completion;
	void (*release)(struct sv_loan *loan);
	struct sv_ring *ring;
	struct sv_lent *lent;
	struct sv_pin *pin;
	struct bio_vec bv[];
};

/* Is a page reference all that holds pages of this kind? */
static inline bool sv_kind_plain(enum splicevec_kind kind)
{
	return kind != SPLICEVEC_PINNED && kind != SPLICEVEC_LENT;
}

/* Are pages of this kind nobody's to write but ours? A lender may say so as well. */
static inline bool sv_kind_stable(enum splicevec_kind kind)
{
	return kind == SPLICEVEC_OWNED;
}

/* Do two pages lie side by side, in memory and in struct pages? */
static inline bool sv_page_follows(struct page *page, struct page *before)
{
	return page == before + 1 &&
	       page_to_pfn(page) == page_to_pfn(before) + 1;
}

/* Has the memory of a folio gone bad? */
static inline bool sv_folio_poisoned(struct folio *folio)
{
	return folio_test_hwpoison(folio) ||
	       (folio_test_large(folio) && folio_test_has_hwpoisoned(folio));
}

/*
 * Does somebody wait for the end of a loan? A process or module for its memory, a pipe or
 * device for its buffers, writers for the folios.
 */
static inline bool sv_loan_awaited(const struct sv_loan *loan)
{
	return loan->completion || loan->lent || loan->ring || loan->pin;
}

/* The span that covers all of a complete loan, whose reference it borrows. */
static inline struct sv_span sv_span_whole(struct sv_loan *loan)
{
	return (struct sv_span) { .loan = loan, .len = loan->len };
}

struct sv_loan *sv_loan_alloc(struct sv_account *account,
			      enum splicevec_kind kind, unsigned int runs);
bool sv_loan_add(struct sv_loan *loan, struct page *page, u32 offset, u32 len);
void sv_loan_cut(struct sv_loan *loan, size_t len);
int sv_loan_settle(struct sv_loan *loan, bool no_way_back);
void sv_loan_notify(struct sv_loan *loan, struct sv_completion *completion);
void sv_loan_lend(struct sv_loan *loan, struct sv_lent *lent);
void sv_loan_set_kind(struct sv_loan *loan, enum splicevec_kind kind);

/**
 * sv_loan_add_folio - add bytes of a folio that the loan has none of
 * @loan: private to the caller, of page references, with room for a run
 * @folio: folio
 * @page: its page that the bytes begin in; one reference on it, and on each page after
 *	it that the bytes touch, moves to the loan
 * @offset: first byte, below PAGE_SIZE; 0 unless these are the first of the loan
 * @len: bytes, less than SV_RUN_MAX in all
 *
 * As sv_loan_add(), which asks more.
 */
static inline void sv_loan_add_folio(struct sv_loan *loan, struct folio *folio,
				     struct page *page, u32 offset, u32 len)
{
	struct bio_vec *bv = &loan->bv[loan->nr];
	u32 end;

	loan->len += len;
	loan->cost += folio_nr_pages(folio);
	loan->last = folio;
	if (loan->nr) {
		end = bv[-1].bv_offset + bv[-1].bv_len;
		if (sv_page_follows(page, bv[-1].bv_page + (end >> PAGE_SHIFT) - 1)) {
			bv[-1].bv_len += len;
			return;
		}
	}
	*bv = (struct bio_vec) { page, len, offset };
	loan->nr++;
}

void sv_loan_put_pages(struct sv_loan *loan);
void sv_loan_end(struct sv_loan *loan);

/**
 * sv_loan_trim - cut a loan of page references short
 * @loan: private, neither PINNED nor LENT, without a ring
 * @len: bytes to keep, all if it has fewer
 */
static inline void sv_loan_trim(struct sv_loan *loan, size_t len)
{
	if (len < loan->len)
		sv_loan_cut(loan, len);
}

/**
 * sv_loan_get - take another reference
 * @loan: held by the caller
 *
 * Context: any.
 * Return: @loan.
 */
static inline struct sv_loan *sv_loan_get(struct sv_loan *loan)
{
	refcount_inc(&loan->refs);
	return loan;
}

/**
 * sv_loan_put - drop a reference
 * @loan: one reference is consumed; the last one gives the pages back
 *
 * Context: may sleep; no locks held.
 */
static inline void sv_loan_put(struct sv_loan *loan)
{
	if (refcount_dec_and_test(&loan->refs))
		sv_loan_end(loan);
}

size_t sv_span_plain(const struct sv_span *span, size_t len);

#endif /* _SV_LOAN_H */
