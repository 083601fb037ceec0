// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a file: through its page cache, or with O_DIRECT straight to the
 * device.
 */
#include "push.h"

#include <linux/align.h>
#include <linux/math64.h>
#include <linux/net.h>
#include <linux/pagemap.h>
#include <linux/stat.h>

#include "loan.h"
#include "stable.h"

static bool file_match(struct file *file)
{
	return file->f_op->write_iter && !sock_from_file(file);
}

static bool direct_match(struct file *file)
{
	return file_match(file) && (file->f_flags & O_DIRECT);
}

/* Write with the file's own flags, so that O_APPEND and O_SYNC hold. */
static ssize_t write_span(struct sv_handoff *handoff,
			  const struct sv_span *span, bool direct)
{
	struct kiocb iocb;
	struct iov_iter iter;
	ssize_t ret;

	init_sync_kiocb(&iocb, handoff->file);
	iocb.ki_pos = handoff->position.pos;
	if (!direct)
		iocb.ki_flags &= ~IOCB_DIRECT;
	sv_span_iter(span, &iter);
	ret = sv_write_iter(handoff->file, &iocb, &iter);
	if (ret > 0)
		handoff->position.pos = iocb.ki_pos;
	return ret;
}

static ssize_t file_push(struct sv_handoff *handoff, const struct sv_span *span,
			 enum splicevec_route by)
{
	return write_span(handoff, span, false);
}

const struct sv_sink sv_sink_file = {
	.match = file_match,
	.positioning = SV_POS_FILE,
	.copies = true,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = file_push,
};

/**
 * struct direct_align - what O_DIRECT wants of a file
 * @memory: alignment of each run's address, bytes
 * @block: alignment of the file offset and each run's length, bytes
 */
struct direct_align {
	u32 memory;
	u32 block;
};

/* A file that does not tell is given what suits all: whole pages. */
static struct direct_align direct_align(struct file *file)
{
	struct direct_align align = { PAGE_SIZE, PAGE_SIZE };
	struct kstat stat;

	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN, 0))
		return align;
	if ((stat.result_mask & STATX_DIOALIGN) && stat.dio_offset_align) {
		align.memory = max(stat.dio_mem_align, 1U);
		align.block = stat.dio_offset_align;
	}
	return align;
}

/* Bytes at the front of a span that a device can read where they lie. */
static size_t direct_prefix(const struct sv_span *span,
			    const struct direct_align *align)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t fits = 0;
	size_t n;

	for (; fits < span->len; bv++, skip = 0) {
		if ((bv->bv_offset + skip) % align->memory)
			break;
		n = min_t(size_t, bv->bv_len - skip, span->len - fits);
		fits += rounddown(n, align->block);
		if (n % align->block)
			break;
	}
	return fits;
}

static loff_t write_position(const struct sv_handoff *handoff)
{
	if (handoff->file->f_flags & O_APPEND)
		return i_size_read(file_inode(handoff->file));
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
	struct direct_align align = direct_align(handoff->file);
	struct sv_route route = {
		.by = SPLICEVEC_ROUTE_DIRECT,
		.len = left,
	};
	u32 past;

	if (!span)
		return route;
	div_u64_rem(write_position(handoff), align.block, &past);
	route.len = past ? 0 : direct_prefix(span, &align);
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

/* What went through the page cache is on the device when an O_DIRECT write is. */
static ssize_t write_through_cache(struct sv_handoff *handoff,
				   const struct sv_span *span)
{
	struct address_space *mapping = handoff->file->f_mapping;
	ssize_t ret = write_span(handoff, span, false);
	loff_t end = handoff->position.pos;
	int err;

	if (ret <= 0)
		return ret;
	err = filemap_write_and_wait_range(mapping, end - ret, end - 1);
	if (err) {
		handoff->position.pos = end - ret;
		return err;
	}
	invalidate_mapping_pages(mapping, (end - ret) >> PAGE_SHIFT,
				 (end - 1) >> PAGE_SHIFT);
	return ret;
}

static ssize_t direct_push(struct sv_handoff *handoff,
			   const struct sv_span *span, enum splicevec_route by)
{
	struct direct_align align = direct_align(handoff->file);
	u32 past;

	div_u64_rem(write_position(handoff), align.block, &past);
	if (past || span->len % align.block)
		return write_through_cache(handoff, span);
	return write_span(handoff, span, true);
}

const struct sv_sink sv_sink_direct = {
	.match = direct_match,
	.positioning = SV_POS_FILE,
	.route = direct_route,
	.push = direct_push,
};
