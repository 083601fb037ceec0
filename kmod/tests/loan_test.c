// SPDX-License-Identifier: GPL-2.0-only
/* Loans: how they are built of pages, what they cost, how they end. */
#include "helpers.h"

#include <linux/mm.h>

#include "compat/fragment.h"
#include "suites.h"

#define PAGES	4

/* Pages side by side, each of its own; each case puts what it has not lent. */
static struct page *neighbours(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pages);
	split_page(pages, 2);
	return pages;
}

static struct sv_loan *new_loan(struct kunit *test, unsigned int runs)
{
	struct sv_loan *loan;

	loan = sv_loan_alloc(sv_test_account(test), SPLICEVEC_OWNED, runs);
	KUNIT_ASSERT_FALSE(test, IS_ERR(loan));
	return loan;
}

static long pages_paid(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->pages);
}

/* A loan of whole neighbouring pages; the case keeps a reference on each. */
static struct sv_loan *loan_of(struct kunit *test, struct page *pages,
			       u32 offset, u32 len)
{
	struct sv_loan *loan = new_loan(test, PAGES);
	int i;

	for (i = 0; i < DIV_ROUND_UP(offset + len, PAGE_SIZE); i++)
		get_page(&pages[i]);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, offset, len));
	return loan;
}

static void put_pages(struct page *pages)
{
	int i;

	for (i = 0; i < PAGES; i++)
		put_page(&pages[i]);
}

static void neighbouring_pages_become_one_run(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 1);
	int i;

	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, &pages[i], 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, loan->nr, 1);
	KUNIT_EXPECT_EQ(test, loan->len, PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, loan->bv[0].bv_len, PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, loan->cost, PAGES);
	sv_loan_put(loan);
}

static void bytes_that_follow_in_a_page_share_its_reference(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 2);

	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 100, 50));
	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 150, 60));
	KUNIT_EXPECT_EQ(test, loan->nr, 1);
	KUNIT_EXPECT_EQ(test, loan->bv[0].bv_offset, 100);
	KUNIT_EXPECT_EQ(test, loan->bv[0].bv_len, 110);
	KUNIT_EXPECT_EQ(test, page_count(pages), 2);
	KUNIT_EXPECT_EQ(test, loan->cost, 1);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, page_count(pages), 1);
	put_pages(pages);
}

/* Bytes left out between two of them would be shown. */
static void bytes_with_a_gap_stay_two_runs(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 3);

	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 0, 100));
	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 101, PAGE_SIZE - 102));
	/* the last byte of that page is missing, too */
	get_page(&pages[1]);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, &pages[1], 0, 10));
	KUNIT_EXPECT_EQ(test, loan->nr, 3);
	KUNIT_EXPECT_EQ(test, loan->cost, 2);
	KUNIT_EXPECT_EQ(test, page_count(pages), 3);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, page_count(pages), 1);
	put_pages(pages);
}

static void pages_that_lie_apart_stay_two_runs(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 3);
	static const int order[] = { 0, 2, 1 };
	int i;

	for (i = 0; i < 3; i++) {
		get_page(&pages[order[i]]);
		KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, &pages[order[i]], 0,
						    PAGE_SIZE));
	}
	KUNIT_EXPECT_EQ(test, loan->nr, 3);
	sv_loan_put(loan);
	put_pages(pages);
}

static void a_full_loan_takes_no_more(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = loan_of(test, pages, 0, PAGE_SIZE);

	loan->cap = 1;
	KUNIT_EXPECT_FALSE(test, sv_loan_add(loan, &pages[2], 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, loan->len, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, loan->cost, 1);
	KUNIT_EXPECT_EQ(test, page_count(&pages[2]), 1);
	sv_loan_put(loan);
	put_pages(pages);
}

/* Each buffer of a ring is released by itself, so each keeps its run. */
static void buffers_of_a_ring_stay_apart(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 2);

	loan->ring = ERR_PTR(-ENOENT);
	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 0, 100));
	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 100, 100));
	KUNIT_EXPECT_EQ(test, loan->nr, 2);
	KUNIT_EXPECT_EQ(test, page_count(pages), 3);
	sv_loan_put(loan);
	put_pages(pages);
}

