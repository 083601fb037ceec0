/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_FILE_H
#define _SV_FILE_H

#include <linux/fs.h>

struct pipe_inode_info;
struct poll_table_struct;

int sv_file_open(struct inode *inode, struct file *file);
ssize_t sv_file_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t sv_file_write_iter(struct kiocb *iocb, struct iov_iter *from);
ssize_t sv_file_splice_read(struct file *file, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
ssize_t sv_file_splice_write(struct pipe_inode_info *pipe, struct file *file,
			     loff_t *ppos, size_t len, unsigned int flags);
__poll_t sv_file_poll(struct file *file, struct poll_table_struct *wait);
loff_t sv_file_llseek(struct file *file, loff_t offset, int whence);

#endif /* _SV_FILE_H */
