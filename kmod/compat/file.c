// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and pipes: what splice_read does, writing from an iterator, page stashes.
 */
#include <linux/bvec.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/splice.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
static bool copies_always(const struct file *file)
{
	return file->f_op->splice_read == copy_splice_read;
}
#else
/*
 * What devices have: it allocates page by page as it reads, and without memory for one
 * drops what it has read. Files may have it for their page cache. May go with 6.1.
 */
static bool copies_always(const struct file *file)
{
	return file->f_op->splice_read == generic_file_splice_read &&
	       S_ISCHR(file_inode(file)->i_mode);
}
#endif

/**
 * sv_splice_copies - would ->splice_read do no more than read into new pages?
 * @file: that has one
 *
 * Of methods that do so but are a filesystem's own nothing is known.
 *
 * Return: true if so: then a read does the same, and who reads knows of the copy.
 */
bool sv_splice_copies(const struct file *file)
{
	return copies_always(file) || IS_DAX(file->f_mapping->host);
}

/**
 * sv_splice_read - have a file put its pages into a pipe
 * @file: that has ->splice_read
 * @pos: where to begin, and then where it ended
 * @pipe: private, with room for @len bytes from @pos on
 * @len: bytes
 *
 * Waits.
 *
 * Return: bytes, 0 at the end, or a negative errno.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
ssize_t sv_splice_read(struct file *file, loff_t *pos,
		       struct pipe_inode_info *pipe, size_t len)
{
	return file->f_op->splice_read(file, pos, pipe, len, 0);
}
#else
/*
 * Reading into a pipe with room says -EAGAIN only where there was no memory for a page
 * of the pipe's own: tmpfs needs one for a hole. May go with 6.1.
 */
ssize_t sv_splice_read(struct file *file, loff_t *pos,
		       struct pipe_inode_info *pipe, size_t len)
{
	ssize_t ret = file->f_op->splice_read(file, pos, pipe, len, 0);

	if (ret == -EAGAIN && file->f_op->splice_read == generic_file_splice_read)
		return -ENOMEM;
	return ret;
}
#endif

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
