// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push into the caller's memory, or into nothing.
 */
#include "push.h"

#include <linux/uaccess.h>

static ssize_t mem_push(struct sv_handoff *handoff, const struct sv_span *span,
			enum splicevec_route by)
{
	void __user *to = u64_to_user_ptr(handoff->addr);
	struct sv_span rest = *span;
	struct sv_piece piece;
	struct iov_iter iter;
	size_t done = 0;

	if (!access_ok(to, span->len))
		return -EFAULT;
	iov_iter_ubuf(&iter, ITER_DEST, to, span->len);
	while (sv_span_next_piece(&rest, &piece)) {
		size_t n = copy_page_to_iter(piece.page, piece.offset,
					     piece.len, &iter);

		done += n;
		if (n < piece.len)
			break;
	}
	handoff->addr += done;
	return done ?: -EFAULT;
}

const struct sv_sink sv_sink_mem = {
	.positioning = SV_POS_NONE,
	.copies = true,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = mem_push,
};

static ssize_t none_push(struct sv_handoff *handoff, const struct sv_span *span,
			 enum splicevec_route by)
{
	return span->len;
}

const struct sv_sink sv_sink_none = {
	.positioning = SV_POS_NONE,
	.by = SPLICEVEC_ROUTE_MOVED,
	.push = none_push,
};
