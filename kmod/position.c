// SPDX-License-Identifier: GPL-2.0-only
/*
 * File positions, with the locking read(2) and write(2) give them.
 */
#include "position.h"

/**
 * sv_position_lock - work at the file position
 * @position: result
 * @file: held by the caller
 * @nonblock: -EAGAIN rather than wait for another user of the file position
 *
 * The position lock is taken outside any lock of the file itself and before
 * the consuming side of another file, never two at once.
 *
 * Return: 0 or -EAGAIN. On success sv_position_end() follows.
 */
int sv_position_lock(struct sv_position *position, struct file *file,
		     bool nonblock)
{
	/* FMODE_ATOMIC_POS: POSIX wants the position updated atomically */
	if (file->f_mode & FMODE_ATOMIC_POS) {
		if (!nonblock)
			mutex_lock(&file->f_pos_lock);
		else if (!mutex_trylock(&file->f_pos_lock))
			return -EAGAIN;
	}
	position->file = file;
	position->pos = file->f_pos;
	return 0;
}

/**
 * sv_position_unlock - store and unlock the file position
 * @position: from sv_position_lock()
 */
void sv_position_unlock(struct sv_position *position)
{
	struct file *file = position->file;

	file->f_pos = position->pos;
	if (file->f_mode & FMODE_ATOMIC_POS)
		mutex_unlock(&file->f_pos_lock);
}
