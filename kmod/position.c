// SPDX-License-Identifier: GPL-2.0-only
/*
 * File positions, with the locking read(2) and write(2) give them.
 */
#include "position.h"

static int lock_file_position(struct sv_position *position, struct file *file,
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

static bool is_stream(const struct file *file, enum sv_positioning positioning)
{
	return positioning == SV_POS_NONE ||
	       (positioning == SV_POS_FILE && (file->f_mode & FMODE_STREAM));
}

/**
 * sv_position_check - may a command work there?
 * @file: source or sink; unused for SV_POS_NONE
 * @positioning: what an offset means there
 * @offset: as given by the caller of the command
 *
 * Return: 0, -EINVAL or -ESPIPE.
 */
int sv_position_check(const struct file *file, enum sv_positioning positioning,
		      s64 offset)
{
	if (offset < -1)
		return -EINVAL;
	if (offset == -1 || positioning == SV_POS_VECTOR)
		return 0;
	if (is_stream(file, positioning) || !(file->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return 0;
}

/**
 * sv_position_begin - find out where to work
 * @position: result
 * @file: source or sink, held by the caller; unused for SV_POS_NONE
 * @positioning: what an offset means there
 * @offset: as given by the caller of the command
 * @nonblock: -EAGAIN rather than wait for another user of the file position
 *
 * The position lock is taken outside any lock of the file itself and before
 * the consuming side of another file, never two at once.
 *
 * Return: 0, -EINVAL, -ESPIPE or -EAGAIN. On success sv_position_end() follows.
 */
int sv_position_begin(struct sv_position *position, struct file *file,
		      enum sv_positioning positioning, s64 offset,
		      bool nonblock)
{
	int err = sv_position_check(file, positioning, offset);

	if (err)
		return err;
	*position = (struct sv_position) {};
	if (is_stream(file, positioning))
		return 0;
	if (positioning == SV_POS_FILE && offset == -1)
		return lock_file_position(position, file, nonblock);
	position->own = true;
	position->pos = offset;
	return 0;
}

/**
 * sv_position_end - store and unlock the file position, if that was used
 * @position: from sv_position_begin()
 */
void sv_position_end(struct sv_position *position)
{
	struct file *file = position->file;

	if (!file)
		return;
	file->f_pos = position->pos;
	if (file->f_mode & FMODE_ATOMIC_POS)
		mutex_unlock(&file->f_pos_lock);
}

/**
 * sv_position_next - where the next transfer of the same command begins
 * @position: as the last one left it
 *
 * Return: offset for sv_position_begin().
 */
s64 sv_position_next(const struct sv_position *position)
{
	return position->own ? position->pos : -1;
}

/**
 * sv_position_permit - ask the security modules and permission watchers
 * @position: from sv_position_begin()
 * @direction: READ or WRITE
 * @file: source or sink, or NULL
 * @positioning: what an offset means there
 * @len: bytes at the most
 *
 * Once for each transfer, where read(2) and write(2) ask.
 *
 * Return: 0 or a negative errno.
 */
int sv_position_permit(const struct sv_position *position, int direction,
		       struct file *file, enum sv_positioning positioning,
		       size_t len)
{
	if (!file)
		return 0;
	return rw_verify_area(direction, file, positioning == SV_POS_FILE ?
			      &position->pos : NULL, len);
}
