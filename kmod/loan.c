// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loans: the one thing that owns pages.
 *
 * A loan is charged before its pages are taken, built privately, settled to
 * what its pages really cost, then shared by reference. The last reference
 * gives the pages back and undoes the charge. Whoever may drop the last one
 * from a context that cannot sleep does so through a push (tracked.c), which is
 * finished elsewhere (deferred.c).
 */
#include "loan.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "account.h"
#include "completion.h"
#include "lent.h"
#include "trace.h"

static atomic64_t last_serial;

static unsigned int run_pages(const struct bio_vec *bv)
{
	return DIV_ROUND_UP(bv->bv_offset + bv->bv_len, PAGE_SIZE);
}

static inline void put_run(const struct bio_vec *bv)
{
	unsigned int left = run_pages(bv);
	struct page *page = bv->bv_page;

	/* as most are */
	if (left == 1) {
		put_page(page);
		return;
	}
	while (left) {
		struct folio *folio = page_folio(page);
		unsigned int n = min_t(unsigned long, left, folio_nr_pages(folio) -
				       folio_page_idx(folio, page));

		folio_put_refs(folio, n);
		page += n;
		left -= n;
	}
}

/**
 * sv_loan_put_pages - drop a reference on each page of each run
 * @loan: of page references, which is about to end
 *
 * Context: may sleep.
 */
void sv_loan_put_pages(struct sv_loan *loan)
{
	int i;

	for (i = 0; i < loan->nr; i++)
		put_run(&loan->bv[i]);
}

static void release_pages_unpin(struct sv_loan *loan)
{
	int i;

	for (i = 0; i < loan->nr; i++)
		unpin_user_page_range_dirty_lock(loan->bv[i].bv_page,
						 run_pages(&loan->bv[i]),
						 false);
}

/* Paid for until the lender has the pages back. */
static void release_lent(struct sv_loan *loan)
{
	sv_lent_put(loan->lent, loan->pages);
	loan->pages = 0;
}

/*
 * Small loans come and go with each message, and the allocator would take longer than
 * all else that is done for one: so the memory of the one that ended last serves the
 * next. It stays charged to the memory cgroup that first had it.
 */
#define SV_SPARE_RUNS							\
	((SZ_512 - sizeof(struct sv_loan)) / sizeof(struct bio_vec))

/* Use after the end would go unnoticed, so not where KASAN looks for that. */
#define SV_SPARES	!IS_ENABLED(CONFIG_KASAN)

static inline struct sv_loan *memory_alloc(struct sv_account *account,
					   unsigned int runs)
{
	struct sv_loan *loan = NULL;

	if (runs <= SV_SPARE_RUNS && READ_ONCE(account->spare))
		loan = xchg(&account->spare, NULL);
	if (loan && loan->room >= runs)
		return loan;
	kfree(loan);
	loan = kmalloc(struct_size(loan, bv, runs), GFP_KERNEL_ACCOUNT);
	if (loan)
		loan->room = runs;
	return loan;
}

/* @account: held by the caller. */
static inline void memory_free(struct sv_account *account, struct sv_loan *loan)
{
	if (SV_SPARES && loan->room <= SV_SPARE_RUNS &&
	    !READ_ONCE(account->spare) && !cmpxchg(&account->spare, NULL, loan))
		return;
	kfree(loan);
}

/**
 * sv_loan_alloc - begin a loan
 * @account: who pays
 * @kind: kind of pages
 * @runs: room for this many runs, at most SV_LOAN_RUNS; as many pages are
 *	charged at once
 *
 * Context: may sleep.
 * Return: the loan with one reference, -ENOMEM or -EDQUOT.
 */
struct sv_loan *sv_loan_alloc(struct sv_account *account,
			      enum splicevec_kind kind, unsigned int runs)
{
	struct sv_loan *loan;
	int err;

	loan = memory_alloc(account, runs);
	if (!loan)
		return ERR_PTR(-ENOMEM);
	err = sv_account_charge(account, kind, runs);
	if (err) {
		memory_free(account, loan);
		return ERR_PTR(err);
	}
	refcount_set(&loan->refs, 1);
	loan->kind = kind;
	loan->plain = sv_kind_plain(kind);
	loan->lazy = false;
	loan->stable = sv_kind_stable(kind);
	loan->writable = false;
	loan->counted = false;
	loan->nr = 0;
	loan->cap = runs;
	loan->serial = atomic64_inc_return_relaxed(&last_serial);
	loan->len = 0;
	loan->pages = runs;
	loan->cost = 0;
	loan->last = NULL;
	loan->account = sv_account_get(account);
	loan->completion = NULL;
	loan->release = kind == SPLICEVEC_PINNED ? release_pages_unpin :
						   sv_loan_put_pages;
	loan->ring = NULL;
	loan->lent = NULL;
	loan->pin = NULL;
	atomic_long_inc(&account->loans[kind]);
	return loan;
}

