// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door for other modules: pages with a destructor.
 *
 * No reference is taken on a page. It is the lender's until its destructor is
 * called, and goes the tracked way only, so nobody keeps it longer than the loan.
 */
#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>

#include "account.h"
#include "lent.h"
#include "loan.h"
#include "pull.h"
#include "vector.h"

/*
 * A sink may take a reference for a moment, and a page outlives the destructor by
 * it: so it needs a count. The tails of a large allocation that is not compound have
 * none, and that of a slab's page is not for us.
 */
static int check_page(struct page *page)
{
	struct folio *folio;

	if (is_zone_device_page(page))
		return -EOPNOTSUPP;
	folio = page_folio(page);
	if (!folio_ref_count(folio) || folio_test_slab(folio))
		return -EOPNOTSUPP;
	return is_page_hwpoison(page) ? -EHWPOISON : 0;
}

static int check_run(const struct bio_vec *bv)
{
	u64 end = (u64)bv->bv_offset + bv->bv_len;
	unsigned long pfn, i;
	int err = 0;

	if (!bv->bv_page || !bv->bv_len || end > U32_MAX)
		return -EINVAL;
	pfn = page_to_pfn(bv->bv_page);
	for (i = bv->bv_offset >> PAGE_SHIFT; !err && i << PAGE_SHIFT < end; i++) {
		if (!pfn_valid(pfn + i) || pfn_to_page(pfn + i) != bv->bv_page + i)
			return -EOPNOTSUPP;
		err = check_page(bv->bv_page + i);
	}
	return err;
}

static int check_runs(const struct bio_vec *bvecs, unsigned int nr)
{
	u64 len = 0;
	unsigned int i;
	int err = 0;

	if (!nr)
		return -EINVAL;
	if (nr > SPLICEVEC_LEND_RUNS)
		return -E2BIG;
	for (i = 0; !err && i < nr; i++) {
		len += bvecs[i].bv_len;
		err = len > MAX_RW_COUNT ? -E2BIG : check_run(&bvecs[i]);
		cond_resched();
	}
	return err;
}

/* Return: how many runs found room. */
static unsigned int add_runs(struct sv_loan *loan, const struct bio_vec *bvecs,
			     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct bio_vec *bv = &bvecs[i];

		if (!sv_loan_add(loan, bv->bv_page + (bv->bv_offset >> PAGE_SHIFT),
				 offset_in_page(bv->bv_offset), bv->bv_len))
			break;
	}
	return i;
}

/* On failure some of it may be in the batch. */
static int gather(struct sv_pull *pull, struct sv_lent *lent,
		  const struct bio_vec *bvecs, unsigned int nr)
{
	ssize_t ret = 0;

	while (nr && ret >= 0) {
		struct sv_loan *loan;
		unsigned int added;

		loan = sv_pull_begin_loan(pull, SPLICEVEC_LENT, nr);
		if (IS_ERR(loan))
			return PTR_ERR(loan);
		sv_loan_lend(loan, lent);
		added = add_runs(loan, bvecs, nr);
		bvecs += added;
		nr -= added;
		ret = sv_pull_end_loan(pull, loan, false);
		cond_resched();
	}
	return ret < 0 ? ret : 0;
}

static int lend(struct sv_pull *pull, const struct bio_vec *bvecs,
		unsigned int nr, const struct splicevec_lender *lender,
		void *private)
{
	struct sv_lent *lent = sv_lent_begin(lender, private, pull->account);
	int err;

	if (IS_ERR(lent))
		return PTR_ERR(lent);
	err = gather(pull, lent, bvecs, nr);
	if (err)
		sv_spans_free(&pull->batch);
	sv_lent_end(lent, !err);
	sv_pull_publish(pull);
	return err;
}

/**
 * splicevec_lend - lend pages to a vector
 * @vector: a vector, open for writing, that the caller holds for the call
 * @bvecs: the pages, in the order in which the vector is to have them: each a run of
 *	bytes that lie side by side; copied
 * @nr: how many, up to SPLICEVEC_LEND_RUNS
 * @lender: to whom the pages go back; copied
 * @private: is what its destructor gets
 *
 * All of it is appended to the vector, or nothing, and then @lender hears nothing
 * more of it. After success @lender->release may be called before this returns.
 *
 * The caller keeps its references on the pages, and neither frees nor writes them
 * before the destructor. Who pays is the user of the current credentials, until the
 * destructor has returned: a kernel thread that lends to somebody takes theirs on
 * for the call, or is root.
 *
 * Context: may sleep, takes mutexes, allocates with GFP_KERNEL.
 * Return: 0, or
 *
 *  - -EINVAL: @vector is no vector; no runs, an empty one, one whose end does not
 *    fit 32 bits, or no destructor.
 *  - -EBADF: the vector is not open for writing.
 *  - -E2BIG: too many runs, or more than MAX_RW_COUNT bytes.
 *  - -EOPNOTSUPP: a page that nobody can hold: of a slab, of a device (ZONE_DEVICE),
 *    with a count of 0, as the tails of a large allocation without __GFP_COMP.
 *  - -EHWPOISON: a page is broken.
 *  - -ENODEV: the lender's module is being unloaded.
 *  - -EDQUOT: the user has as many pages as they may.
 *  - -ENOBUFS: the vector has as many spans as it may.
 *  - -ENOMEM: no memory.
 */
int splicevec_lend(struct file *vector, const struct bio_vec *bvecs,
		   unsigned int nr, const struct splicevec_lender *lender,
		   void *private)
{
	struct sv_pull pull = { .vec = sv_vector_of(vector) };
	int err;

	if (!pull.vec || !lender->release)
		return -EINVAL;
	if (!(vector->f_mode & FMODE_WRITE))
		return -EBADF;
	err = check_runs(bvecs, nr);
	if (err)
		return err;
	pull.account = sv_account_borrow(pull.vec->account);
	if (!pull.account)
		return -ENOMEM;
	err = lend(&pull, bvecs, nr, lender, private);
	sv_pull_end(&pull);
	return err;
}
EXPORT_SYMBOL_GPL(splicevec_lend);

/**
 * splicevec_lend_range - lend bytes that lie side by side to a vector
 * @vector: as for splicevec_lend()
 * @page: first page
 * @offset: first byte, counted from the beginning of @page; may lie behind it
 * @len: bytes
 * @lender: as for splicevec_lend()
 * @private: likewise
 *
 * Context: as splicevec_lend().
 * Return: as splicevec_lend().
 */
int splicevec_lend_range(struct file *vector, struct page *page, size_t offset,
			 size_t len, const struct splicevec_lender *lender,
			 void *private)
{
	struct bio_vec run = {
		.bv_page = page + (offset >> PAGE_SHIFT),
		.bv_offset = offset_in_page(offset),
		.bv_len = len,
	};

	if (len > MAX_RW_COUNT)
		return -E2BIG;
	return splicevec_lend(vector, &run, 1, lender, private);
}
EXPORT_SYMBOL_GPL(splicevec_lend_range);
