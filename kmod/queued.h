/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_QUEUED_H
#define _SV_QUEUED_H

#include <linux/fs.h>

struct iov_iter;
struct sv_account;
struct sv_completion;
struct sv_loan;
struct sv_position;

ssize_t sv_queue_write(struct file *file, struct sv_position *position,
		       struct iov_iter *from, struct sv_loan *loan,
		       struct sv_account *account,
		       struct sv_completion *completion);
int sv_queued_wait(const struct inode *host);

#endif /* _SV_QUEUED_H */