/* Its length has to fit an int of the layers below. */
static void a_run_ends_at_a_gigabyte(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = loan_of(test, &pages[0], 0, PAGE_SIZE);
	struct bio_vec kept = loan->bv[0];

	/* as if it had begun that much earlier */
	loan->bv[0].bv_page -= (SZ_1G >> PAGE_SHIFT) - 1;
	loan->bv[0].bv_len = SZ_1G;
	get_page(&pages[1]);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, &pages[1], 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, loan->nr, 2);
	loan->bv[0] = kept;
	sv_loan_put(loan);
	put_pages(pages);
}

/* A single byte keeps the whole folio busy. */
static void a_large_folio_costs_all_its_pages_once(struct kunit *test)
{
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	struct sv_loan *loan = new_loan(test, 4);
	struct page *small = alloc_page(GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, large + 5, 7, 1));
	KUNIT_EXPECT_EQ(test, loan->cost, 8);
	get_page(large + 1);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, large + 1, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, loan->cost, 8);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, small, 0, 1));
	KUNIT_EXPECT_EQ(test, loan->cost, 9);
	KUNIT_EXPECT_EQ(test, sv_loan_settle(loan, false), 0);
	KUNIT_EXPECT_EQ(test, loan->pages, 9);
	KUNIT_EXPECT_EQ(test, pages_paid(test), 9);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, pages_paid(test), 0);
}

static void trimming_puts_the_pages_behind(struct kunit *test)
{
	static const struct {
		size_t len;
		unsigned int pages;
	} cuts[] = {
		{ 3 * PAGE_SIZE, 4 }, { 3 * PAGE_SIZE - 1000, 3 },
		{ 2 * PAGE_SIZE, 3 }, { PAGE_SIZE - 1000, 1 }, { 1, 1 }, { 0, 0 },
	};
	struct page *pages = neighbours(test);
	struct sv_loan *loan = loan_of(test, pages, 1000, 3 * PAGE_SIZE);
	int i, j;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		sv_loan_trim(loan, cuts[i].len);
		KUNIT_EXPECT_EQ(test, loan->len, cuts[i].len);
		KUNIT_EXPECT_EQ(test, loan->nr, cuts[i].len ? 1 : 0);
		KUNIT_EXPECT_EQ(test, loan->cost, cuts[i].pages);
		for (j = 0; j < PAGES; j++)
			KUNIT_EXPECT_EQ(test, page_count(&pages[j]),
					j < cuts[i].pages ? 2 : 1);
	}
	sv_loan_put(loan);
	put_pages(pages);
}

static void trimming_forgets_whole_runs(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = loan_of(test, pages, 0, 100);

	get_page(&pages[2]);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, &pages[2], 10, 100));
	sv_loan_trim(loan, 101);
	KUNIT_EXPECT_EQ(test, loan->nr, 2);
	KUNIT_EXPECT_EQ(test, loan->bv[1].bv_len, 1);
	sv_loan_trim(loan, 100);
	KUNIT_EXPECT_EQ(test, loan->nr, 1);
	KUNIT_EXPECT_EQ(test, loan->cost, 1);
	KUNIT_EXPECT_EQ(test, page_count(&pages[2]), 1);
	sv_loan_put(loan);
	put_pages(pages);
}

static void settling_gives_back_what_is_not_needed(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 10);

	KUNIT_EXPECT_EQ(test, pages_paid(test), 10);
	get_page(pages);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 0, 1));
	KUNIT_EXPECT_EQ(test, sv_loan_settle(loan, false), 0);
	KUNIT_EXPECT_EQ(test, loan->pages, 1);
	KUNIT_EXPECT_EQ(test, pages_paid(test), 1);
	sv_loan_put(loan);
	put_pages(pages);
}

/* One run of four pages: charged as one, costs four. */
static void settling_beyond_the_limit_is_refused(struct kunit *test)
{
	unsigned long *hard = sv_test_parameter(test, "user_pages_hard");
	unsigned long before = *hard;
	struct page *pages = neighbours(test);
	struct sv_loan *loan = new_loan(test, 1);

	sv_test_drop_rights(test);
	KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, pages, 0, PAGES * PAGE_SIZE));
	*hard = PAGES - 1;
	KUNIT_EXPECT_EQ(test, sv_loan_settle(loan, false), -EDQUOT);
	KUNIT_EXPECT_EQ(test, pages_paid(test), 1);
	/* what cannot be put back into its source is kept and paid for */
	KUNIT_EXPECT_EQ(test, sv_loan_settle(loan, true), 0);
	KUNIT_EXPECT_EQ(test, pages_paid(test), PAGES);
	*hard = before;
	sv_loan_put(loan);
}

