// SPDX-License-Identifier: GPL-2.0-only
/* Lending by other modules: what is refused, and that the destructor is called once. */
#include <linux/splicevec.h>

#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "helpers.h"
#include "suites.h"
#include "vector.h"

/* More than one loan has room for. */
#define MANY	(2 * SV_LOAN_RUNS + 3)

/* Times 20 ms that a destructor may take to be called. */
#define PATIENCE	500

/* What the destructor has seen; one of it for each case. */
struct borrowed {
	atomic_t returned;
	atomic_t atomic;
};

static void come_back(void *private)
{
	struct borrowed *borrowed = private;

	might_sleep();
	if (!in_task() || irqs_disabled())
		atomic_inc(&borrowed->atomic);
	atomic_inc(&borrowed->returned);
}

static const struct splicevec_lender lender = {
	.owner = THIS_MODULE,
	.release = come_back,
};

/* A vector, until the end of the case. */
static int lend_init(struct kunit *test)
{
	struct file *file = filp_open("/dev/splicevec", O_RDWR, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	test->priv = file;
	return 0;
}

/* At once: a later case counts who holds the module. */
static void lend_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fput(test->priv);
	flush_delayed_fput();
}

static struct sv_vector *vector(struct kunit *test)
{
	return sv_vector_of(test->priv);
}

static struct borrowed *new_borrowed(struct kunit *test)
{
	struct borrowed *borrowed = kunit_kzalloc(test, sizeof(*borrowed),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, borrowed);
	return borrowed;
}

static struct page *new_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	return page;
}

static void consume(struct kunit *test, u64 len)
{
	struct sv_vector *vec = vector(test);

	KUNIT_ASSERT_EQ(test, sv_vector_lock_consume(vec, false), 0);
	sv_vector_consume(vec, len);
	sv_vector_unlock_consume(vec);
}

/* So many destructors, soon; and no more of them. */
static void expect_returned(struct kunit *test, struct borrowed *borrowed, int nr)
{
	int left = PATIENCE;

	while (atomic_read(&borrowed->returned) < nr && left--)
		msleep(20);
	msleep(20);
	KUNIT_EXPECT_EQ(test, atomic_read(&borrowed->returned), nr);
	KUNIT_EXPECT_EQ(test, atomic_read(&borrowed->atomic), 0);
}

/* Refused, and neither vector nor lender nor account hear of it. */
static void expect_refused(struct kunit *test, int err, const struct bio_vec *runs,
			   unsigned int nr, const struct splicevec_lender *by)
{
	struct sv_account *account = vector(test)->account;
	struct borrowed *borrowed = new_borrowed(test);
	long pages = atomic_long_read(&account->pages);

	KUNIT_EXPECT_EQ(test, splicevec_lend(test->priv, runs, nr, by, borrowed),
			err);
	KUNIT_EXPECT_EQ(test, sv_vector_held(vector(test)), 0);
	KUNIT_EXPECT_EQ(test, vector(test)->reserved, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), pages);
	KUNIT_EXPECT_EQ(test,
			atomic_long_read(&account->loans[SPLICEVEC_LENT]), 0);
	expect_returned(test, borrowed, 0);
}

static void expect_run_refused(struct kunit *test, int err, struct page *page,
			       u32 offset, u32 len)
{
	struct bio_vec run = { page, len, offset };

	expect_refused(test, err, &run, 1, &lender);
}

/* Each stands behind one that is good. */
static void expect_page_refused(struct kunit *test, int err, struct page *page)
{
	struct page *good = new_page(test);
	struct bio_vec runs[] = {
		{ good, PAGE_SIZE, 0 },
		{ page, 1, PAGE_SIZE - 1 },
	};

	expect_refused(test, err, runs, ARRAY_SIZE(runs), &lender);
	put_page(good);
}

static void a_slab_is_refused(struct kunit *test)
{
	void *object = kunit_kzalloc(test, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, object);
	expect_page_refused(test, -EOPNOTSUPP, virt_to_page(object));
}

static void a_page_that_nobody_holds_is_refused(struct kunit *test)
{
	struct page *page = new_page(test);

	set_page_count(page, 0);
	expect_page_refused(test, -EOPNOTSUPP, page);
	set_page_count(page, 1);
	put_page(page);
}