/**
 * sv_loan_notify - have somebody told when the last user is gone
 * @loan: private
 * @completion: the loan takes a reference of its own
 *
 * Sinks may then take no references that would outlive the loan.
 */
void sv_loan_notify(struct sv_loan *loan, struct sv_completion *completion)
{
	loan->plain = false;
	loan->completion = sv_completion_get(completion);
}

/**
 * sv_loan_lend - the pages to come are a module's
 * @loan: private, of kind LENT, empty
 * @lent: what they are a part of; the loan takes a reference of its own
 */
void sv_loan_lend(struct sv_loan *loan, struct sv_lent *lent)
{
	loan->lent = sv_lent_get(lent);
	loan->stable = lent->lender.stable;
	loan->release = release_lent;
}

/**
 * sv_loan_set_kind - say what the pages turned out to be
 * @loan: private, neither PINNED nor LENT
 * @kind: kind, likewise: the charge stays as it is
 */
void sv_loan_set_kind(struct sv_loan *loan, enum splicevec_kind kind)
{
	atomic_long_dec(&loan->account->loans[loan->kind]);
	loan->kind = kind;
	loan->stable = sv_kind_stable(kind);
	atomic_long_inc(&loan->account->loans[kind]);
}

/* Does @page at @offset begin where @bv ends? */
static bool run_continues(const struct bio_vec *bv, struct page *page,
			  u32 offset)
{
	u32 end = bv->bv_offset + bv->bv_len;
	struct page *last = bv->bv_page + ((end - 1) >> PAGE_SHIFT);

	if (offset != offset_in_page(end))
		return false;
	return offset ? page == last : sv_page_follows(page, last);
}

/* Count the folios of some bytes, but the one that was counted last. */
static inline void add_cost(struct sv_loan *loan, struct page *page, size_t bytes)
{
	struct page *end = page + DIV_ROUND_UP(bytes, PAGE_SIZE);

	while (page < end) {
		struct folio *folio = page_folio(page);
		size_t pages = folio_nr_pages(folio);

		if (folio != loan->last)
			loan->cost += pages;
		loan->last = folio;
		page = folio_page(folio, 0) + pages;
	}
}

/* Drop what a run of this loan holds of a page. */
static void put_one(const struct sv_loan *loan, struct page *page)
{
	if (loan->kind == SPLICEVEC_PINNED)
		unpin_user_page(page);
	else if (loan->kind != SPLICEVEC_LENT)
		put_page(page);
}

/* The bytes follow the last run's, which may hold their first page already. */
static void lengthen_run(struct sv_loan *loan, struct bio_vec *bv,
			 struct page *page, u32 offset, u32 len)
{
	if (offset)
		put_one(loan, page);
	bv->bv_len += len;
}

/**
 * sv_loan_add - add bytes to a loan under construction
 * @loan: private to the caller
 * @page: first page; one reference (or pin) on it, and on each page after it that
 *	the bytes touch, moves to the loan; a LENT one takes none
 * @offset: first byte, below PAGE_SIZE
 * @len: bytes, over pages that lie side by side
 *
 * Return: false if there is no room; the reference stays with the caller.
 */
bool sv_loan_add(struct sv_loan *loan, struct page *page, u32 offset, u32 len)
{
	struct bio_vec *bv = &loan->bv[loan->nr];

	if (loan->nr && !loan->ring && bv[-1].bv_len < SV_RUN_MAX &&
	    run_continues(bv - 1, page, offset)) {
		lengthen_run(loan, bv - 1, page, offset, len);
	} else {
		if (loan->nr == loan->cap)
			return false;
		*bv = (struct bio_vec) { page, len, offset };
		loan->nr++;
	}
	loan->len += len;
	add_cost(loan, page, offset + len);
	return true;
}

/* Cut a run to @len bytes and put the references on pages behind them. */
static void trim_run(struct bio_vec *bv, size_t len)
{
	unsigned int kept = len ? DIV_ROUND_UP(bv->bv_offset + len, PAGE_SIZE) : 0;
	unsigned int gone = run_pages(bv) - kept;
	struct bio_vec behind = {
		.bv_page = bv->bv_page + kept,
		.bv_len = gone << PAGE_SHIFT,
	};

	put_run(&behind);
	bv->bv_len = len;
}

