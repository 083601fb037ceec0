/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_RING_H
#define _SV_RING_H

#include <linux/pipe_fs_i.h>

#include "spans.h"

struct sv_loan;

/**
 * struct sv_ring - a private pipe for ->splice_read to fill
 * @pipe: as much of a pipe as its fillers look at; never seen by anyone else
 * @loan: loan to be made of the buffers; room for all of them
 * @buf: its slots
 *
 * Where buffers are held by their own operations, the ring lives on behind the
 * loan until these have released them.
 */
struct sv_ring {
	struct pipe_inode_info pipe;
	struct sv_loan *loan;
	struct pipe_buffer buf[];
};

int sv_ring_init(void);
struct sv_ring *sv_ring_alloc(struct sv_loan *loan);
struct sv_ring *sv_ring_of_spans(const struct sv_spans *spans);
void sv_ring_free(struct sv_ring *ring);
unsigned int sv_ring_used(const struct sv_ring *ring);
bool sv_ring_full(const struct sv_ring *ring);
void sv_ring_add(struct sv_ring *ring, const struct pipe_buffer *buf);
int sv_ring_confirm(struct sv_ring *ring);
void sv_ring_find_cache(struct sv_ring *ring, const struct file *file);
struct sv_loan *sv_ring_into_loan(struct sv_ring *ring);

#endif /* _SV_RING_H */
