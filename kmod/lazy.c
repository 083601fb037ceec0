// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans whose bytes are still on their way from the disk: whoever needs them
 * waits here.
 */
#include "lazy.h"

#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "loan.h"
#include "nowait.h"
#include "release.h"

/**
 * struct held - the file that a folio is read from
 * @release: lets go of it
 * @sb: its filesystem, active, or NULL
 * @inode: with a reference, or NULL
 *
 * A span holds neither, and the folio's lock, which does, ends with the read.
 */
struct held {
	struct work_struct release;
	struct super_block *sb;
	struct inode *inode;
};

static void release_held(struct work_struct *work)
{
	struct held *held = container_of(work, struct held, release);

	iput(held->inode);
	deactivate_super(held->sb);
	kfree(held);
	module_put(THIS_MODULE);
}

/*
 * It may have been deleted and unmounted meanwhile, and to see to that takes locks that
 * a page fault, or the user of a pipe, must not wait for.
 */
static void let_go(struct held *held)
{
	if (!held->sb) {
		kfree(held);
		return;
	}
	__module_get(THIS_MODULE);
	INIT_WORK(&held->release, release_held);
	sv_release_queue_file(&held->release);
}

/*
 * Hold the file of a folio that is to be read. A folio that is locked is in its file, if
 * it has one, and that is there as long.
 *
 * Return: the file's mapping; or NULL: it has been read, or the file loses it or has.
 */
static struct address_space *hold(struct held *held, struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	struct super_block *sb;

	if (!mapping || folio_test_uptodate(folio))
		return NULL;
	sb = mapping->host->i_sb;
	if (!atomic_inc_not_zero(&sb->s_active))
		return NULL;
	held->sb = sb;
	held->inode = igrab(mapping->host);
	return held->inode ? mapping : NULL;
}

/* Read and wait, if it is still to be read. As any read, under the invalidate lock. */
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
	return sv_read_folio(NULL, folio) ?: folio_wait_locked_killable(folio);
}

static int read_held(struct folio *folio, struct held *held)
{
	int err = folio_lock_killable(folio);
	struct address_space *mapping;

	if (err)
		return err;
	mapping = hold(held, folio);
	folio_unlock(folio);
	if (!mapping)
		return 0;
	filemap_invalidate_lock_shared(mapping);
	err = read_locked(folio, mapping);
	filemap_invalidate_unlock_shared(mapping);
	return err;
}

/*
 * Read a folio once more: one block that cannot be read fails the whole request
 * it was a part of.
 *
 * Return: 0: if it could be read it is uptodate now; -ENOMEM, -EIO, -EINTR or the
 * filesystem's own error.
 */
static int read_again(struct folio *folio)
{
	struct held *held = kzalloc(sizeof(*held), GFP_KERNEL);
	int err;

	if (!held)
		return -ENOMEM;
	err = read_held(folio, held);
	let_go(held);
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
 * Return: 0, -EIO, -EAGAIN, -ENOMEM or -EINTR: a fatal signal came.
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
 * -EAGAIN, -SV_EWAIT, -ENOMEM, or -EINTR: a fatal signal came.
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
