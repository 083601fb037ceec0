// SPDX-License-Identifier: GPL-2.0-only
/*
 * PUSH: the table of sinks, and the loop that hands spans over.
 *
 * The loop works on a window: references to the spans that were there when the
 * push began. What the sink accepted is consumed from the vector as it goes,
 * unless KEEP. For each piece the sink is asked for the route; where it has to
 * be a copy, the copy is made here, counted, and refused under NOCOPY.
 */
#include "push.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/sched/signal.h>

#include "account.h"
#include "loan.h"
#include "stable.h"
#include "vector.h"

/* The first match serves the file. */
static const struct sv_sink *const sinks[] = {
	&sv_sink_vec,
	&sv_sink_pipe,
	&sv_sink_sock,
	&sv_sink_direct,
	&sv_sink_file,
};

static const struct sv_sink *sink_of(struct file *file)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sinks); i++)
		if (sinks[i]->match(file))
			return sinks[i];
	return NULL;
}

/**
 * sv_handoff_nonblock - may the sink not wait?
 * @handoff: a push at work on a file
 */
bool sv_handoff_nonblock(const struct sv_handoff *handoff)
{
	return (handoff->flags & SPLICEVEC_NONBLOCK) ||
	       (handoff->file->f_flags & O_NONBLOCK);
}

/* Bytes at the front of a span on whose pages a sink may take references. */
static size_t plain_prefix(const struct sv_span *span, size_t len)
{
	const struct bio_vec *bv = &span->loan->bv[span->run];
	size_t skip = span->skip;
	size_t fits = 0;
	size_t n;

	while (fits < len && sv_folio_fits_plain(sv_bvec_folio(bv, skip, &n))) {
		fits += n;
		skip += n;
		if (skip == bv->bv_len) {
			bv++;
			skip = 0;
		}
	}
	return min(fits, len);
}

static struct sv_route ask_sink(const struct sv_handoff *handoff,
				const struct sv_span *span, bool plain,
				size_t left)
{
	const struct sv_sink *sink = handoff->sink;

	if (sink->route)
		return sink->route(handoff, span, plain, left);
	return (struct sv_route) {
		.by = sink->by,
		.why = sink->why,
		.len = span ? span->len : left,
	};
}

static struct sv_route choose_route(struct sv_handoff *handoff,
				    const struct sv_span *span, size_t left)
{
	struct sv_route route;
	size_t fits;

	route = ask_sink(handoff, span, span->loan->plain, left);
	if (route.by != SPLICEVEC_ROUTE_PLAIN)
		return route;
	fits = plain_prefix(span, route.len);
	if (fits)
		route.len = fits;
	else
		route = (struct sv_route) {
			.by = SPLICEVEC_ROUTE_COPIED,
			.why = SPLICEVEC_WHY_UNTRACKED,
			.len = min_t(size_t, route.len, PAGE_SIZE),
		};
	return route;
}

static ssize_t push_copied(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len)
{
	struct sv_span span;
	struct sv_loan *copy;
	ssize_t ret;

	copy = sv_owned_copy(handoff->account, window, len);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	span = sv_span_whole(copy);
	ret = handoff->sink->push(handoff, &span, SPLICEVEC_ROUTE_COPIED);
	sv_loan_put(copy);
	return ret;
}

/*
 * Hand over the next piece. Return: bytes accepted, at most @asked, or a
 * negative errno.
 */
static ssize_t push_piece(struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t *asked)
{
	size_t left = window->tail - window->head;
	struct sv_span span;
	struct sv_route route;
	ssize_t ret;

	sv_spans_peek(window, &span);
	route = choose_route(handoff, &span, left);
	if (route.by == SPLICEVEC_ROUTE_COPIED && (handoff->flags & SPLICEVEC_NOCOPY))
		return -EOPNOTSUPP;
	*asked = route.len;
	handoff->more = (handoff->flags & SPLICEVEC_MORE) || route.len < left;
	if (route.by == SPLICEVEC_ROUTE_COPIED && !handoff->sink->copies) {
		*asked = min(route.len, SV_COPY_MAX);
		ret = push_copied(handoff, window, *asked);
	} else {
		span.len = route.len;
		ret = handoff->sink->push(handoff, &span, route.by);
	}
	if (ret > 0 && route.by == SPLICEVEC_ROUTE_COPIED)
		handoff->copied += ret;
	return ret;
}

static ssize_t push_loop(struct sv_handoff *handoff, struct sv_spans *window)
{
	size_t done = 0;
	size_t asked;
	ssize_t ret = 0;

	while (window->nr) {
		ret = push_piece(handoff, window, &asked);
		if (ret <= 0)
			break;
		done += ret;
		sv_spans_drop(window, ret);
		if (!(handoff->flags & SPLICEVEC_KEEP))
			sv_vector_consume(handoff->vec, ret);
		if (ret < asked || signal_pending(current))
			break;
		cond_resched();
	}
	return done ?: ret;
}

static ssize_t push_window(struct sv_handoff *handoff, s64 start, u64 len)
{
	struct sv_spans window = {};
	ssize_t ret;

	ret = sv_vector_window(handoff->vec, start, len, &window);
	if (!ret)
		ret = push_loop(handoff, &window);
	sv_spans_free(&window);
	return ret;
}

/**
 * sv_handoff_begin - look a sink up
 * @handoff: result; sv_handoff_end() follows on success
 * @vec: vector, held by the caller
 * @fd: sink fd, SPLICEVEC_FD_MEM or SPLICEVEC_FD_NONE
 * @flags: enum splicevec_flag
 *
 * Return: 0, -EBADF, -EOPNOTSUPP, -EINVAL (a vector into itself) or -ENOMEM.
 */
