// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a source puts into the batch: loans that have their place in the vector, are
 * within their user's limits and tell of their end where that was asked for.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/minmax.h>

#include "account.h"
#include "loan.h"
#include "ring.h"
#include "stable.h"
#include "vector.h"

/* Pages a vector may still hold when its user is above the soft limit. */
#define SV_SOFT_PAGES	16

/**
 * sv_pull_room - make sure that spans have a place
 * @pull: a pull at work
 * @spans: how many may be added to the batch; room that was made before and is
 *	not used yet counts
 *
 * Context: may sleep.
 * Return: 0, -ENOBUFS or -ENOMEM.
 */
int sv_pull_room(struct sv_pull *pull, u32 spans)
{
	u32 need = pull->batch.nr + spans;
	int err = sv_spans_reserve(&pull->batch, spans);

	if (err || need <= pull->reserved)
		return err;
	err = sv_vector_reserve(pull->vec, need - pull->reserved);
	if (!err)
		pull->reserved = need;
	return err;
}

/* Cut a loan to size for a user above the soft limit. */
static int apply_soft_limit(struct sv_pull *pull, size_t *runs)
{
	if (!sv_account_over_soft(pull->account))
		return 0;
	if (READ_ONCE(pull->vec->spans.pages) + pull->batch.pages >= SV_SOFT_PAGES)
		return -EDQUOT;
	*runs = min_t(size_t, *runs, SV_SOFT_PAGES);
	return 0;
}

/**
 * sv_pull_begin_loan - begin a loan that has its place in the vector
 * @pull: a pull at work
 * @kind: kind of pages
 * @runs: runs wanted; the loan's @cap says how many it got
 *
 * Context: may sleep.
 * Return: the loan, -ENOBUFS, -EDQUOT or -ENOMEM.
 */
struct sv_loan *sv_pull_begin_loan(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t runs)
{
	int err;

	runs = min_t(size_t, runs, SV_LOAN_RUNS);
	if (kind != SPLICEVEC_PINNED) {
		err = apply_soft_limit(pull, &runs);
		if (err)
			return ERR_PTR(err);
	}
	err = sv_pull_room(pull, 1);
	if (err)
		return ERR_PTR(err);
	return sv_loan_alloc(pull->account, kind, runs);
}

static void notify(const struct sv_pull *pull, struct sv_loan *loan)
{
	if (pull->completion)
		sv_loan_notify(loan, pull->completion);
}

/**
 * sv_pull_end_loan - add a finished loan to the batch
 * @pull: a pull at work
 * @loan: from sv_pull_begin_loan(), complete; one reference is consumed
 * @no_way_back: its pages cannot be put back into their source
 *
 * Return: bytes added, or -EDQUOT.
 */
ssize_t sv_pull_end_loan(struct sv_pull *pull, struct sv_loan *loan,
			 bool no_way_back)
{
	int err = sv_loan_settle(loan, no_way_back);

	if (err || !loan->nr) {
		sv_loan_put(loan);
		return err;
	}
	notify(pull, loan);
	sv_spans_append_loan(&pull->batch, loan);
	return loan->len;
}

/**
 * sv_pull_begin_owned - begin a loan of pages of our own, to be filled
 * @pull: a pull at work
 * @len: bytes wanted; the loan's length says how many it has room for
 *
 * Context: may sleep.
 * Return: the loan, -ENOBUFS, -EDQUOT or -ENOMEM.
 */
struct sv_loan *sv_pull_begin_owned(struct sv_pull *pull, size_t len)
{
	size_t pages = DIV_ROUND_UP(len, PAGE_SIZE);
	int err;

	err = apply_soft_limit(pull, &pages) ?: sv_pull_room(pull, 1);
	if (err)
		return ERR_PTR(err);
	return sv_owned_alloc(pull->account, min(len, pages << PAGE_SHIFT));
}

/**
 * sv_pull_end_owned - add what was filled of a loan to the batch
 * @pull: a pull at work
 * @loan: from sv_pull_begin_owned(); one reference is consumed
 * @skip: bytes at its beginning that were not asked for, below @filled or 0
 * @filled: bytes filled, @skip included
 *
 * Return: bytes added.
 */
ssize_t sv_pull_end_owned(struct sv_pull *pull, struct sv_loan *loan,
			  size_t skip, size_t filled)
{
	struct sv_span span;

	sv_owned_trim(loan, filled);
	sv_loan_settle(loan, true);
	if (!loan->nr) {
		sv_loan_put(loan);
		return 0;
	}
	notify(pull, loan);
	span = sv_span_whole(loan);
	sv_span_advance(&span, skip);
	sv_spans_append(&pull->batch, &span);
	return span.len;
}

/**
 * sv_pull_begin_ring - begin a loan that is made of pipe buffers
 * @pull: a pull at work
 * @kind: kind of pages
 * @bufs: buffers wanted; the loan's @cap says how many it gets
 *
 * Context: may sleep.
 * Return: an empty ring, -ENOBUFS, -EDQUOT or -ENOMEM.
 */
struct sv_ring *sv_pull_begin_ring(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t bufs)
{
	struct sv_loan *loan = sv_pull_begin_loan(pull, kind, bufs);
	struct sv_ring *ring;

	if (IS_ERR(loan))
		return ERR_CAST(loan);
	ring = sv_ring_alloc(loan);
	if (ring)
		return ring;
	sv_loan_put(loan);
	return ERR_PTR(-ENOMEM);
}

/**
 * sv_pull_end_ring - make a loan of a ring's buffers and add it to the batch
 * @pull: a pull at work
 * @ring: from sv_pull_begin_ring(), filled and confirmed, or empty; consumed
 * @no_way_back: the buffers cannot be put back into their source
 *
 * Return: bytes added, or -EDQUOT.
 */
ssize_t sv_pull_end_ring(struct sv_pull *pull, struct sv_ring *ring,
			 bool no_way_back)
{
	return sv_pull_end_loan(pull, sv_ring_into_loan(ring), no_way_back);
}
