// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which folios can be pinned, of which inodes.
 *
 * Nothing here holds an inode. It is there as long as one of its folios is locked, or
 * under writeback: whoever evicts it waits for both.
 */
#include "pin_folio.h"

#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/buffer_head.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/string.h>
#include <linux/writeback.h>

#include "loan.h"

/*
 * ext4 by its own name: other names, and ext2 itself, share its magic. Where it
 * journals data it writes pages through its journal, which does not wait for
 * writeback; then, and only then, it migrates them in another way. What is not as long
 * as a block may lie in the inode.
 */
static bool ext4_fits(const struct inode *host)
{
	const struct address_space_operations *ops = host->i_mapping->a_ops;

	if (!ops->migrate_folio || ops->migrate_folio != buffer_migrate_folio)
		return false;
	return i_size_read(host) >= i_blocksize(host);
}

static bool is_ext4(const struct inode *host)
{
	return S_ISREG(host->i_mode) && !strcmp(host->i_sb->s_type->name, "ext4");
}

/*
 * Whoever has claimed a device may have a filesystem there, and that writes to its
 * buffers without waiting for writeback.
 */
static bool is_claimed(struct inode *host)
{
	return READ_ONCE(I_BDEV(host)->bd_holder);
}

/* Does the one lie on the other? */
static bool lies_on(const struct inode *host, struct inode *device)
{
	return S_ISBLK(device->i_mode) && host->i_sb->s_bdev &&
	       host->i_sb->s_bdev->bd_disk == I_BDEV(device)->bd_disk;
}

/*
 * May what is done to the sink have to wait for the source? A sink whose filesystem has
 * no device may lie on any other.
 */
static bool is_near(struct inode *host, struct inode *sink)
{
	if (S_ISSOCK(sink->i_mode))
		return false;
	if (!S_ISBLK(sink->i_mode) && !sink->i_sb->s_bdev)
		return true;
	return host->i_sb == sink->i_sb || lies_on(host, sink) ||
	       lies_on(sink, host);
}

/**
 * sv_pin_host_fits - can folios of an inode be pinned for a sink?
 * @host: of a mapping; a folio of it is locked by the caller
 * @sink: inode that is pushed to; held by the caller
 *
 * Only where it is proven that all who write to them wait for writeback; and not where
 * the sink might wait for what waits for it.
 *
 * Return: true if so.
 */
bool sv_pin_host_fits(struct inode *host, struct inode *sink)
{
	if (!mapping_can_writeback(host->i_mapping) || IS_DAX(host) ||
	    IS_SWAPFILE(host) || is_near(host, sink))
		return false;
	if (S_ISBLK(host->i_mode))
		return !is_claimed(host);
	if (!S_ISREG(host->i_mode))
		return false;
	if (is_ext4(host))
		return ext4_fits(host);
	return !strcmp(host->i_sb->s_type->name, "xfs");
}

/*
 * An inode that was never dirty has nobody to count its writeback. What attaches it is
 * not exported everywhere, but part of this.
 */
#ifdef CONFIG_CGROUP_WRITEBACK
static bool attach_writeback(struct inode *host)
{
	if (!host->i_wb)
		__mark_inode_dirty(host, I_DIRTY_PAGES);
	return host->i_wb;
}
#else
static bool attach_writeback(struct inode *host)
{
	return true;
}
#endif

/**
 * sv_pin_host_begin - prepare an inode for the first folio of a pin
 * @host: one that sv_pin_host_fits(); a folio of it is locked by the caller
 *
 * ext4 punches and zeroes parts of blocks without waiting for writeback, or (6.12) with
 * the folio unlocked after it has. But before that it waits for direct I/O, holding
 * i_rwsem: so to ext4 a pin is that as well, and begins only where that can.
 *
 * Return: true, and sv_pin_host_settle() follows when the last folio of the pin is
 * under writeback; false: somebody changes the file just now.
 */
bool sv_pin_host_begin(struct inode *host)
{
	if (!attach_writeback(host))
		return false;
	if (!is_ext4(host))
		return true;
	/* never waited for: whoever has it may wait for the folio */
	if (!inode_trylock_shared(host))
		return false;
	/* whoever had it may have made another sort of file of it */
	if (!ext4_fits(host)) {
		inode_unlock_shared(host);
		return false;
	}
	inode_dio_begin(host);
	return true;
}

/**
 * sv_pin_host_settle - all folios of a pin are under writeback
 * @host: from sv_pin_host_begin(); one of them is still, and stays so meanwhile
 */
void sv_pin_host_settle(struct inode *host)
{
	if (is_ext4(host))
		inode_unlock_shared(host);
}

/**
 * sv_pin_host_end - the last folio of a pin is about to be let go
 * @host: from sv_pin_host_begin(); that folio is still under writeback
 *
 * A filesystem that is mounted while folios of its device are pinned cannot be
 * unmounted before their end: so it is still to be seen.
 *
 * Context: any.
 * Return: could nobody have written to the folios?
 */
bool sv_pin_host_end(struct inode *host)
{
	if (is_ext4(host))
		inode_dio_end(host);
	return !S_ISBLK(host->i_mode) || !is_claimed(host);
}

static int lock_folio(struct folio *folio, bool wait)
{
	if (wait)
		return folio_lock_killable(folio);
	return folio_trylock(folio) ? 0 : -EBUSY;
}

static bool is_good(struct folio *folio)
{
	return folio->mapping && !folio_test_anon(folio) &&
	       folio_test_uptodate(folio) && !sv_folio_poisoned(folio) &&
	       !folio_maybe_dma_pinned(folio);
}

/**
 * sv_pin_folio_lock - lock a folio
 * @folio: held by the caller
 * @wait: for whoever has it; only for those who have pinned nothing yet, or the one
 *	that is waited for may wait for that
 *
 * Context: may sleep.
 * Return: 0, and the folio is locked and in a mapping; -EBUSY: it cannot be pinned;
 * -EINTR: a fatal signal came.
 */
int sv_pin_folio_lock(struct folio *folio, bool wait)
{
	int err = lock_folio(folio, wait);

	if (err || is_good(folio))
		return err;
	folio_unlock(folio);
	return -EBUSY;
}

/* Others wait for it, or write it back: it is theirs first. */
static int wait_for_writeback(struct folio *folio, bool wait)
{
	if (folio_test_waiters(folio))
		return -EBUSY;
	if (!folio_test_writeback(folio))
		return 0;
	return wait ? folio_wait_writeback_killable(folio) : -EBUSY;
}

/**
 * sv_pin_folio_settle - have a folio be under no writeback, and stores to it fault
 * @folio: from sv_pin_folio_lock()
 * @wait: as there
 *
 * Whoever pinned it for stores of a device did so by a mapping, and is to be seen when
 * there is none any more. That it is dirty is not forgotten.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY: it cannot be pinned; -EINTR: a fatal signal came.
 */
int sv_pin_folio_settle(struct folio *folio, bool wait)
{
	int err = wait_for_writeback(folio, wait);

	if (err)
		return err;
	if (folio_mkclean(folio))
		folio_mark_dirty(folio);
	return folio_maybe_dma_pinned(folio) ? -EBUSY : 0;
}
