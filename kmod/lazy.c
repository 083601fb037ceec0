// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans whose bytes are still on their way from the disk: whoever needs them
 * waits here.
 */
#include "lazy.h"

#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "loan.h"
#include "nowait.h"

/*
 * Keep the file of a locked folio. A span holds neither its file nor the filesystem,
 * and the folio's lock, which does, ends when it has been read.
 *
 * Return: true: let_go() follows. False: the filesystem is being frozen, mounted
 * anew or unmounted, or the file deleted: that comes to an end, if need be with the
 * folio out of the file.
 */
static bool hold(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	/* whoever has this lock may wait for the folio */
	if (!down_read_trylock(&sb->s_umount))
		return false;
	if (igrab(inode))
		return true;
	up_read(&sb->s_umount);
	return false;
}

static void let_go(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	iput(inode);
	up_read(&sb->s_umount);
}

/*
 * Find and hold the file that a folio is to be read from.
 *
 * Return: 0, or -EINTR: a fatal signal came. @mapping: the file's, or NULL if there is
 * nothing to read: it has been read, or the file has lost it.
 */
static int hold_mapping(struct folio *folio, struct address_space **mapping)
{
	bool held;
	int err;

	do {
		err = folio_lock_killable(folio);
		if (err)
			return err;
		*mapping = folio_test_uptodate(folio) ? NULL : folio->mapping;
		held = !*mapping || hold((*mapping)->host);
		folio_unlock(folio);
		if (!held && schedule_timeout_killable(1) && fatal_signal_pending(current))
			return -EINTR;
	} while (!held);
	return 0;
}

/* Read and wait, if it is still to be read. Under the invalidate lock, as any read. */
static int read_locked(struct folio *folio, struct address_space *mapping)
{
	int err = folio_lock_killable(folio);

	if (err)
		return err;
	if (folio_test_uptodate(folio) || folio->mapping != mapping) {
		folio_unlock(folio);
		return 0;
	}
	/* unlocks it when it has been read */
	return mapping->a_ops->read_folio(NULL, folio) ?:
	       folio_wait_locked_killable(folio);
}

/*
 * Read a folio once more: one block that cannot be read fails the whole request
 * it was a part of.
 *
 * Return: 0: if it could be read it is uptodate now; -EIO, -EINTR or the filesystem's
 * own error.
 */
static int read_again(struct folio *folio)
{
	struct address_space *mapping;
	int err = hold_mapping(folio, &mapping);

	if (err || !mapping)
		return err;
	filemap_invalidate_lock_shared(mapping);
	err = read_locked(folio, mapping);
	filemap_invalidate_unlock_shared(mapping);
	let_go(mapping->host);
	return err;
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
	err = read_again(folio);
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