/**
 * sv_bvec_folio - the folio that bytes of a run begin in
 * @bv: run
 * @skip: bytes of the run before them, below its length
 * @len: result: how many bytes of the run lie in that folio from there on
 *
 * Return: the folio.
 */
struct folio *sv_bvec_folio(const struct bio_vec *bv, size_t skip, size_t *len)
{
	size_t offset = bv->bv_offset + skip;
	struct page *page = bv->bv_page + (offset >> PAGE_SHIFT);
	struct folio *folio = page_folio(page);
	size_t rest = folio_nr_pages(folio) - folio_page_idx(folio, page);

	*len = min((rest << PAGE_SHIFT) - offset_in_page(offset), bv->bv_len - skip);
	return folio;
}

/* Count the folios anew, as sv_loan_add() does. */
static void recount(struct sv_loan *loan)
{
	int i;

	loan->cost = 0;
	loan->last = NULL;
	for (i = 0; i < loan->nr; i++)
		add_cost(loan, loan->bv[i].bv_page,
			 loan->bv[i].bv_offset + loan->bv[i].bv_len);
}

/**
 * sv_loan_cut - cut a loan of page references short
 * @loan: private, neither PINNED nor LENT, without a ring
 * @len: bytes to keep, fewer than it has
 */
void sv_loan_cut(struct sv_loan *loan, size_t len)
{
	size_t left = len;
	int used = 0;
	int i;

	for (i = 0; i < loan->nr; i++) {
		size_t keep = min_t(size_t, left, loan->bv[i].bv_len);

		if (keep < loan->bv[i].bv_len)
			trim_run(&loan->bv[i], keep);
		if (keep)
			used = i + 1;
		left -= keep;
	}
	loan->nr = used;
	loan->len = len;
	recount(loan);
}

/**
 * sv_loan_settle - correct the charge to what the pages really cost
 * @loan: complete, still private
 * @no_way_back: the pages have left their source, so they must be kept even if
 *	they cost more than the user may still have
 *
 * Return: 0, or -EDQUOT: the caller puts the loan.
 */
int sv_loan_settle(struct sv_loan *loan, bool no_way_back)
{
	unsigned long cost = loan->cost;
	int err = 0;

	if (cost < loan->pages)
		sv_account_uncharge(loan->account, loan->kind,
				    loan->pages - cost);
	else if (no_way_back)
		sv_account_overcharge(loan->account, loan->kind,
				      cost - loan->pages);
	else if (cost > loan->pages)
		err = sv_account_charge(loan->account, loan->kind,
					cost - loan->pages);
	if (err)
		return err;
	loan->pages = cost;
	trace_splicevec_lend(loan);
	return 0;
}

/**
 * sv_loan_end - give the pages back
 * @loan: its last reference was dropped
 *
 * Context: may sleep; no locks held.
 */
void sv_loan_end(struct sv_loan *loan)
{
	struct sv_account *account = loan->account;

	trace_splicevec_return(loan);
	loan->release(loan);
	sv_account_uncharge(account, loan->kind, loan->pages);
	atomic_long_dec(&account->loans[loan->kind]);
	if (loan->completion)
		sv_completion_put(loan->completion);
	memory_free(account, loan);
	sv_account_put(account);
}

/*
 * Far below overflow, where get_page() would only warn, a folio has room for the
 * references of a sink.
 */
static bool has_room_for_refs(const struct folio *folio)
{
	return folio_ref_count(folio) < (1 << 30);
}

/* Bytes from @offset of @page on, before the first page without room for references. */
static size_t plain_bytes(struct page *page, size_t offset, size_t len)
{
	size_t fits = 0;

	for (; fits < len && has_room_for_refs(page_folio(page)); page++) {
		fits += PAGE_SIZE - offset;
		offset = 0;
	}
	return min(fits, len);
}

/**
 * sv_span_plain - how much of a span may sinks take references of their own on?
 * @span: slice of a plain loan
 * @len: bytes asked for, at most what the span has
 *
 * Return: bytes at the front; the page after them has to be copied.
 */
size_t sv_span_plain(const struct sv_span *span, size_t len)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t fits = 0;

	for (; fits < len; bv++, skip = 0) {
		size_t offset = bv->bv_offset + skip;
		size_t want = min_t(size_t, bv->bv_len - skip, len - fits);
		size_t n = plain_bytes(bv->bv_page + (offset >> PAGE_SHIFT),
				       offset_in_page(offset), want);

		fits += n;
		if (n < want)
			break;
	}
	return fits;
}
