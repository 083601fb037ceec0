// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from any other file that has pages to give, such as /dev/fuse. It is asked
 * once, as read(2) asks: for what it has.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/splice.h>

#include "loan.h"
#include "ring.h"

static bool device_match(const struct sv_pull *pull)
{
	return pull->file && pull->file->f_op->splice_read;
}

/* What was read is gone from the device, so there is no way back. */
static ssize_t device_pull(struct sv_pull *pull, size_t len)
{
	struct sv_ring *ring;
	ssize_t ret, err;

	if (sv_pull_would_wait(pull))
		return -EAGAIN;
	ring = sv_pull_begin_ring(pull, SPLICEVEC_FOREIGN,
				  DIV_ROUND_UP(len, PAGE_SIZE));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	err = pull->file->f_op->splice_read(pull->file, &pull->position.pos, &ring->pipe,
					    min(len, (size_t)ring->loan->cap << PAGE_SHIFT),
					    sv_pull_nonblock(pull) ? SPLICE_F_NONBLOCK : 0);
	if (err > 0)
		err = sv_ring_confirm(ring);
	ret = sv_pull_end_ring(pull, ring, true);
	return ret ?: err;
}

const struct sv_source sv_source_device = {
	.types = SV_TYPE_ANY,
	.match = device_match,
	.positioning = SV_POS_FILE,
	.single = true,
	.waits = true,
	.pull = device_pull,
};
