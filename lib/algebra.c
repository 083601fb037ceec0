// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Vectors made of vectors: duplicate, slice, concatenate, prepend, split.
 *
 * A pull from a vector shares its spans and comes whole or not at all; a push
 * into one moves them. The calls are put together from these two so that up to
 * the one command that changes a vector anything may fail, and what comes after
 * it has nothing left to ask for.
 */
#include "internal.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

/**
 * struct window - some of what a vector holds
 * @at: absolute position of the first byte
 * @end: absolute position one past the last
 */
struct window {
	uint64_t at;
	uint64_t end;
};

static int whole(int vec, struct window *w)
{
	struct splicevec_info info;
	int ret = sv_info(vec, &info);

	w->at = info.head;
	w->end = info.tail;
	return ret;
}

static int find_window(int vec, int64_t start, uint64_t len, struct window *w)
{
	int ret = whole(vec, w);

	if (ret)
		return ret;
	if (start != SV_HEAD) {
		if (start < 0)
			return -EINVAL;
		w->at = start;
	}
	if (w->at > w->end)
		w->end = w->at;
	if (len < w->end - w->at)
		w->end = w->at + len;
	return 0;
}

static void close_vector(int vec)
{
	int saved = errno;

	close(vec);
	errno = saved;
}

/*
 * Append @w, which is cut down to what is still missing. Up to SV_COMMAND_MAX
 * bytes are one command: others see all of them or none.
 */
static int share(int to, int from, struct window *w)
{
	while (w->at < w->end) {
		int64_t n = sv_pull(to, from, w->at, w->end - w->at, 0);

		if (n <= 0)
			return n ? n : -ESTALE;
		w->at += n;
	}
	return 0;
}

static int share_with_new(int vec, int64_t start, uint64_t len)
{
	struct window w;
	int to, ret = find_window(vec, start, len, &w);

	if (ret)
		return ret;
	to = sv_open(0);
	if (to < 0)
		return to;
	ret = share(to, vec, &w);
	if (!ret)
		return to;
	close_vector(to);
	return ret;
}

SV_API int sv_sub(int vec, int64_t start, uint64_t len)
{
	int ret;

	/* wherever the head may have gone in between */
	do {
		ret = share_with_new(vec, start, len);
	} while (ret == -ESTALE && start == SV_HEAD);
	return ret;
}

SV_API int sv_dup(int vec)
{
	return sv_sub(vec, SV_HEAD, SV_ALL);
}

SV_API int64_t sv_concat(int to, int from)
{
	struct window w;
	uint64_t start;
	int ret;

	do {
		ret = whole(from, &w);
		if (ret)
			return ret;
		start = w.at;
		ret = share(to, from, &w);
	} while (ret == -ESTALE && w.at == start);
	return w.at > start ? (int64_t)(w.at - start) : ret;
}

/* A signal makes a drop short, not impossible. */
static int drop(int vec, uint64_t len)
{
	while (len) {
		int64_t n = sv_drop(vec, len);

		if (n <= 0)
			return n;
		len -= n;
	}
	return 0;
}

/*
 * Vectors grow at the tail only. So @both, which holds what goes before, gets
 * what @to holds, goes behind that, and what @to held before is dropped.
 */
static int64_t put_before(int to, int both)
{
	struct window own, before, all;
	int ret = whole(to, &own);

	if (!ret)
		ret = whole(both, &before);
	if (ret || before.at == before.end)
		return ret;
	all.at = before.at;
	all.end = before.end + (own.end - own.at);
	if (all.end - all.at > SV_COMMAND_MAX)
		return -EFBIG;
	ret = share(both, to, &(struct window){ own.at, own.end });
	if (!ret)
		ret = share(to, both, &all);
	if (!ret)
		ret = drop(to, own.end - own.at);
	return ret ? ret : (int64_t)(before.end - before.at);
}

SV_API int64_t sv_prepend(int to, int from)
{
	int both = sv_dup(from);
	int64_t ret;

	if (both < 0)
		return both;
	ret = put_before(to, both);
	close_vector(both);
	return ret;
}

/* Move up to @len bytes. Return: 0 if any went, or why none did. */
static int move_head(int to, int vec, uint64_t len)
{
	bool moved = false;

	while (len) {
		int64_t n = sv_push(vec, to, SV_POSITION, len, 0);

		if (n <= 0)
			return moved ? 0 : n;
		moved = true;
		len -= n;
	}
	return 0;
}

SV_API int sv_split(int vec, uint64_t len)
{
	struct window w;
	int to, ret = find_window(vec, SV_HEAD, len, &w);

	if (ret)
		return ret;
	to = sv_open(0);
	if (to < 0)
		return to;
	ret = move_head(to, vec, w.end - w.at);
	if (!ret)
		return to;
	close_vector(to);
	return ret;
}
