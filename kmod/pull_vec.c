// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from another vector, or the same one: its loans are shared, and it keeps
 * its own.
 */
#include "pull.h"

#include "vector.h"

static bool vec_match(struct file *file)
{
	return sv_vector_of(file);
}

static u64 head_of(struct sv_vector *vec)
{
	u64 head;

	spin_lock(&vec->lock);
	head = vec->spans.head;
	spin_unlock(&vec->lock);
	return head;
}

static ssize_t vec_pull(struct sv_pull *pull, size_t len)
{
	struct sv_vector *from = sv_vector_of(pull->file);
	bool at_head = pull->position.pos < 0;
	struct sv_spans window = {};
	s64 start = pull->position.pos;
	ssize_t ret;

	do {
		if (at_head)
			start = head_of(from);
		ret = sv_vector_window(from, start, len, &window);
		/* the head may move on in between */
	} while (ret == -ESTALE && at_head);
	if (!ret)
		ret = sv_pull_room(pull, window.nr);
	if (!ret) {
		ret = window.tail;
		pull->position.pos = start + ret;
		sv_spans_move(&pull->batch, &window);
	}
	sv_spans_free(&window);
	return ret;
}

const struct sv_source sv_source_vec = {
	.match = vec_match,
	.positioning = SV_POS_VECTOR,
	.pull = vec_pull,
};
