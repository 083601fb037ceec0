/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIPEBUF_H
#define _SV_PIPEBUF_H

#include <linux/fs.h>
#include <linux/pipe_fs_i.h>

#include "nowait.h"
#include "spans.h"

struct sv_push;

/**
 * sv_pipe_lock - lock a pipe
 * @pipe: held by the caller
 * @nowait: do not wait for whoever has it: splice(2) waits under it for a file
 *
 * Return: 0, and pipe_unlock() follows, or -SV_EWAIT with @nowait.
 */
static inline int sv_pipe_lock(struct pipe_inode_info *pipe, bool nowait)
{
	if (!nowait)
		pipe_lock(pipe);
	else if (!mutex_trylock(&pipe->mutex))
		return -SV_EWAIT;
	return 0;
}

bool sv_pipebuf_make(struct pipe_buffer *buf, struct sv_push *push,
		     const struct sv_piece *piece);
bool sv_pipebuf_span(const struct pipe_buffer *buf, struct sv_span *span);

/**
 * sv_pipe_of - the pipe behind a file
 * @file: any open file
 *
 * A file of a filesystem may show a FIFO's mode and not be one, hence both
 * checks.
 *
 * Return: the pipe or NULL.
 */
static inline struct pipe_inode_info *sv_pipe_of(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!S_ISFIFO(inode->i_mode) || !file->private_data ||
	    inode->i_pipe != file->private_data)
		return NULL;
	return file->private_data;
}

#endif /* _SV_PIPEBUF_H */
