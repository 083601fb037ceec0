// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from anything that can be spliced from, through a private ring.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/net.h>
#include <linux/splice.h>

#include "loan.h"
#include "ring.h"

/* Sockets have splice_read too, but only the sorts pull_sock.c knows keep it. */
static bool splice_match(struct file *file)
{
	return file->f_op->splice_read && !sock_from_file(file);
}

/* The pages of a regular file are its page cache, unless that is bypassed. */
static enum splicevec_kind kind_of(struct file *file)
{
	if (S_ISREG(file_inode(file)->i_mode) &&
	    !(file->f_flags & O_DIRECT) && !IS_DAX(file_inode(file)))
		return SPLICEVEC_CACHE;
	return SPLICEVEC_FOREIGN;
}

static ssize_t fill_ring(struct sv_pull *pull, struct sv_ring *ring, size_t len)
{
	loff_t pos = pull->position.pos;
	ssize_t ret;

	ret = sv_splice_read(pull->file, &pos, &ring->pipe, len,
			     sv_pull_nonblock(pull) ? SPLICE_F_NONBLOCK : 0);
	if (ret <= 0)
		return ret;
	return sv_ring_confirm(ring);
}

static ssize_t splice_pull(struct sv_pull *pull, size_t len)
{
	size_t skip = offset_in_page(pull->position.pos);
	struct sv_ring *ring;
	ssize_t ret, err;

	ring = sv_pull_begin_ring(pull, kind_of(pull->file),
				  DIV_ROUND_UP(skip + len, PAGE_SIZE));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	len = min(len, ((size_t)ring->loan->cap << PAGE_SHIFT) - skip);
	err = fill_ring(pull, ring, len);
	ret = sv_pull_end_ring(pull, ring, false);
	if (ret > 0)
		pull->position.pos += ret;
	return ret ?: err;
}

const struct sv_source sv_source_splice = {
	.match = splice_match,
	.positioning = SV_POS_FILE,
	.pull = splice_pull,
};