static void what_cannot_be_paid_is_not_begun(struct kunit *test)
{
	unsigned long *hard = sv_test_parameter(test, "user_pages_hard");
	unsigned long before = *hard;
	struct sv_loan *loan;

	sv_test_drop_rights(test);
	*hard = 7;
	loan = sv_loan_alloc(sv_test_account(test), SPLICEVEC_OWNED, 8);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(loan), -EDQUOT);
	KUNIT_EXPECT_EQ(test, pages_paid(test), 0);
	loan = sv_loan_alloc(sv_test_account(test), SPLICEVEC_OWNED, 7);
	*hard = before;
	KUNIT_ASSERT_FALSE(test, IS_ERR(loan));
	sv_loan_put(loan);
}

static void the_last_reference_gives_the_pages_back(struct kunit *test)
{
	static const struct sv_test_run run = { 0, 1 };
	struct sv_account *account = sv_test_account(test);
	struct sv_loan *loan = sv_test_loan(test, &run, 1);

	KUNIT_EXPECT_EQ(test, refcount_read(&account->refs), 2);
	KUNIT_EXPECT_PTR_EQ(test, sv_loan_get(loan), loan);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->loans[SPLICEVEC_CACHE]), 1);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

static void a_change_of_kind_moves_the_count(struct kunit *test)
{
	struct sv_account *account = sv_test_account(test);
	struct sv_loan *loan = new_loan(test, 1);

	sv_loan_set_kind(loan, SPLICEVEC_FOREIGN);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->loans[SPLICEVEC_OWNED]), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->loans[SPLICEVEC_FOREIGN]), 1);
	KUNIT_EXPECT_EQ(test, loan->kind, SPLICEVEC_FOREIGN);
	sv_loan_put(loan);
}

static void no_two_loans_have_the_same_serial(struct kunit *test)
{
	struct sv_loan *a = new_loan(test, 1);
	struct sv_loan *b = new_loan(test, 1);

	KUNIT_EXPECT_GT(test, a->serial, 0);
	KUNIT_EXPECT_GT(test, b->serial, a->serial);
	sv_loan_put(a);
	sv_loan_put(b);
}

/* Only page references of sinks may outlive a loan; pins must not. */
static void pinned_pages_are_unpinned(struct kunit *test)
{
	struct sv_account *account = sv_test_account(test);
	unsigned long user = (unsigned long)sv_test_enter(test);
	struct page *page = NULL;
	struct sv_loan *loan;

	KUNIT_EXPECT_EQ(test, pin_user_pages_fast(user, 1, FOLL_WRITE, &page), 1);
	loan = sv_loan_alloc(account, SPLICEVEC_PINNED, 1);
	if (page && !IS_ERR(loan)) {
		KUNIT_EXPECT_FALSE(test, loan->plain);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pinned), 1);
		KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, page, 0, 100));
		KUNIT_EXPECT_EQ(test, pin_user_pages_fast(user, 1, FOLL_WRITE, &page), 1);
		KUNIT_EXPECT_TRUE(test, sv_loan_add(loan, page, 100, 100));
		KUNIT_EXPECT_EQ(test, loan->nr, 1);
		KUNIT_EXPECT_TRUE(test, folio_maybe_dma_pinned(page_folio(page)));
		get_page(page);
		sv_loan_put(loan);
		KUNIT_EXPECT_FALSE(test, folio_maybe_dma_pinned(page_folio(page)));
		put_page(page);
	}
	sv_test_leave();
}

/* There, a reference more would be one too many. */
static void a_folio_with_too_many_users_is_copied(struct kunit *test)
{
	struct page *pages = neighbours(test);
	struct sv_loan *loan = loan_of(test, pages, 500, 2 * PAGE_SIZE);
	struct sv_span span = sv_span_whole(loan);

	KUNIT_EXPECT_EQ(test, sv_span_plain(&span, loan->len), loan->len);
	page_ref_add(&pages[1], 1 << 30);
	KUNIT_EXPECT_EQ(test, sv_span_plain(&span, loan->len), PAGE_SIZE - 500);
	KUNIT_EXPECT_EQ(test, sv_span_plain(&span, 10), 10);
	sv_span_advance(&span, PAGE_SIZE - 500);
	KUNIT_EXPECT_EQ(test, sv_span_plain(&span, span.len), 0);
	sv_span_advance(&span, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sv_span_plain(&span, span.len), 500);
	page_ref_sub(&pages[1], 1 << 30);
	sv_loan_put(loan);
	put_pages(pages);
}

