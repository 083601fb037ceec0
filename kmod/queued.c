// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queued writes: past the page cache of a file, and not waited for.
 *
 * The device reads the pages after the push has returned. Whoever writes for it
 * calls ->ki_complete when it is done, in any context up to hard interrupts, and
 * that is one reader of a tracked push less (tracked.c). Meanwhile the file is held:
 * the one exception to the rule that nothing of ours holds a file. It ends with the
 * device, whatever user space does or does not do.
 */
#include "queued.h"

#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fsnotify.h>
#include <linux/hashtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "position.h"
#include "tracked.h"

/**
 * struct sv_queued - a write that may go on after the push has returned
 * @push: the pages; one reference is the device's, one of whoever hands over
 * @iocb: what the file is given; holds one reference on it
 * @host: what is written to, told from others by its address; @iocb's file has it
 * @len: bytes
 * @node: with those that have not ended, found by @host
 */
struct sv_queued {
	struct sv_push push;
	struct kiocb iocb;
	const struct inode *host;
	size_t len;
	struct hlist_node node;
};

/* Taken with interrupts off: writes may end in one. A leaf but for the wake-up. */
static DEFINE_SPINLOCK(lock);
static DEFINE_HASHTABLE(all, 8);
static DECLARE_WAIT_QUEUE_HEAD(one_less);

/*
 * To tell watchers takes a bit of memory, charged to them. Here it comes at once, if need
 * be of the reserves: reclaim may wait for this queue, and all others do.
 */
static void tell_watchers(struct file *file)
{
	unsigned int flags = memalloc_noreclaim_save();

	fsnotify_modify(file);
	memalloc_noreclaim_restore(flags);
}

/* Context: process; the push has ended. */
static void queued_free(struct sv_push *push)
{
	struct sv_queued *queued = container_of(push, struct sv_queued, push);
	struct file *file = queued->iocb.ki_filp;

	if (queued->len > push->lost)
		tell_watchers(file);
	fput(file);
	kfree(queued);
}

/* The device's reference is consumed. Context: any. */
static void queued_end(struct sv_queued *queued)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	hash_del(&queued->node);
	wake_up(&one_less);
	spin_unlock_irqrestore(&lock, flags);
	sv_push_put(&queued->push);
}

/* A write that is short and does not say why is an error all the same. */
static int queued_status(const struct sv_queued *queued, long ret)
{
	if (ret == -ERESTARTSYS)
		return -EINTR;
	if (ret < 0)
		return ret;
	return ret < queued->len ? -EIO : 0;
}

/* ->ki_complete. Context: any, hard interrupts included. */
static void queued_complete(struct kiocb *iocb, long ret)
{
	struct sv_queued *queued = container_of(iocb, struct sv_queued, iocb);

	kiocb_end_write(iocb);
	queued->push.status = queued_status(queued, ret);
	queued->push.lost = queued->len - clamp_t(long, ret, 0, queued->len);
	queued_end(queued);
}

/* The file may look at IOCB_WRITE to know what it has to undo at the end. */
static void init_iocb(struct kiocb *iocb, struct file *file, loff_t pos)
{
	init_sync_kiocb(iocb, get_file(file));
	iocb->ki_pos = pos;
	iocb->ki_flags |= IOCB_DIRECT | IOCB_WRITE;
	iocb->ki_complete = queued_complete;
}

static void queued_begin(struct sv_queued *queued)
{
	unsigned long flags;

	/* cannot fail: there is one */
	sv_push_get(&queued->push);
	spin_lock_irqsave(&lock, flags);
	hash_add(all, &queued->node, (unsigned long)queued->host);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * sv_queue_write - write past the page cache, and do not wait for the device
 * @file: open for writing
 * @position: where; moved on by what was accepted
 * @from: what to write: runs of @loan
 * @loan: held by the caller; the write takes a reference of its own
 * @account: who pushes
 * @completion: told when it is written: how it went, and how many bytes went lost
 *
 * The file may nevertheless wait, and then says at once how it went.
 *
 * Context: may sleep.
 * Return: bytes accepted or a negative errno with none.
 */
ssize_t sv_queue_write(struct file *file, struct sv_position *position,
		       struct iov_iter *from, struct sv_loan *loan,
		       struct sv_account *account,
		       struct sv_completion *completion)
{
	struct sv_queued *queued = kmalloc(sizeof(*queued), GFP_KERNEL_ACCOUNT);
	ssize_t ret;

	if (!queued)
		return -ENOMEM;
	sv_push_init(&queued->push, loan, account, completion, queued_free);
	init_iocb(&queued->iocb, file, position->pos);
	queued->host = file->f_mapping->host;
	queued->len = iov_iter_count(from);
	queued_begin(queued);
	ret = sv_write_iter(file, &queued->iocb, from);
	if (ret == -EIOCBQUEUED) {
		ret = queued->len;
		position->pos += ret;
	} else {
		if (ret > 0)
			position->pos = queued->iocb.ki_pos;
		/* watchers were told */
		queued->len = 0;
		queued_end(queued);
	}
	sv_push_put(&queued->push);
	return ret;
}

static bool is_busy(const struct inode *host)
{
	const struct sv_queued *queued;
	bool busy = false;

	spin_lock_irq(&lock);
	hash_for_each_possible(all, queued, node, (unsigned long)host) {
		busy = queued->host == host;
		if (busy)
			break;
	}
	spin_unlock_irq(&lock);
	return busy;
}

/**
 * sv_queued_wait - wait until no write of ours is queued to an inode
 * @host: of a file's mapping
 *
 * Whoever is about to fill a page of the cache from the device calls this first:
 * what is on its way to the blocks beside would not be in the page, and be undone
 * when that is written back.
 *
 * Context: may sleep; holds nothing that the end of a write needs.
 * Return: 0, or -EINTR: a fatal signal came.
 */
int sv_queued_wait(const struct inode *host)
{
	return wait_event_killable(one_less, !is_busy(host)) ? -EINTR : 0;
}