int sv_handoff_begin(struct sv_handoff *handoff, struct sv_vector *vec, int fd,
		     u32 flags)
{
	int err = -ENOMEM;

	*handoff = (struct sv_handoff) { .vec = vec, .flags = flags };
	handoff->account = sv_account_find(vec->account);
	if (!handoff->account)
		return err;
	if (fd == SPLICEVEC_FD_MEM) {
		handoff->sink = &sv_sink_mem;
		return 0;
	}
	if (fd == SPLICEVEC_FD_NONE) {
		handoff->sink = &sv_sink_none;
		return 0;
	}
	err = -EBADF;
	handoff->file = fget(fd);
	if (!handoff->file)
		goto fail;
	err = -EOPNOTSUPP;
	handoff->sink = sink_of(handoff->file);
	if (!handoff->sink)
		goto fail;
	err = -EBADF;
	if (!(handoff->file->f_mode & FMODE_WRITE))
		goto fail;
	err = -EINVAL;
	if (sv_vector_of(handoff->file) == vec)
		goto fail;
	return 0;
fail:
	sv_handoff_end(handoff);
	return err;
}

/**
 * sv_handoff_end - let go of what sv_handoff_begin() took
 * @handoff: its result
 */
void sv_handoff_end(struct sv_handoff *handoff)
{
	sv_account_put(handoff->account);
	if (handoff->file)
		fput(handoff->file);
}

/**
 * sv_handoff_check - may a push begin at this offset?
 * @handoff: from sv_handoff_begin()
 * @offset: as in struct splicevec_push
 *
 * Return: 0, -EINVAL or -ESPIPE.
 */
int sv_handoff_check(const struct sv_handoff *handoff, s64 offset)
{
	if (handoff->file && (handoff->file->f_flags & O_APPEND) && offset >= 0)
		return -EINVAL;
	return sv_position_check(handoff->file, handoff->sink->positioning,
				 offset);
}

/**
 * sv_handoff_bytes - push bytes
 * @handoff: from sv_handoff_begin(); may be used again and again
 * @offset: where to write, as in struct splicevec_push
 * @start: first byte of the window as in struct splicevec_push; -1 if the bytes
 *	are consumed, and then vec->consume is held by the caller
 * @len: bytes at the most
 *
 * Return: bytes accepted, or a negative errno.
 */
ssize_t sv_handoff_bytes(struct sv_handoff *handoff, s64 offset, s64 start,
			 u64 len)
{
	ssize_t ret;

	len = min_t(u64, len, MAX_RW_COUNT);
	ret = sv_handoff_check(handoff, offset) ?:
	      sv_stream_permission(WRITE, handoff->file,
				   handoff->sink->positioning, len);
	if (ret)
		return ret;
	ret = sv_position_begin(&handoff->position, handoff->file,
				handoff->sink->positioning, offset,
				handoff->flags & SPLICEVEC_NONBLOCK);
	if (ret)
		return ret;
	ret = push_window(handoff, start, len);
	sv_position_end(&handoff->position);
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

static ssize_t push_consuming(struct sv_handoff *handoff, s64 offset, u64 len)
{
	ssize_t ret = sv_vector_lock_consume(handoff->vec,
					     handoff->flags & SPLICEVEC_NONBLOCK);

	if (ret)
		return ret;
	ret = sv_handoff_bytes(handoff, offset, -1, len);
	sv_vector_unlock_consume(handoff->vec);
	return ret;
}

/**
 * sv_push - the PUSH command
 * @vec: vector, held by the caller and open for reading
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_push(struct sv_vector *vec, struct splicevec_push *args)
{
	struct sv_handoff handoff;
	ssize_t ret;

	ret = sv_handoff_begin(&handoff, vec, args->fd, args->flags);
	if (ret)
		return ret;
	handoff.addr = args->addr;
	if (args->flags & SPLICEVEC_KEEP)
		ret = sv_handoff_bytes(&handoff, args->offset, args->start,
				       args->len);
	else
		ret = push_consuming(&handoff, args->offset, args->len);
	if (ret >= 0) {
		args->bytes = ret;
		args->copied = handoff.copied;
		args->result = handoff.result;
		ret = 0;
	}
	sv_handoff_end(&handoff);
	return ret;
}

static u64 kernel_features(void)
{
	u64 features = SPLICEVEC_FEAT_TRACKED_SOCK | SPLICEVEC_FEAT_TRACKED_PIPE;

	if (SV_SPLICE_PAGES)
		features |= SPLICEVEC_FEAT_SPLICE_PAGES;
	if (SV_PIN_READONLY)
		features |= SPLICEVEC_FEAT_PIN_READONLY;
	return features;
}

/**
 * sv_features - the FEATURES command
 * @vec: vector, held by the caller
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_features(struct sv_vector *vec, struct splicevec_features *args)
{
	struct sv_handoff handoff;
	struct sv_route route;
	int kind, err;

	args->features = kernel_features();
	if (args->fd == -1)
		return 0;
	err = sv_handoff_begin(&handoff, vec, args->fd, 0);
	if (err)
		return err;
	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
		route = ask_sink(&handoff, NULL, kind != SPLICEVEC_PINNED,
				 PAGE_SIZE);
		args->routes[kind] = route.by;
		args->reasons[kind] = route.why;
	}
	sv_handoff_end(&handoff);
	return 0;
}
