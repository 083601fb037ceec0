// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/lender: lends buffers out of a pool to vectors, and counts how they come back.
 */
#include <linux/bvec.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/splicevec.h>
#include <linux/uaccess.h>

#include "lender.h"
#include "pool.h"

/* What is written over a buffer that came back, for those who still look. */
#define GONE	0xdb

static atomic64_t lent;
static atomic64_t returned;
static atomic64_t wrong;

static void take_back(struct buffer *buffer)
{
	unsigned int i;

	buffer->lent = false;
	for (i = 0; i < buffer->nr; i++)
		memset_page(buffer->pages[i], 0, GONE, PAGE_SIZE);
	pool_put(buffer);
}

/*
 * The destructor: nobody else looks at the buffer any more. It is counted when it is in
 * the pool: whoever knows of it can have it.
 */
static void come_back(void *private)
{
	struct buffer *buffer = private;

	if (buffer->lent)
		take_back(buffer);
	else
		atomic64_inc(&wrong);
	atomic64_inc(&returned);
}

static const struct splicevec_lender lender = {
	.owner = THIS_MODULE,
	.release = come_back,
};

static const struct splicevec_lender stable_lender = {
	.owner = THIS_MODULE,
	.release = come_back,
	.stable = true,
};

static int fill_page(struct page *page, size_t offset, const void __user *from,
		     size_t len)
{
	void *to = kmap_local_page(page);
	bool all = !copy_from_user(to + offset, from, len);

	kunmap_local(to);
	flush_dcache_page(page);
	return all ? 0 : -EFAULT;
}

static int fill_buffer(const struct buffer *buffer, const struct lender_lend *args)
{
	const char __user *from = u64_to_user_ptr(args->addr);
	size_t at, end = args->skip + args->len;
	size_t n;
	int err = 0;

	for (at = args->skip; !err && at < end; at += n, from += n) {
		n = min(end - at, PAGE_SIZE - offset_in_page(at));
		err = fill_page(buffer->pages[at >> PAGE_SHIFT],
				offset_in_page(at), from, n);
	}
	return err;
}

/* Pages that lie anywhere: a run for each. */
static int lend_pages(struct file *vector, struct buffer *buffer,
		      size_t skip, size_t len, const struct splicevec_lender *as)
{
	unsigned int first = skip >> PAGE_SHIFT;
	size_t at = skip, end = skip + len;
	struct bio_vec *runs;
	unsigned int nr;
	int err;

	runs = kvmalloc_array(buffer->nr, sizeof(*runs),
			      GFP_KERNEL | __GFP_NOWARN);
	if (!runs)
		return -ENOMEM;
	for (nr = 0; at < end; nr++) {
		runs[nr].bv_page = buffer->pages[first + nr];
		runs[nr].bv_offset = offset_in_page(at);
		runs[nr].bv_len = min(end - at, PAGE_SIZE - offset_in_page(at));
		at += runs[nr].bv_len;
	}
	err = splicevec_lend(vector, runs, nr, as, buffer);
	kvfree(runs);
	return err;
}

static int lend_buffer(struct file *vector, struct buffer *buffer,
		       const struct lender_lend *args)
{
	const struct splicevec_lender *as =
		args->flags & LENDER_STABLE ? &stable_lender : &lender;
	int err = fill_buffer(buffer, args);

	if (err)
		return err;
	/* it may be back before we are */
	buffer->lent = true;
	if (buffer->sort == LENDER_RUN || buffer->sort == LENDER_COMPOUND)
		err = splicevec_lend_range(vector, buffer->pages[0], args->skip,
					   args->len, as, buffer);
	else
		err = lend_pages(vector, buffer, args->skip, args->len, as);
	if (err)
		buffer->lent = false;
	else
		atomic64_inc(&lent);
	return err;
}

static long ioctl_lend(const struct lender_lend __user *user)
{
	struct lender_lend args;
	struct buffer *buffer;
	struct file *vector;
	int err;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.sort >= LENDER_SORTS || args.skip >= LENDER_MOST ||
	    args.len > LENDER_MOST - args.skip ||
	    args.flags & ~LENDER_STABLE || args.reserved)
		return -EINVAL;
	vector = fget(args.vector);
	if (!vector)
		return -EBADF;
	buffer = pool_take(args.sort, max(args.skip + args.len, 1U));
	err = buffer ? lend_buffer(vector, buffer, &args) : -ENOMEM;
	if (buffer && err)
		pool_put(buffer);
	fput(vector);
	return err;
}

static long ioctl_counts(struct lender_counts __user *user)
{
	const struct lender_counts counts = {
		.lent = atomic64_read(&lent),
		.returned = atomic64_read(&returned),
		.wrong = atomic64_read(&wrong),
		.made = pool_made(),
	};

	return copy_to_user(user, &counts, sizeof(counts)) ? -EFAULT : 0;
}

static long lender_ioctl(struct file *file, unsigned int number,
			 unsigned long arg)
{
	switch (number) {
	case LENDER_LEND:
		return ioctl_lend((const void __user *)arg);
	case LENDER_COUNTS:
		return ioctl_counts((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations lender_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = lender_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice lender_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lender",
	.fops = &lender_fops,
	.mode = 0600,
};

static int __init lender_init(void)
{
	return misc_register(&lender_misc);
}

/*
 * What is lent holds the module, so all buffers are in the pool, and no destructor
 * runs any more.
 */
static void __exit lender_exit(void)
{
	misc_deregister(&lender_misc);
	pool_empty();
}

module_init(lender_init);
module_exit(lender_exit);

MODULE_DESCRIPTION("Example: lends buffers out of a pool to splicevec's vectors");
MODULE_AUTHOR("The splicevec developers");
MODULE_LICENSE("GPL");
