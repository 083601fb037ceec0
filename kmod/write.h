/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_WRITE_H
#define _SV_WRITE_H

#include <linux/fs.h>

struct sv_position;

ssize_t sv_write(struct file *file, struct sv_position *position,
		 struct iov_iter *from, int direct);

#endif /* _SV_WRITE_H */
