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

int sv_position_check(const struct file *file, enum sv_positioning positioning,
		      s64 offset);
int sv_position_begin(struct sv_position *position, struct file *file,
		      enum sv_positioning positioning, s64 offset,
		      bool nonblock);
void sv_position_end(struct sv_position *position);
s64 sv_position_next(const struct sv_position *position);
int sv_position_permit(const struct sv_position *position, int direction,
		       struct file *file, enum sv_positioning positioning,
		       size_t len);

#endif /* _SV_POSITION_H */