static void a_folio_reaches_as_far_as_its_pages(struct kunit *test)
{
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct bio_vec bv = { large + 1, 3 * PAGE_SIZE - 10, 10 };
	size_t len;

	KUNIT_EXPECT_PTR_EQ(test, sv_bvec_folio(&bv, 0, &len), page_folio(large));
	KUNIT_EXPECT_EQ(test, len, 3 * PAGE_SIZE - 10);
	sv_bvec_folio(&bv, PAGE_SIZE, &len);
	KUNIT_EXPECT_EQ(test, len, 2 * PAGE_SIZE - 10);
	bv.bv_len = PAGE_SIZE + 1;
	sv_bvec_folio(&bv, PAGE_SIZE, &len);
	KUNIT_EXPECT_EQ(test, len, 1);
	__free_pages(large, 2);
}

static void expect_fragment(struct kunit *test, struct iov_iter *from,
			    struct page *page, size_t off, size_t len)
{
	struct sv_fragment next = sv_fragment_next(from, 2 * PAGE_SIZE);
	struct iov_iter behind = *from;

	KUNIT_EXPECT_PTR_EQ(test, next.page, page);
	KUNIT_EXPECT_EQ(test, next.off, off);
	KUNIT_EXPECT_EQ(test, next.len, len);
	iov_iter_advance(&behind, next.len);
	sv_fragment_done(from, next.len);
	KUNIT_EXPECT_PTR_EQ(test, from->bvec, behind.bvec);
	KUNIT_EXPECT_EQ(test, from->nr_segs, behind.nr_segs);
	KUNIT_EXPECT_EQ(test, from->iov_offset, behind.iov_offset);
	KUNIT_EXPECT_EQ(test, from->count, behind.count);
}

/* A socket holds a fragment by its first page. */
static void a_fragment_is_of_one_folio(struct kunit *test)
{
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct page *small = neighbours(test);
	struct bio_vec runs[] = {
		{ small, 2 * PAGE_SIZE, 100 },
		{ large, 3 * PAGE_SIZE, PAGE_SIZE - 7 },
	};
	struct iov_iter from;

	iov_iter_bvec(&from, ITER_SOURCE, runs, 2, 5 * PAGE_SIZE);
	expect_fragment(test, &from, small, 100, PAGE_SIZE - 100);
	expect_fragment(test, &from, small + 1, 0, PAGE_SIZE);
	expect_fragment(test, &from, small + 2, 0, 100);
	expect_fragment(test, &from, large, PAGE_SIZE - 7, 2 * PAGE_SIZE);
	expect_fragment(test, &from, large + 2, PAGE_SIZE - 7, PAGE_SIZE);
	__free_pages(large, 2);
	put_pages(small);
}

static struct kunit_case loan_cases[] = {
	KUNIT_CASE(neighbouring_pages_become_one_run),
	KUNIT_CASE(bytes_that_follow_in_a_page_share_its_reference),
	KUNIT_CASE(bytes_with_a_gap_stay_two_runs),
	KUNIT_CASE(pages_that_lie_apart_stay_two_runs),
	KUNIT_CASE(a_full_loan_takes_no_more),
	KUNIT_CASE(buffers_of_a_ring_stay_apart),
	KUNIT_CASE(a_run_ends_at_a_gigabyte),
	KUNIT_CASE(a_large_folio_costs_all_its_pages_once),
	KUNIT_CASE(trimming_puts_the_pages_behind),
	KUNIT_CASE(trimming_forgets_whole_runs),
	KUNIT_CASE(settling_gives_back_what_is_not_needed),
	KUNIT_CASE(settling_beyond_the_limit_is_refused),
	KUNIT_CASE(what_cannot_be_paid_is_not_begun),
	KUNIT_CASE(the_last_reference_gives_the_pages_back),
	KUNIT_CASE(a_change_of_kind_moves_the_count),
	KUNIT_CASE(no_two_loans_have_the_same_serial),
	KUNIT_CASE(pinned_pages_are_unpinned),
	KUNIT_CASE(a_folio_with_too_many_users_is_copied),
	KUNIT_CASE(a_folio_reaches_as_far_as_its_pages),
	KUNIT_CASE(a_fragment_is_of_one_folio),
	{}
};

struct kunit_suite sv_loan_suite = {
	.name = "loan",
	.suite_init = sv_test_map_user,
	.suite_exit = sv_test_unmap_user,
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = loan_cases,
};
