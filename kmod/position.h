/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_POSITION_H
#define _SV_POSITION_H

#include <linux/fs.h>

/**
 * enum sv_positioning - what an offset means to a source or sink
 * @SV_POS_NONE: nothing: a stream; only -1 is allowed
 * @SV_POS_FILE: a byte of the file, -1: the file position
 * @SV_POS_VECTOR: an absolute position of a vector, -1: its head
 */
enum sv_positioning {
	SV_POS_NONE,
	SV_POS_FILE,
	SV_POS_VECTOR,
};

/**
 * struct sv_position - where in a file a command works
 * @file: whose position is used and locked, or NULL
 * @own: the command's own position: there is an offset, and it is not the file's
 * @pos: present position, moved on by the work
 */
struct sv_position {
	struct file *file;
	bool own;
	loff_t pos;
};

int sv_position_lock(struct sv_position *position, struct file *file,
		     bool nonblock);
void sv_position_unlock(struct sv_position *position);

static inline bool sv_is_stream(const struct file *file,
				enum sv_positioning positioning)
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
static inline int sv_position_check(const struct file *file,
				    enum sv_positioning positioning,
				    s64 offset)
{
	if (offset < -1)
		return -EINVAL;
	if (offset == -1 || positioning == SV_POS_VECTOR)
		return 0;
	if (sv_is_stream(file, positioning) || !(file->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return 0;
}

/**
 * sv_position_begin - find out where to work
 * @position: result
 * @file: source or sink, held by the caller; unused for SV_POS_NONE
 * @positioning: what an offset means there
 * @offset: one that sv_position_check() allowed
 * @nonblock: -EAGAIN rather than wait for another user of the file position
 *
 * Return: 0 or -EAGAIN. On success sv_position_end() follows.
 */
static inline int sv_position_begin(struct sv_position *position,
				    struct file *file,
				    enum sv_positioning positioning,
				    s64 offset, bool nonblock)
{
	*position = (struct sv_position) {};
	if (sv_is_stream(file, positioning))
		return 0;
	if (positioning == SV_POS_FILE && offset == -1)
		return sv_position_lock(position, file, nonblock);
	position->own = true;
	position->pos = offset;
	return 0;
}

/**
 * sv_position_end - store and unlock the file position, if that was used
 * @position: from sv_position_begin()
 */
static inline void sv_position_end(struct sv_position *position)
{
	if (position->file)
		sv_position_unlock(position);
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
static inline int sv_position_permit(const struct sv_position *position,
				     int direction, struct file *file,
				     enum sv_positioning positioning,
				     size_t len)
{
	if (!file)
		return 0;
	return rw_verify_area(direction, file, positioning == SV_POS_FILE ?
			      &position->pos : NULL, len);
}

/* Where the next transfer of a command begins: offset for sv_position_begin(). */
static inline s64 sv_position_next(const struct sv_position *position)
{
	return position->own ? position->pos : -1;
}

#endif /* _SV_POSITION_H */
