// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing an iterator to a file, with the file's own flags.
 */
#include "write.h"

#include "position.h"

/**
 * sv_write - write and wait until it is written
 * @file: open for writing
 * @position: where; moved on by what was written
 * @from: what to write; advanced
 * @direct: IOCB_DIRECT or 0, whatever the file's O_DIRECT says
 *
 * O_APPEND, O_SYNC and the like hold. Asks the security modules and tells
 * watchers, as write(2) does.
 *
 * Context: may sleep.
 * Return: bytes written or a negative errno.
 */
ssize_t sv_write(struct file *file, struct sv_position *position,
		 struct iov_iter *from, int direct)
{
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = position->pos;
	iocb.ki_flags &= ~IOCB_DIRECT;
	iocb.ki_flags |= direct;
	ret = sv_write_iter(file, &iocb, from);
	if (ret > 0)
		position->pos = iocb.ki_pos;
	return ret;
}
