// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from another vector, or the same one: its loans are shared, and it keeps
 * its own.
 */
#include "pull.h"

#include "lazy.h"
#include "vector.h"

static bool vec_match(const struct sv_pull *pull)
{
	return sv_vector_of(pull->file);
}

static ssize_t vec_pull(struct sv_pull *pull, size_t len)
{
	struct sv_vector *from = sv_vector_of(pull->file);
	bool copy = pull->flags & SPLICEVEC_COPY;
	struct sv_spans window = {};
	s64 start = pull->position.pos;
	u64 held = len;
	size_t ready;
	ssize_t ret;

	ret = sv_vector_window(from, &start, &held, U32_MAX, &window);
	/* a copy needs the bytes now */
	if (!ret && copy) {
		ret = sv_lazy_wait(&window, false,
				   sv_lazy_how(sv_pull_nonblock(pull), pull->nowait),
				   &ready);
		sv_spans_cut(&window, ready);
	}
	/* and it is what needs a place in the vector then, not what it is made of */
	if (!ret)
		ret = copy ? sv_spans_reserve(&pull->batch, window.nr) :
			     sv_pull_room(pull, window.nr);
	if (!ret) {
		ret = window.tail;
		pull->position.pos = start + ret;
		sv_spans_move(&pull->batch, &window);
	}
	sv_spans_free(&window);
	return ret;
}

const struct sv_source sv_source_vec = {
	.types = SV_TYPE_CHAR,
	.match = vec_match,
	.positioning = SV_POS_VECTOR,
	.shares = true,
	.pull = vec_pull,
};