static void tails_without_a_count_are_refused(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 2);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pages);
	expect_run_refused(test, -EOPNOTSUPP, pages, 0, 2 * PAGE_SIZE);
	expect_run_refused(test, -EOPNOTSUPP, pages, PAGE_SIZE, 1);
	expect_run_refused(test, -EOPNOTSUPP, pages, PAGE_SIZE - 1, 2);
	expect_page_refused(test, -EOPNOTSUPP, pages + 3);
	__free_pages(pages, 2);
}

static void a_device_page_is_refused(struct kunit *test)
{
#ifdef CONFIG_ZONE_DEVICE
	struct page *page = new_page(test);
	enum zone_type zone = page_zonenum(page);

	set_page_zone(page, ZONE_DEVICE);
	expect_page_refused(test, -EOPNOTSUPP, page);
	set_page_zone(page, zone);
	put_page(page);
#else
	kunit_skip(test, "no CONFIG_ZONE_DEVICE");
#endif
}

static void a_broken_page_is_refused(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	struct page *page = new_page(test);

	SetPageHWPoison(page);
	expect_page_refused(test, -EHWPOISON, page);
	ClearPageHWPoison(page);
	put_page(page);
#else
	kunit_skip(test, "no CONFIG_MEMORY_FAILURE");
#endif
}

/* Elsewhere there is no struct page to name it by. */
static void what_is_no_memory_is_refused(struct kunit *test)
{
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	expect_page_refused(test, -EOPNOTSUPP, pfn_to_page(1UL << 34));
#else
	kunit_skip(test, "no CONFIG_SPARSEMEM_VMEMMAP");
#endif
}

static void lengths_that_are_none_are_refused(struct kunit *test)
{
	struct page *page = new_page(test);

	expect_run_refused(test, -EINVAL, page, 0, 0);
	expect_run_refused(test, -EINVAL, page, U32_MAX, 1);
	expect_run_refused(test, -EINVAL, page, U32_MAX - 10, 100);
	expect_run_refused(test, -EINVAL, NULL, 0, 1);
	expect_refused(test, -EINVAL, NULL, 0, &lender);
	put_page(page);
}

static void too_much_is_refused(struct kunit *test)
{
	struct page *page = new_page(test);

	expect_run_refused(test, -E2BIG, page, 0, MAX_RW_COUNT + 1);
	expect_refused(test, -E2BIG, NULL, SPLICEVEC_LEND_RUNS + 1, &lender);
	KUNIT_EXPECT_EQ(test, splicevec_lend_range(test->priv, page, 0,
						   MAX_RW_COUNT + 1UL, &lender,
						   NULL), -E2BIG);
	KUNIT_EXPECT_EQ(test, splicevec_lend_range(test->priv, page, 0,
						   (1UL << 32) + 1, &lender,
						   NULL), -E2BIG);
	put_page(page);
}

static void a_lender_without_destructor_is_refused(struct kunit *test)
{
	static const struct splicevec_lender none = { .owner = THIS_MODULE };
	struct page *page = new_page(test);
	struct bio_vec run = { page, 1, 0 };

	expect_refused(test, -EINVAL, &run, 1, &none);
	put_page(page);
}

static void a_lender_that_is_going_is_refused(struct kunit *test)
{
	struct module *going = kunit_kzalloc(test, sizeof(*going), GFP_KERNEL);
	struct splicevec_lender by = { .release = come_back };
	struct page *page = new_page(test);
	struct bio_vec run = { page, 1, 0 };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, going);
	going->state = MODULE_STATE_GOING;
	by.owner = going;
	expect_refused(test, -ENODEV, &run, 1, &by);
	put_page(page);
}

/* No reference of ours is on a page, however many runs touch it. */
static void pages_are_not_counted(struct kunit *test)
{
	struct borrowed *borrowed = new_borrowed(test);
	struct page *page = new_page(test);
	struct bio_vec runs[] = {
		{ page, 100, 0 }, { page, 100, 100 }, { page, 7, 1000 },
	};

	KUNIT_EXPECT_EQ(test, splicevec_lend(test->priv, runs, ARRAY_SIZE(runs),
					     &lender, borrowed), 0);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	KUNIT_EXPECT_EQ(test, sv_vector_held(vector(test)), 207);
	consume(test, 200);
	expect_returned(test, borrowed, 0);
	consume(test, 7);
	expect_returned(test, borrowed, 1);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
}

