// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracked pipe buffers: pages lent to a pipe.
 *
 * A buffer holds one reference of the push, so whoever moves or tees it, the
 * lender learns of the end. A reader that wants the bytes calls ->confirm first
 * and gets a private copy of them in the buffer's place: from then on the buffer
 * is an ordinary one, and neither later stores of the lender nor a reader that
 * splices on into a socket, and so outlives the buffer, can do harm. A pull of
 * our own takes the span back out uncopied. There is no ->try_steal: the page is
 * not the pipe's to give.
 */
#include "pipebuf.h"

#include <linux/highmem.h>
#include <linux/slab.h>

#include "loan.h"
#include "tracked.h"

static struct sv_push *buf_push(const struct pipe_buffer *buf)
{
	return (struct sv_push *)buf->private;
}

/*
 * Context: the pipe is locked, or the buffer was moved out of it and has one
 * owner. May sleep.
 */
static int tracked_confirm(struct pipe_inode_info *pipe,
			   struct pipe_buffer *buf)
{
	struct sv_push *push = buf_push(buf);
	struct page *copy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (!copy)
		return -ENOMEM;
	memcpy_page(copy, buf->offset, buf->page, buf->offset, buf->len);
	atomic_long_add(buf->len, &push->copied);
	buf->page = copy;
	buf->ops = &nosteal_pipe_buf_ops;
	buf->private = 0;
	sv_push_put(push);
	return 0;
}

static void tracked_release(struct pipe_inode_info *pipe,
			    struct pipe_buffer *buf)
{
	sv_push_put(buf_push(buf));
}

static bool tracked_get(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	return sv_push_get(buf_push(buf));
}

static const struct pipe_buf_operations tracked_ops = {
	.confirm = tracked_confirm,
	.release = tracked_release,
	.get = tracked_get,
};

/**
 * sv_pipebuf_make - make a pipe buffer of a piece
 * @buf: result; holds a reference of its own
 * @push: tracked push the piece belongs to, or NULL: plain
 * @piece: bytes of one page
 *
 * Return: false if the push has too many readers already.
 */
bool sv_pipebuf_make(struct pipe_buffer *buf, struct sv_push *push,
		     const struct sv_piece *piece)
{
	*buf = (struct pipe_buffer) {
		.page = piece->page,
		.offset = piece->offset,
		.len = piece->len,
		.ops = push ? &tracked_ops : &nosteal_pipe_buf_ops,
		.private = (unsigned long)push,
	};
	if (push)
		return sv_push_get(push);
	get_page(piece->page);
	return true;
}

/*
 * The run of a loan that holds a buffer's bytes. Several runs may touch the same
 * page, so all the bytes must lie in it.
 */
static u32 find_run(const struct sv_loan *loan, const struct pipe_buffer *buf,
		    u32 *skip)
{
	u32 i;

	for (i = 0; i < loan->nr; i++) {
		const struct bio_vec *bv = &loan->bv[i];
		u64 byte;

		if (buf->page < bv->bv_page)
			continue;
		byte = ((u64)(buf->page - bv->bv_page) << PAGE_SHIFT) + buf->offset;
		if (byte >= bv->bv_offset &&
		    byte + buf->len <= bv->bv_offset + bv->bv_len) {
			*skip = byte - bv->bv_offset;
			break;
		}
	}
	return i;
}

/**
 * sv_pipebuf_span - get the span back out of a tracked buffer
 * @buf: buffer of a locked pipe
 * @span: result; its loan has a new reference
 *
 * The span outlives the push. Somebody who waits for the end of a strict one would
 * be told too early, so its buffers are read as anybody else reads them: a copy.
 *
 * Return: false if this is no tracked buffer of ours, or that of a strict push.
 */
bool sv_pipebuf_span(const struct pipe_buffer *buf, struct sv_span *span)
{
	struct sv_loan *loan;

	if (buf->ops != &tracked_ops || buf_push(buf)->completion)
		return false;
	loan = buf_push(buf)->loan;
	span->run = find_run(loan, buf, &span->skip);
	if (WARN_ON_ONCE(span->run == loan->nr))
		return false;
	span->loan = sv_loan_get(loan);
	span->len = buf->len;
	return true;
}
