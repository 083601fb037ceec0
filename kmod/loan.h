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
struct sv_ring;

#define SV_LOAN_RUNS	256

/**
 * struct sv_loan - pages somebody lent us, with the way to give them back
 * @refs: one for each span, window and push that can reach the pages
 * @kind: who owns the pages
 * @plain: a page reference is all that holds the pages, so sinks may take
 *	references of their own that outlive this loan
 * @lazy: the pages may still be on their way from the disk
 * @nr: runs in use
 * @cap: runs there is room for
 * @serial: tells it from every other loan there is or was
 * @len: bytes of all runs
 * @pages: pages charged to @account
 * @cost: pages of each distinct folio, neighbours compared: what the loan keeps
 *	busy, and what is charged in the end
 * @last: folio of the last run's end, while the loan is built
 * @account: who pays; holds one reference
 * @release: gives the pages back, once; may sleep
 * @ring: the pipe buffers behind the runs, if they are held by their own
 *	operations; otherwise NULL
 * @bv: the runs: physically contiguous, bv_offset below PAGE_SIZE, each holding
 *	one reference (or pin) on every page it touches
 *
 * Built by one owner, who publishes it; from then on nothing but @refs changes.
 */
struct sv_loan {
	refcount_t refs;
	u8 kind;
	bool plain;
	bool lazy;
	u16 nr;
	u16 cap;
	u64 serial;
	size_t len;
	unsigned long pages;
	unsigned long cost;
	struct folio *last;
	struct sv_account *account;
	void (*release)(struct sv_loan *loan);
	struct sv_ring *ring;
	struct bio_vec bv[];
};

/* Do two pages lie side by side, in memory and in struct pages? */
static inline bool sv_page_follows(struct page *page, struct page *before)
{
	return page == before + 1 &&
	       page_to_pfn(page) == page_to_pfn(before) + 1;
}

/* The span that covers all of a complete loan, whose reference it borrows. */
static inline struct sv_span sv_span_whole(struct sv_loan *loan)
{
	return (struct sv_span) { .loan = loan, .len = loan->len };
}

struct sv_loan *sv_loan_alloc(struct sv_account *account,
			      enum splicevec_kind kind, unsigned int runs);
bool sv_loan_add(struct sv_loan *loan, struct page *page, u32 offset, u32 len);
void sv_loan_trim(struct sv_loan *loan, size_t len);
int sv_loan_settle(struct sv_loan *loan, bool no_way_back);
void sv_loan_set_kind(struct sv_loan *loan, enum splicevec_kind kind);

void sv_loan_end(struct sv_loan *loan);

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
struct folio *sv_bvec_folio(const struct bio_vec *bv, size_t skip, size_t *len);

#endif /* _SV_LOAN_H */