/* Also from a later page of the run on. */
static void a_range_begins_anywhere(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct borrowed *borrowed = new_borrowed(test);
	const struct bio_vec *bv;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pages);
	KUNIT_EXPECT_EQ(test, splicevec_lend_range(test->priv, pages,
						   2 * PAGE_SIZE + 5,
						   PAGE_SIZE, &lender, borrowed),
			0);
	bv = sv_spans_at(&vector(test)->spans, 0)->loan->bv;
	KUNIT_EXPECT_PTR_EQ(test, bv->bv_page, pages + 2);
	KUNIT_EXPECT_EQ(test, bv->bv_offset, 5);
	KUNIT_EXPECT_EQ(test, bv->bv_len, PAGE_SIZE);
	consume(test, PAGE_SIZE);
	expect_returned(test, borrowed, 1);
	__free_pages(pages, 2);
}

/* An end of a page that is lent many times: no two runs follow each other. */
static struct bio_vec *many_runs(struct kunit *test, struct page *page)
{
	struct bio_vec *runs;
	int i;

	runs = kunit_kcalloc(test, MANY, sizeof(*runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, runs);
	for (i = 0; i < MANY; i++)
		runs[i] = (struct bio_vec) { page, 1, PAGE_SIZE - 1 };
	return runs;
}

/* Two loans are complete when the third finds no room. */
static void many_runs_are_lent_or_none(struct kunit *test)
{
	unsigned int *limit = sv_test_parameter(test, "vector_spans");
	struct page *page = new_page(test);
	struct bio_vec *runs = many_runs(test, page);
	unsigned int before = *limit;

	*limit = 2;
	expect_refused(test, -ENOBUFS, runs, MANY, &lender);
	*limit = before;
	put_page(page);
}

static void many_runs_come_back_together(struct kunit *test)
{
	struct sv_account *account = vector(test)->account;
	struct borrowed *borrowed = new_borrowed(test);
	long before = atomic_long_read(&account->pages);
	struct page *page = new_page(test);
	struct bio_vec *runs = many_runs(test, page);

	KUNIT_EXPECT_EQ(test, splicevec_lend(test->priv, runs, MANY, &lender,
					     borrowed), 0);
	KUNIT_EXPECT_EQ(test, vector(test)->spans.nr, 3);
	KUNIT_EXPECT_EQ(test, vector(test)->reserved, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), before + 3);
	consume(test, MANY - 1);
	expect_returned(test, borrowed, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), before + 3);
	consume(test, 1);
	expect_returned(test, borrowed, 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), before);
	put_page(page);
}

static void the_lender_is_held_until_the_destructor_has_returned(struct kunit *test)
{
	struct borrowed *borrowed = new_borrowed(test);
	int before = module_refcount(THIS_MODULE);
	struct page *page = new_page(test);
	int left = PATIENCE;

	KUNIT_EXPECT_EQ(test, splicevec_lend_range(test->priv, page, 0, 1,
						   &lender, borrowed), 0);
	/* ours, and the lender's, which is us here too */
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before + 2);
	consume(test, 1);
	expect_returned(test, borrowed, 1);
	while (module_refcount(THIS_MODULE) != before && left--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before);
	put_page(page);
}

static struct kunit_case lend_cases[] = {
	KUNIT_CASE(a_slab_is_refused),
	KUNIT_CASE(a_page_that_nobody_holds_is_refused),
	KUNIT_CASE(tails_without_a_count_are_refused),
	KUNIT_CASE(a_device_page_is_refused),
	KUNIT_CASE(a_broken_page_is_refused),
	KUNIT_CASE(what_is_no_memory_is_refused),
	KUNIT_CASE(lengths_that_are_none_are_refused),
	KUNIT_CASE(too_much_is_refused),
	KUNIT_CASE(a_lender_without_destructor_is_refused),
	KUNIT_CASE(a_lender_that_is_going_is_refused),
	KUNIT_CASE(pages_are_not_counted),
	KUNIT_CASE(a_range_begins_anywhere),
	KUNIT_CASE(many_runs_are_lent_or_none),
	KUNIT_CASE(many_runs_come_back_together),
	KUNIT_CASE(the_lender_is_held_until_the_destructor_has_returned),
	{}
};

struct kunit_suite sv_lend_suite = {
	.name = "lend",
	.init = lend_init,
	.exit = lend_exit,
	.test_cases = lend_cases,
};
