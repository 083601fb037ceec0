// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from a regular file or block device as splice(2) does, through a private
 * ring: by the filesystem's own way to its pages, waiting for the disk.
 */
#include "pull.h"

#include <linux/err.h>

#include "loan.h"
#include "ring.h"

static bool splice_match(const struct sv_pull *pull)
{
	return pull->file->f_op->splice_read && !sv_splice_copies(pull->file);
}

static ssize_t fill_ring(struct sv_pull *pull, struct sv_ring *ring, size_t len)
{
	loff_t pos = pull->position.pos;
	ssize_t ret;

	ret = sv_splice_read(pull->file, &pos, &ring->pipe, len);
	if (ret <= 0)
		return ret;
	return sv_ring_confirm(ring);
}

static ssize_t splice_pull(struct sv_pull *pull, size_t len)
{
	size_t skip = offset_in_page(pull->position.pos);
	struct sv_ring *ring;
	ssize_t ret, err;

	/* a trace, or a file that a process serves, may wait for what is to come */
	if (sv_pull_would_wait(pull))
		return -EAGAIN;
	ring = sv_pull_begin_ring(pull, SPLICEVEC_FOREIGN,
				  DIV_ROUND_UP(skip + len, PAGE_SIZE));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	len = min(len, ((size_t)ring->loan->cap << PAGE_SHIFT) - skip);
	err = fill_ring(pull, ring, len);
	sv_ring_find_cache(ring, pull->file);
	ret = sv_pull_end_ring(pull, ring, false);
	if (ret > 0)
		pull->position.pos += ret;
	return ret ?: err;
}

const struct sv_source sv_source_splice = {
	.types = SV_TYPE_DATA,
	.match = splice_match,
	.positioning = SV_POS_FILE,
	.waits = true,
	.pull = splice_pull,
};
