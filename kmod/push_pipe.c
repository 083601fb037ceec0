// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push into a pipe: a buffer for each page, plain or tracked.
 */
#include "push.h"

#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/wait.h>

#include "loan.h"
#include "pipebuf.h"
#include "tracked.h"

static bool pipe_match(const struct sv_handoff *handoff)
{
	return handoff->pipe;
}

/* What has no file is the pipe a ->splice_read was given. */
static bool locked_pipe_match(const struct sv_handoff *handoff)
{
	return !handoff->file && handoff->pipe;
}

static struct sv_route pipe_route(const struct sv_handoff *handoff,
				  const struct sv_span *span, bool plain,
				  size_t left)
{
	return (struct sv_route) {
		.by = plain ? SPLICEVEC_ROUTE_PLAIN : SPLICEVEC_ROUTE_TRACKED,
		.len = span ? min(span->len, left) : left,
	};
}

static bool is_full(const struct pipe_inode_info *pipe)
{
	return pipe_full(READ_ONCE(pipe->head), READ_ONCE(pipe->tail),
			 READ_ONCE(pipe->max_usage));
}

static void wake_readers(struct pipe_inode_info *pipe)
{
	wake_up_interruptible_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
	kill_fasync(&pipe->fasync_readers, SIGIO, POLL_IN);
}

/*
 * Wait for a free slot. The pipe is locked by the caller, and again on return.
 * A caller of ->splice_read has done so, and must not lose its lock.
 *
 * Return: 0, -EPIPE, -EAGAIN or -ERESTARTSYS.
 */
static int wait_for_slot(struct sv_handoff *handoff)
{
	struct pipe_inode_info *pipe = handoff->pipe;
	int err;

	for (;;) {
		if (!pipe->readers)
			return -EPIPE;
		if (!is_full(pipe))
			return 0;
		if (!handoff->file || sv_handoff_nonblock(handoff))
			return -EAGAIN;
		pipe_unlock(pipe);
		wake_readers(pipe);
		err = wait_event_interruptible(pipe->wr_wait, !is_full(pipe) ||
					       !READ_ONCE(pipe->readers));
		pipe_lock(pipe);
		if (err)
			return err;
	}
}

static ssize_t fill_pipe(struct sv_handoff *handoff, struct sv_push *push,
			 const struct sv_span *span)
{
	struct sv_span rest = *span;
	struct sv_span next = rest;
	struct pipe_buffer buf;
	struct sv_piece piece;
	ssize_t ret = 0;

	while (sv_span_next_piece(&next, &piece)) {
		ret = wait_for_slot(handoff);
		if (!ret && !sv_pipebuf_make(&buf, push, &piece))
			ret = -EOVERFLOW;
		if (ret)
			break;
		/* there is a reader and a slot, and the pipe is locked */
		add_to_pipe(handoff->pipe, &buf);
		rest = next;
	}
	return span->len - rest.len ?: ret;
}

static ssize_t locked_pipe_push(struct sv_handoff *handoff,
				const struct sv_spans *window, size_t len,
				enum splicevec_route by)
{
	struct sv_span span = sv_spans_front(window, len);
	struct sv_push *push = NULL;
	ssize_t ret;

	if (by == SPLICEVEC_ROUTE_TRACKED) {
		push = sv_push_begin(span.loan, handoff->account,
				     handoff->completion);
		if (!push)
			return -ENOMEM;
	}
	ret = fill_pipe(handoff, push, &span);
	if (push && handoff->completion && ret > 0)
		sv_push_expect_read(push, ret);
	if (push)
		sv_push_put(push);
	return ret;
}

static ssize_t pipe_push(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t len,
			 enum splicevec_route by)
{
	struct pipe_inode_info *pipe = handoff->pipe;
	ssize_t ret;

	if (pipe_has_watch_queue(pipe))
		return -EXDEV;
	if (sv_pipe_lock(pipe, handoff->nowait))
		return -SV_EWAIT;
	ret = locked_pipe_push(handoff, window, len, by);
	pipe_unlock(pipe);
	if (ret > 0)
		wake_readers(pipe);
	return ret;
}

const struct sv_sink sv_sink_pipe = {
	.types = SV_TYPE_PIPE,
	.match = pipe_match,
	.positioning = SV_POS_NONE,
	.route = pipe_route,
	.push = pipe_push,
};

const struct sv_sink sv_sink_locked_pipe = {
	.types = SV_TYPE_NONE,
	.match = locked_pipe_match,
	.positioning = SV_POS_NONE,
	.route = pipe_route,
	.push = locked_pipe_push,
};
