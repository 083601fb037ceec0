// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a file or block device past its page cache: the device reads the pages
 * where they lie. A STRICT push does not wait for it.
 */
#include "push.h"

#include <linux/align.h>
#include <linux/backing-dev.h>
#include <linux/math64.h>
#include <linux/pagemap.h>

#include "direct.h"
#include "loan.h"
#include "queued.h"
#include "stable.h"
#include "write.h"

static bool direct_match(const struct sv_handoff *handoff)
{
	struct file *file = handoff->file;

	return (file->f_flags & O_DIRECT) &&
	       (file->f_mode & FMODE_CAN_ODIRECT) && file->f_op->write_iter;
}

/* Of the first @len bytes of a span: those that a device can read where they lie. */
static size_t direct_prefix(const struct sv_span *span, size_t len,
			    const struct sv_direct_align *align)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t fits = 0;
	size_t n;

	for (; fits < len; bv++, skip = 0) {
		if ((bv->bv_offset + skip) % align->memory)
			break;
		n = min_t(size_t, bv->bv_len - skip, len - fits);
		fits += rounddown(n, align->block);
		if (n % align->block)
			break;
	}
	return fits;
}

static loff_t write_position(const struct sv_handoff *handoff)
{
	if (handoff->file->f_flags & O_APPEND)
		return i_size_read(handoff->file->f_mapping->host);
	return handoff->position.pos;
}

/*
 * Aligned bytes go straight to the device. Others are copied into pages of ours,
 * as many as end on a block; a head or tail that is no whole block goes through
 * the page cache.
 */
static struct sv_route direct_route(const struct sv_handoff *handoff,
				    const struct sv_span *span, bool plain,
				    size_t left)
{
	struct sv_direct_align align = sv_direct_align(handoff->file);
	struct sv_route route = {
		.by = SPLICEVEC_ROUTE_DIRECT,
		.len = left,
	};
	u32 past;

	if ((handoff->flags & SPLICEVEC_STRICT) &&
	    !(handoff->file->f_flags & O_APPEND))
		route.by = SPLICEVEC_ROUTE_TRACKED;
	if (!span)
		return route;
	div_u64_rem(write_position(handoff), align.block, &past);
	route.len = past || sv_handoff_unstable(handoff, span->loan) ? 0 :
		    direct_prefix(span, min(span->len, left), &align);
	if (route.len)
		return route;
	route.by = SPLICEVEC_ROUTE_COPIED;
	route.why = SPLICEVEC_WHY_SINK;
	if (past)
		route.len = min_t(size_t, left, align.block - past);
	else if (left < align.block)
		route.len = left;
	else
		route.len = rounddown(min(left, SV_COPY_MAX), align.block);
	return route;
}

/*
 * What went through the page cache is on the device when an O_DIRECT write is.
 * Should that fail the bytes are in the file nevertheless, and the file tells
 * the error as it does for any buffered write.
 */
static ssize_t write_through_cache(struct sv_handoff *handoff,
				   struct iov_iter *from)
{
	struct address_space *mapping = handoff->file->f_mapping;
	loff_t end;
	ssize_t ret;

	ret = sv_queued_wait(mapping->host);
	if (!ret)
		ret = sv_write(handoff->file, &handoff->position, from, 0);
	if (ret <= 0)
		return ret;
	end = handoff->position.pos;
	/* overlayfs writes to another file's mapping, which is that one's affair */
	if (!mapping_can_writeback(mapping))
		vfs_fsync_range(handoff->file, end - ret, end - 1, 1);
	else if (!filemap_write_and_wait_range(mapping, end - ret, end - 1))
		invalidate_mapping_pages(mapping, (end - ret) >> PAGE_SHIFT,
					 (end - 1) >> PAGE_SHIFT);
	return ret;
}

/* Where a write may be cut short: by the device, the filesystem or a limit. */
static loff_t write_limit(const struct file *file)
{
	const struct inode *host = file->f_mapping->host;
	loff_t limit;

	if (S_ISBLK(host->i_mode))
		return i_size_read(host);
	limit = file->f_flags & O_LARGEFILE ? host->i_sb->s_maxbytes : MAX_NON_LFS;
	return min_t(u64, limit, rlimit(RLIMIT_FSIZE));
}

/*
 * May it be written behind the back of the command? Only who waits is told where a
 * write was cut short, and the rest has to stay in the vector. Where a file ends
 * is known only when what was appended before is written.
 */
static bool may_queue(const struct sv_handoff *handoff, size_t len)
{
	return handoff->completion && !(handoff->file->f_flags & O_APPEND) &&
	       handoff->position.pos + len <= write_limit(handoff->file);
}

static ssize_t direct_push(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len,
			   enum splicevec_route by)
{
	struct sv_span span = sv_spans_front(window, len);
	u32 block = sv_direct_align(handoff->file).block;
	struct iov_iter from;
	u32 past;

	sv_span_iter(&span, ITER_SOURCE, &from);
	div_u64_rem(write_position(handoff), block, &past);
	if (past || len % block)
		return write_through_cache(handoff, &from);
	if (may_queue(handoff, len))
		return sv_queue_write(handoff->file, &handoff->position, &from,
				      span.loan, handoff->account,
				      handoff->completion);
	return sv_write(handoff->file, &handoff->position, &from, IOCB_DIRECT);
}

const struct sv_sink sv_sink_direct = {
	.types = SV_TYPE_DATA,
	.match = direct_match,
	.positioning = SV_POS_FILE,
	.pins = true,
	.waits = true,
	.route = direct_route,
	.push = direct_push,
};
