// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push into memory, or into nothing.
 */
#include "push.h"

static bool mem_match(const struct sv_handoff *handoff)
{
	return handoff->memory;
}

static ssize_t mem_push(struct sv_handoff *handoff,
			const struct sv_spans *window, size_t len,
			enum splicevec_route by)
{
	struct sv_span rest = sv_spans_front(window, len);
	struct sv_piece piece;
	size_t done = 0;

	while (sv_span_next_piece(&rest, &piece)) {
		size_t n = copy_page_to_iter(piece.page, piece.offset,
					     piece.len, handoff->memory);

		done += n;
		if (n < piece.len)
			break;
	}
	return done ?: -EFAULT;
}

const struct sv_sink sv_sink_mem = {
	.types = SV_TYPE_NONE,
	.match = mem_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.waits = true,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = mem_push,
};

static bool none_match(const struct sv_handoff *handoff)
{
	return !handoff->file && !handoff->pipe && !handoff->memory;
}

static ssize_t none_push(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t len,
			 enum splicevec_route by)
{
	return len;
}

const struct sv_sink sv_sink_none = {
	.types = SV_TYPE_NONE,
	.match = none_match,
	.positioning = SV_POS_NONE,
	.blind = true,
	.many = true,
	.by = SPLICEVEC_ROUTE_MOVED,
	.push = none_push,
};
