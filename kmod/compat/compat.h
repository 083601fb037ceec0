/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels (6.1, 6.12, 7.x).
 *
 * Force-included into every file of the module, so that nothing outside
 * kmod/compat/ ever tests a kernel version. Each shim says why it exists and
 * the kernel from which on it may go.
 */
#ifndef _SV_COMPAT_H
#define _SV_COMPAT_H

#include <linux/version.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/uio.h>

/*
 * Before 6.2 a read-only long-term pin of memory may be the shared zero page or
 * the page cache under a private mapping, which the owner's next store leaves
 * behind. So pin for writing; memory that cannot be written is copied. May go
 * with 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define SV_PIN_READONLY		true
#define SV_PIN_FLAGS		FOLL_LONGTERM
#else
#define SV_PIN_READONLY		false
#define SV_PIN_FLAGS		(FOLL_LONGTERM | FOLL_WRITE)
#endif

/*
 * Before 6.6 a packet of vsock could not be looked at without being taken. May go
 * with 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define SV_VSOCK_PEEK		true
#else
#define SV_VSOCK_PEEK		false
#endif

/*
 * Before 6.7 a command of io_uring that waits could not be given up, so a CQE cannot
 * wait for the end of a strict push. May go with 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define SV_URING_STRICT		true
#else
#define SV_URING_STRICT		false
#endif

/* 6.4 hid the pieces of an iterator behind an accessor. May go with 6.1. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define sv_iter_iov(iter)	iter_iov(iter)
#else
#define sv_iter_iov(iter)	((iter)->iov)
#endif

/* 6.3 made the flags of a mapping private to accessors. May go with 6.1. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.12 packed struct fd into a word. May go with 6.1. */
#ifndef fd_file
#define fd_file(f)	((f).file)
#endif

/*
 * A file position may be negative if its file says so. 6.12 moved that from the
 * file's mode to its operations. May go with 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define SV_FOPS_NEGATIVE_POSITION	.fop_flags = FOP_UNSIGNED_OFFSET,

static inline void sv_allow_negative_position(struct file *file)
{
}
#else
#define SV_FOPS_NEGATIVE_POSITION

static inline void sv_allow_negative_position(struct file *file)
{
	file->f_mode |= FMODE_UNSIGNED_OFFSET;
}
#endif

/* 6.8 counts every signal of an eventfd as one. May go with 6.1. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define sv_eventfd_signal(ctx)	eventfd_signal(ctx)
#else
#define sv_eventfd_signal(ctx)	((void)eventfd_signal(ctx, 1))
#endif

/* The completion of a ubuf_info; sv_ubuf_init() wires it up. */
void sv_ubuf_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
		      bool zerocopy);

/* What several ubuf_infos in one skb take; see tracked.c. */
int sv_ubuf_link(struct ubuf_info *to, struct ubuf_info *ubuf);
void sv_ubuf_shared(struct ubuf_info *ubuf, size_t bytes);

/* Where in a run one folio ends; see loan.c. */
struct folio *sv_bvec_folio(const struct bio_vec *bv, size_t skip, size_t *len);

void sv_ubuf_init(struct ubuf_info *ubuf);
ssize_t sv_sock_lend(struct socket *sock, struct msghdr *msg,
		     struct ubuf_info *ubuf);
ssize_t sv_sock_splice_pages(struct socket *sock, struct msghdr *msg);
/* 6.5 brought MSG_SPLICE_PAGES to sendmsg. May go with 6.1. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define sv_tcp_splice_pages	sv_sock_splice_pages
#else
ssize_t sv_tcp_splice_pages(struct socket *sock, struct msghdr *msg);
#endif

bool sv_splice_copies(const struct file *file);
ssize_t sv_splice_read(struct file *file, loff_t *pos,
		       struct pipe_inode_info *pipe, size_t len);
ssize_t sv_write_iter(struct file *file, struct kiocb *iocb,
		      struct iov_iter *iter);
struct readahead_control;
void sv_readahead(struct readahead_control *ractl, unsigned long nr_pages);
int sv_read_folio(struct file *file, struct folio *folio);
struct file *sv_shmem_file(const char *name, loff_t size);
void sv_pipe_drain_stash(struct pipe_inode_info *pipe);

#endif /* _SV_COMPAT_H */
