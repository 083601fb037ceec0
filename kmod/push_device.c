// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to any other file: a terminal, a device, a file of procfs. It is given
 * what there is in one write, as writev(2) would: what that means is its own.
 */
#include "push.h"

#include <linux/err.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "loan.h"
#include "ring.h"
#include "write.h"

/* Bytes a device that may not wait is given at once: any takes a page or none. */
#define SV_DEVICE_BYTES	PAGE_SIZE

/*
 * Few devices look at more than their file's O_NONBLOCK. So where waiting is out
 * of the question poll tells whether they would.
 */
static bool would_wait(const struct sv_handoff *handoff)
{
	return sv_handoff_nonblock(handoff) && file_can_poll(handoff->file) &&
	       !(vfs_poll(handoff->file, NULL) & (EPOLLOUT | EPOLLHUP | EPOLLERR));
}

static bool device_match(const struct sv_handoff *handoff)
{
	return handoff->file && handoff->file->f_op->write_iter;
}

static ssize_t device_push(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len)
{
	struct bio_vec *runs;
	struct iov_iter from;
	ssize_t ret;

	if (would_wait(handoff))
		return -EAGAIN;
	ret = sv_spans_iter(window, ITER_SOURCE, &from, &runs);
	if (ret)
		return ret;
	if ((handoff->flags & SPLICEVEC_NONBLOCK) && file_can_poll(handoff->file))
		len = min(len, SV_DEVICE_BYTES);
	iov_iter_truncate(&from, len);
	ret = sv_write(handoff->file, &handoff->position, &from, 0);
	kvfree(runs);
	return ret;
}

const struct sv_sink sv_sink_device = {
	.types = SV_TYPE_ANY,
	.match = device_match,
	.positioning = SV_POS_FILE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push_window = device_push,
};

static bool splice_match(const struct sv_handoff *handoff)
{
	return handoff->file && handoff->file->f_op->splice_write;
}

/* It may keep the pages, so it is given copies. */
static ssize_t splice_push(struct sv_handoff *handoff,
			   const struct sv_span *span, enum splicevec_route by)
{
	struct file *file = handoff->file;
	struct sv_ring *ring;
	ssize_t ret;

	if (would_wait(handoff))
		return -EAGAIN;
	ret = rw_verify_area(WRITE, file, &handoff->position.pos, span->len);
	if (ret)
		return ret;
	ring = sv_ring_of_span(span);
	if (!ring)
		return -ENOMEM;
	file_start_write(file);
	ret = file->f_op->splice_write(&ring->pipe, file, &handoff->position.pos,
				       span->len, 0);
	file_end_write(file);
	sv_ring_free(ring);
	return ret;
}

const struct sv_sink sv_sink_splice = {
	.types = SV_TYPE_ANY,
	.match = splice_match,
	.positioning = SV_POS_FILE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = splice_push,
};
