// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a file: through its page cache, or to whatever takes writes: a terminal,
 * a device, a file of procfs. It is given what there is in one write, as writev(2)
 * would: what that means is its own.
 */
#include "push.h"

#include <linux/fsnotify.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "ring.h"
#include "stable.h"
#include "write.h"

/*
 * Bytes that are written at once, so that a signal need not wait for a large
 * window; no message to a device is longer.
 */
#define SV_WRITE_BITE	((size_t)SZ_4M)

/*
 * Where waiting is out of the question poll tells whether a device would. But
 * only its file's O_NONBLOCK keeps it from waiting half way.
 *
 * Return: 0, -EAGAIN or -EOPNOTSUPP.
 */
static int may_write(const struct sv_handoff *handoff)
{
	struct file *file = handoff->file;

	if (!sv_handoff_nonblock(handoff) || !file_can_poll(file))
		return 0;
	if (!(file->f_flags & O_NONBLOCK))
		return -EOPNOTSUPP;
	return vfs_poll(file, NULL) & (EPOLLOUT | EPOLLHUP | EPOLLERR) ?
	       0 : -EAGAIN;
}

static bool file_match(const struct sv_handoff *handoff)
{
	return handoff->file && handoff->file->f_op->write_iter;
}

static ssize_t file_push(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t len,
			 enum splicevec_route by)
{
	struct bio_vec *runs;
	struct iov_iter from;
	ssize_t ret;

	ret = may_write(handoff) ?:
	      sv_spans_iter(window, len, ITER_SOURCE, &from, &runs);
	if (ret)
		return ret;
	ret = sv_write(handoff->file, &handoff->position, &from, 0);
	kvfree(runs);
	return ret;
}

/* The page cache is filled once; what a device does is not known. */
static bool file_rereads(const struct sv_handoff *handoff)
{
	return !(sv_type_of(handoff->file) & SV_TYPE_DATA);
}

const struct sv_sink sv_sink_file = {
	.types = SV_TYPE_ANY,
	.match = file_match,
	.positioning = SV_POS_FILE,
	.copies = true,
	.rereads = file_rereads,
	.waits = true,
	.many = true,
	.bite = SV_WRITE_BITE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = file_push,
};

/* Devices that take pages in a way of their own may take nothing else. */
static bool splice_match(const struct sv_handoff *handoff)
{
	struct file *file = handoff->file;

	return file && file->f_op->splice_write &&
	       file->f_op->splice_write != iter_file_splice_write;
}

static ssize_t splice_write(struct sv_handoff *handoff,
			    const struct sv_spans *copies, size_t len)
{
	struct sv_ring *ring = sv_ring_of_spans(copies);
	struct file *file = handoff->file;
	ssize_t ret;

	if (!ring)
		return -ENOMEM;
	ret = file->f_op->splice_write(&ring->pipe, file, &handoff->position.pos,
				       len, 0);
	sv_ring_free(ring);
	if (ret > 0)
		fsnotify_modify(file);
	return ret;
}

/* They may keep the pages, so they are given copies. */
static ssize_t splice_push(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len,
			   enum splicevec_route by)
{
	struct sv_spans copies = {};
	ssize_t ret;

	ret = may_write(handoff) ?:
	      rw_verify_area(WRITE, handoff->file, &handoff->position.pos, len) ?:
	      sv_owned_copies(handoff->account, window, len, &copies);
	if (!ret)
		ret = splice_write(handoff, &copies, len);
	sv_spans_free(&copies);
	return ret;
}

const struct sv_sink sv_sink_splice = {
	.types = SV_TYPE_ANY & ~SV_TYPE_DATA,
	.match = splice_match,
	.positioning = SV_POS_FILE,
	.copies = true,
	.waits = true,
	.many = true,
	.bite = SV_WRITE_BITE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = splice_push,
};
