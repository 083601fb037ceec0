// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from any other file: a terminal, a device, a file of procfs. It is asked
 * once, as read(2) asks: for what it has.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/splice.h>

#include "loan.h"
#include "ring.h"
#include "stable.h"

static bool device_match(const struct sv_pull *pull)
{
	return pull->file && (pull->file->f_op->splice_read ||
			      pull->file->f_op->read_iter);
}

/* What was read is gone from the device, so there is no way back. */
static ssize_t device_splice(struct sv_pull *pull, size_t len)
{
	struct sv_ring *ring;
	ssize_t ret, err;

	ring = sv_pull_begin_ring(pull, SPLICEVEC_FOREIGN,
				  DIV_ROUND_UP(len, PAGE_SIZE));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	err = sv_splice_read(pull->file, &pull->position.pos, &ring->pipe,
			     min(len, (size_t)ring->loan->cap << PAGE_SHIFT),
			     sv_pull_nonblock(pull) ? SPLICE_F_NONBLOCK : 0);
	if (err > 0)
		err = sv_ring_confirm(ring);
	ret = sv_pull_end_ring(pull, ring, true);
	return ret ?: err;
}

static ssize_t device_read(struct sv_pull *pull, size_t len)
{
	struct sv_loan *loan = sv_pull_begin_owned(pull, len);
	struct sv_span room;
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t ret;

	if (IS_ERR(loan))
		return PTR_ERR(loan);
	room = sv_span_whole(loan);
	room.len = min(room.len, len);
	sv_span_iter(&room, ITER_DEST, &to);
	init_sync_kiocb(&iocb, pull->file);
	iocb.ki_pos = pull->position.pos;
	ret = pull->file->f_op->read_iter(&iocb, &to);
	if (ret <= 0) {
		sv_loan_put(loan);
		return ret;
	}
	pull->position.pos = iocb.ki_pos;
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_owned(pull, loan, 0, ret);
}

static ssize_t device_pull(struct sv_pull *pull, size_t len)
{
	if (sv_pull_would_wait(pull))
		return -EAGAIN;
	if (pull->file->f_op->splice_read)
		return device_splice(pull, len);
	return device_read(pull, len);
}

const struct sv_source sv_source_device = {
	.types = SV_TYPE_ANY,
	.match = device_match,
	.positioning = SV_POS_FILE,
	.single = true,
	.waits = true,
	.pull = device_pull,
};
