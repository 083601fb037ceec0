// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and pipes: reading into a ring, writing from an iterator, page stashes.
 */
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/splice.h>

/**
 * sv_splice_read - fill a private pipe ring from a file
 * @file: source with ->splice_read, open for reading; permission has been asked
 * @pos: where to read; moved on by what was read
 * @pipe: ring nobody else can see
 * @len: bytes at the most
 * @flags: SPLICE_F_*
 *
 * As vfs_splice_read(), which asks for permission once more. From 6.5 on that
 * knows of files without a page cache, before they did so themselves. The test may
 * go with 6.1.
 *
 * Return: bytes read, 0 at the end of the file, or a negative errno.
 */
ssize_t sv_splice_read(struct file *file, loff_t *pos,
		       struct pipe_inode_info *pipe, size_t len,
		       unsigned int flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	if (IS_DAX(file->f_mapping->host))
		return copy_splice_read(file, pos, pipe, len, flags);
#endif
	return file->f_op->splice_read(file, pos, pipe, len, flags);
}

/**
 * sv_write_iter - write with a kiocb of the caller's
 * @file: sink, open for writing
 * @iocb: position and flags; synchronous
 * @iter: what to write
 *
 * Return: bytes written or a negative errno.
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

	file_start_write(file);
	ret = vfs_iocb_iter_write(file, iocb, iter);
	file_end_write(file);
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
