// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans whose bytes are still on their way from the disk: whoever needs them
 * waits here.
 */
#include "lazy.h"

#include <linux/minmax.h>
#include <linux/pagemap.h>

#include "loan.h"
#include "nowait.h"

/*
 * Read a folio once more: one block that cannot be read fails the whole request
 * it was a part of. The lock keeps the folio in its file, and with it the inode.
 *
 * Return: 0: unlocked when it has been read, -EIO, -EINTR or the filesystem's own
 * error.
 */
static int read_again(struct folio *folio)
{
	int err = folio_lock_killable(folio);

	if (err)
		return err;
	if (folio_test_uptodate(folio) || !folio->mapping) {
		folio_unlock(folio);
		return 0;
	}
	return folio->mapping->a_ops->read_folio(NULL, folio);
}

static int wait_for_folio(struct folio *folio, enum sv_lazy how)
{
	int err;

	if (folio_test_uptodate(folio))
		return 0;
	if (how == SV_LAZY_NOWAIT)
		return -SV_EWAIT;
	if (how == SV_LAZY_NONBLOCK && folio_test_locked(folio))
		return -EAGAIN;
	err = folio_wait_locked_killable(folio);
	if (err || folio_test_uptodate(folio))
		return err;
	err = read_again(folio) ?: folio_wait_locked_killable(folio);
	return err ?: folio_test_uptodate(folio) ? 0 : -EIO;
}

/**
 * sv_lazy_wait_page - wait for a page of a loan
 * @loan: the loan
 * @page: one of its pages
 * @nonblock: -EAGAIN if it is not there
 *
 * Return: 0, -EIO, -EAGAIN or -EINTR: a fatal signal came.
 */
int sv_lazy_wait_page(const struct sv_loan *loan, struct page *page,
		      bool nonblock)
{
	struct folio *folio = page_folio(page);

	if (!loan->lazy || folio_test_uptodate(folio))
		return 0;
	return nonblock ? -EAGAIN : wait_for_folio(folio, SV_LAZY_WAIT);
}

/* Wait for a span. @ready counts the bytes before the first one that fails. */
static int wait_for_span(const struct sv_span *span, enum sv_lazy how,
			 size_t *ready)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t n;
	int err;

	*ready = 0;
	while (*ready < span->len) {
		err = wait_for_folio(sv_bvec_folio(bv, skip, &n), how);
		if (err)
			return err;
		*ready += n;
		skip += n;
		if (skip == bv->bv_len) {
			bv++;
			skip = 0;
		}
	}
	*ready = span->len;
	return 0;
}

/**
 * sv_lazy_wait - wait for the bytes a window begins with
 * @window: private
 * @whole: wait for all of it; otherwise just for the first span, and stop before
 *	the next one that may have to be waited for
 * @how: which of them may be waited for
 * @ready: result: bytes that are there, from the front
 *
 * Return: 0; or, if none are there (with @whole: if any is missing), -EIO,
 * -EAGAIN, -SV_EWAIT, or -EINTR: a fatal signal came.
 */
int sv_lazy_wait(const struct sv_spans *window, bool whole, enum sv_lazy how,
		 size_t *ready)
{
	int err = 0;
	u32 i;

	*ready = 0;
	for (i = 0; i < window->nr && !err; i++) {
		const struct sv_span *span = sv_spans_at(window, i);
		size_t n = span->len;

		if (span->loan->lazy) {
			if (i && !whole)
				break;
			err = wait_for_span(span, how, &n);
		}
		*ready += n;
	}
	return *ready && !whole ? 0 : err;
}
