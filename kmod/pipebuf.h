/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIPEBUF_H
#define _SV_PIPEBUF_H

#include <linux/fs.h>
#include <linux/pipe_fs_i.h>

#include "spans.h"

struct sv_push;

struct pipe_inode_info *sv_pipe_of(struct file *file);
bool sv_pipebuf_make(struct pipe_buffer *buf, struct sv_push *push,
		     const struct sv_piece *piece);
bool sv_pipebuf_span(const struct pipe_buffer *buf, struct sv_span *span);

#endif /* _SV_PIPEBUF_H */
