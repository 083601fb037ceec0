// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from a pipe: its buffers change hands, their own operations with them.
 * Buffers that we lent to the pipe give their span back.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "loan.h"
#include "pipebuf.h"
#include "ring.h"

static bool pipe_match(const struct sv_pull *pull)
{
	return pull->pipe;
}

static bool is_empty(const struct pipe_inode_info *pipe)
{
	return pipe_empty(READ_ONCE(pipe->head), READ_ONCE(pipe->tail));
}

static struct pipe_buffer *first_buf(struct pipe_inode_info *pipe)
{
	return &pipe->bufs[pipe->tail & (pipe->ring_size - 1)];
}

static void wake_writers(struct pipe_inode_info *pipe)
{
	wake_up_interruptible_poll(&pipe->wr_wait, EPOLLOUT | EPOLLWRNORM);
	kill_fasync(&pipe->fasync_writers, SIGIO, POLL_OUT);
}

/* Drop the buffers that hold nothing; a writer that faulted leaves such. */
static void skip_empty_bufs(struct pipe_inode_info *pipe)
{
	while (!is_empty(pipe) && !first_buf(pipe)->len) {
		pipe_buf_release(pipe, first_buf(pipe));
		pipe->tail++;
	}
}

/* What was taken stays taken: then there is nothing that could be asked again. */
static int lock_pipe(const struct sv_pull *pull)
{
	int err = sv_pipe_lock(pull->pipe, pull->nowait);

	return err && pull->again ? -EAGAIN : err;
}

/*
 * Is there a buffer with something in it? Return: 1, 0 if there is none and no
 * writer either, -EAGAIN or -SV_EWAIT. A dropped buffer made room for a writer.
 */
static int look(const struct sv_pull *pull)
{
	struct pipe_inode_info *pipe = pull->pipe;
	unsigned int tail;
	int ret;

	ret = lock_pipe(pull);
	if (ret)
		return ret;
	ret = 1;
	tail = pipe->tail;
	skip_empty_bufs(pipe);
	if (is_empty(pipe))
		ret = pipe->writers ? -EAGAIN : 0;
	tail = pipe->tail - tail;
	pipe_unlock(pipe);
	if (tail)
		wake_writers(pipe);
	return ret;
}

static int pipe_wait(struct sv_pull *pull)
{
	struct pipe_inode_info *pipe = pull->pipe;
	int ret;

	if (pipe_has_watch_queue(pipe))
		return -EXDEV;
	for (;;) {
		ret = look(pull);
		if (ret != -EAGAIN || sv_pull_nonblock(pull))
			return ret;
		ret = wait_event_interruptible(pipe->rd_wait, !is_empty(pipe) ||
					       !READ_ONCE(pipe->writers));
		if (ret)
			return ret;
	}
}

/* Take up to @len bytes off the first buffer, which is confirmed. */
static bool take_bytes(struct pipe_inode_info *pipe, struct sv_ring *ring,
		       size_t len)
{
	struct pipe_buffer *buf = first_buf(pipe);
	struct pipe_buffer part = *buf;

	if (len >= buf->len) {
		buf->ops = NULL;
		pipe->tail++;
	} else {
		if (!pipe_buf_get(pipe, buf))
			return false;
		part.len = len;
		buf->offset += len;
		buf->len -= len;
	}
	sv_ring_add(ring, &part);
	return true;
}

/* A loan that comes back has other users, of whom NOTIFY cannot tell. */
static bool takes_back(const struct sv_pull *pull, const struct pipe_buffer *buf,
		       struct sv_span *span)
{
	return !pull->completion && sv_pipebuf_span(buf, span);
}

static int fill_ring(struct sv_pull *pull, struct pipe_inode_info *pipe,
		     struct sv_ring *ring, size_t len)
{
	struct sv_span span;
	size_t n;
	int err;

	while (len && !is_empty(pipe) && !sv_ring_full(ring)) {
		/* one of ours waits for the next step */
		if (takes_back(pull, first_buf(pipe), &span)) {
			sv_loan_put(span.loan);
			break;
		}
		err = pipe_buf_confirm(pipe, first_buf(pipe));
		if (err)
			return err;
		n = min_t(size_t, len, first_buf(pipe)->len);
		if (!take_bytes(pipe, ring, n))
			return -EOVERFLOW;
		len -= n;
		skip_empty_bufs(pipe);
	}
	return 0;
}

static ssize_t pull_foreign(struct sv_pull *pull, struct pipe_inode_info *pipe,
			    size_t len)
{
	size_t slots = min_t(size_t, len, pipe_occupancy(pipe->head, pipe->tail));
	struct sv_ring *ring;
	ssize_t ret;
	int err;

	ring = sv_pull_begin_ring(pull, SPLICEVEC_FOREIGN, slots);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	err = fill_ring(pull, pipe, ring, len);
	ret = sv_pull_end_ring(pull, ring, true);
	return ret ?: err;
}

/* The first buffer is one of ours: take its span back. */
static ssize_t pull_span(struct sv_pull *pull, struct pipe_inode_info *pipe,
			 struct sv_span *span, size_t len)
{
	struct pipe_buffer *buf = first_buf(pipe);
	int err = sv_pull_room(pull, 1);

	if (err) {
		sv_loan_put(span->loan);
		return err;
	}
	span->len = min_t(size_t, span->len, len);
	sv_spans_append(&pull->batch, span);
	buf->offset += span->len;
	buf->len -= span->len;
	skip_empty_bufs(pipe);
	return span->len;
}

static ssize_t pull_locked(struct sv_pull *pull, struct pipe_inode_info *pipe,
			   size_t len)
{
	struct sv_span span;

	skip_empty_bufs(pipe);
	if (is_empty(pipe))
		return -EAGAIN;
	if (takes_back(pull, first_buf(pipe), &span))
		return pull_span(pull, pipe, &span, len);
	return pull_foreign(pull, pipe, len);
}

static ssize_t pipe_pull(struct sv_pull *pull, size_t len)
{
	struct pipe_inode_info *pipe = pull->pipe;
	unsigned int tail;
	ssize_t ret;

	ret = lock_pipe(pull);
	if (ret)
		return ret;
	tail = pipe->tail;
	ret = pull_locked(pull, pipe, len);
	tail = pipe->tail - tail;
	pipe_unlock(pipe);
	if (tail)
		wake_writers(pipe);
	return ret;
}

const struct sv_source sv_source_pipe = {
	.types = SV_TYPE_PIPE | SV_TYPE_NONE,
	.match = pipe_match,
	.positioning = SV_POS_NONE,
	.wait = pipe_wait,
	.pull = pipe_pull,
};
