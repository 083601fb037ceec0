// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a file through its page cache.
 */
#include "push.h"

#include "write.h"

static bool file_match(const struct sv_handoff *handoff)
{
	return handoff->file->f_op->write_iter;
}

static ssize_t file_push(struct sv_handoff *handoff, const struct sv_span *span,
			 enum splicevec_route by)
{
	struct iov_iter from;

	sv_span_iter(span, ITER_SOURCE, &from);
	return sv_write(handoff->file, &handoff->position, &from, 0);
}

const struct sv_sink sv_sink_file = {
	.types = SV_TYPE_DATA,
	.match = file_match,
	.positioning = SV_POS_FILE,
	.copies = true,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_SINK,
	.push = file_push,
};
