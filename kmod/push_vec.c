// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push into another vector: the spans change hands.
 */
#include "push.h"

#include "loan.h"
#include "vector.h"

static bool vec_match(const struct sv_handoff *handoff)
{
	return sv_vector_of(handoff->file);
}

static ssize_t vec_push(struct sv_handoff *handoff,
			const struct sv_spans *window, size_t len,
			enum splicevec_route by)
{
	struct sv_vector *to = sv_vector_of(handoff->file);
	struct sv_spans batch = {};
	int err = sv_vector_reserve(to, 1);

	if (err)
		return err;
	sv_spans_share(window, window->head, len, 1, &batch);
	sv_vector_publish(to, &batch, 1);
	return len;
}

const struct sv_sink sv_sink_vec = {
	.types = SV_TYPE_CHAR,
	.match = vec_match,
	.positioning = SV_POS_NONE,
	.keeps = true,
	.by = SPLICEVEC_ROUTE_MOVED,
	.push = vec_push,
};
