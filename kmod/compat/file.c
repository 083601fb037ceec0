// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and pipes: reading into a ring, writing from an iterator, page stashes.
 */
#include <linux/bvec.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/splice.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
/* Put bytes that lie in pages from their first byte on into a ring with room. */
static void add_to_ring(struct pipe_inode_info *pipe, struct bio_vec *bv,
			size_t len)
{
	for (; len; bv++) {
		struct pipe_buffer buf = {
			.page = bv->bv_page,
			.len = min_t(size_t, len, PAGE_SIZE),
			.ops = &nosteal_pipe_buf_ops,
		};

		get_page(bv->bv_page);
		add_to_pipe(pipe, &buf);
		len -= buf.len;
	}
}

static ssize_t read_pages(struct file *file, loff_t *pos, struct bio_vec *bv,
			  unsigned int nr, size_t len)
{
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t ret;

	iov_iter_bvec(&to, ITER_DEST, bv, nr, len);
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *pos;
	ret = file->f_op->read_iter(&iocb, &to);
	if (ret > 0)
		*pos = iocb.ki_pos;
	return ret;
}

/*
 * As copy_splice_read() from 6.5 on: the pages come first. What devices have before
 * allocates them one by one as it reads, and without memory for one drops what it
 * has read and says EAGAIN. May go with 6.1.
 */
static ssize_t copy_splice_read(struct file *file, loff_t *pos,
				struct pipe_inode_info *pipe, size_t len,
				unsigned int flags)
{
	unsigned int room = pipe->max_usage - pipe_occupancy(pipe->head, pipe->tail);
	unsigned int nr = min_t(size_t, DIV_ROUND_UP(len, PAGE_SIZE), room);
	struct bio_vec *bv = kvmalloc_array(nr, sizeof(*bv),
					    GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	ssize_t ret = -ENOMEM;
	unsigned int i;

	for (i = 0; bv && i < nr; i++) {
		bv[i] = (struct bio_vec) {
			.bv_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO),
			.bv_len = PAGE_SIZE,
		};
		if (!bv[i].bv_page)
			break;
	}
	if (i)
		ret = read_pages(file, pos, bv, i,
				 min(len, (size_t)i << PAGE_SHIFT));
	if (ret > 0)
		add_to_ring(pipe, bv, ret);
	while (i)
		put_page(bv[--i].bv_page);
	kvfree(bv);
	return ret;
}

static bool reads_copies(const struct file *file)
{
	return file->f_op->splice_read == generic_file_splice_read &&
	       S_ISCHR(file_inode(file)->i_mode);
}
#else
/* What goes around the page cache does so by itself, but for memory on a bus. */
static bool reads_copies(const struct file *file)
{
	return IS_DAX(file->f_mapping->host);
}
#endif

/**
 * sv_splice_read - fill a private pipe ring from a file
 * @file: source with ->splice_read, open for reading; permission has been asked
 * @pos: where to read; moved on by what was read
 * @pipe: ring nobody else can see
 * @len: bytes at the most
 * @flags: SPLICE_F_*
 *
 * As vfs_splice_read(), which asks for permission once more.
 *
 * Return: bytes read, 0 at the end of the file, or a negative errno.
 */
ssize_t sv_splice_read(struct file *file, loff_t *pos,
		       struct pipe_inode_info *pipe, size_t len,
		       unsigned int flags)
{
	if (reads_copies(file))
		return copy_splice_read(file, pos, pipe, len, flags);
	return file->f_op->splice_read(file, pos, pipe, len, flags);
}

/**
 * sv_write_iter - write with a kiocb of the caller's
 * @file: sink, open for writing
 * @iocb: position and flags
 * @iter: what to write
 *
 * A write that goes on after the return keeps the filesystem from being frozen
 * until its ->ki_complete calls kiocb_end_write().
 *
 * Return: bytes written, -EIOCBQUEUED or a negative errno.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
ssize_t sv_write_iter(struct file *file, struct kiocb *iocb,
		      struct iov_iter *iter)
{
	return vfs_iocb_iter_write(file, iocb, iter);
}
#else
/* Before 6.6 the caller takes the freeze protection. May go with 6.1. */
ssize_t sv_write_iter(struct file *file, struct kiocb *iocb,
		      struct iov_iter *iter)
{
	ssize_t ret;

	kiocb_start_write(iocb);
	ret = vfs_iocb_iter_write(file, iocb, iter);
	if (ret != -EIOCBQUEUED)
		kiocb_end_write(iocb);
	return ret;
}
#endif

/**
 * sv_readahead - start to read pages that are not in the page cache
 * @ractl: file and where to begin; the caller keeps to the file's end
 * @nr_pages: how many
 *
 * From 7.0 on the caller keeps truncation away meanwhile, before that the function
 * did so itself. The test may go with 6.12.
 *
 * Context: may sleep; allocates without reclaiming through filesystems.
 */
void sv_readahead(struct readahead_control *ractl, unsigned long nr_pages)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	filemap_invalidate_lock_shared(ractl->mapping);
	page_cache_ra_unbounded(ractl, nr_pages, 0);
	filemap_invalidate_unlock_shared(ractl->mapping);
#else
	page_cache_ra_unbounded(ractl, nr_pages, 0);
#endif
}

/**
 * sv_read_folio - read a folio of the page cache
 * @file: it is read for, or NULL
 * @folio: locked and in a file; unlocked when it has been read
 *
 * Before 6.12 a read that failed left a mark, for which ext4 has the next one fail as
 * well. The test may go with 6.1.
 *
 * Context: under the mapping's invalidate lock; may sleep.
 * Return: 0: it is read, or on its way; or the filesystem's error, and it is unlocked.
 */
int sv_read_folio(struct file *file, struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	folio_clear_error(folio);
#endif
	return folio->mapping->a_ops->read_folio(file, folio);
}

/**
 * sv_shmem_file - an unnamed file in memory
 * @name: for /proc
 * @size: bytes
 *
 * 7.0 gave the flags a type of their own. May go with 6.12.
 *
 * Return: the file or an ERR_PTR.
 */
struct file *sv_shmem_file(const char *name, loff_t size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return shmem_file_setup(name, size, EMPTY_VMA_FLAGS);
#else
	return shmem_file_setup(name, size, 0);
#endif
}

/**
 * sv_pipe_drain_stash - free the pages a pipe keeps for its next write
 * @pipe: private ring; the release of an anonymous pipe buffer leaves its page
 *	here for reuse
 *
 * 6.15 made the one stashed page an array. May go with 6.12.
 */
void sv_pipe_drain_stash(struct pipe_inode_info *pipe)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	int i;

	for (i = 0; i < ARRAY_SIZE(pipe->tmp_page); i++) {
		if (pipe->tmp_page[i])
			__free_page(pipe->tmp_page[i]);
		pipe->tmp_page[i] = NULL;
	}
#else
	if (pipe->tmp_page)
		__free_page(pipe->tmp_page);
	pipe->tmp_page = NULL;
#endif
}
