// SPDX-License-Identifier: GPL-2.0-only
/*
 * PUSH: the table of sinks, and the loop that hands spans over.
 *
 * The loop works on windows: references to spans that were there when the push
 * began. What the sink accepted is consumed from the vector as it goes, unless
 * KEEP. For each piece the sink is asked for the route; where it has to be a
 * copy, the copy is made here, counted, and refused under NOCOPY.
 */
#include "push.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fsnotify.h>
#include <linux/sched/signal.h>

#include "account.h"
#include "lazy.h"
#include "loan.h"
#include "memory.h"
#include "pipebuf.h"
#include "stable.h"
#include "vector.h"

/* Spans a window has at the most, so that nobody waits long for the lock. */
#define SV_WINDOW_SPANS	256

/* Runs after which a piece takes no more spans: an array of them is allocated. */
#define SV_PIECE_RUNS	1024

/* The first match serves; what is asked for most comes first. */
static const struct sv_sink *const sinks[] = {
	&sv_sink_sock,
	&sv_sink_record,
	&sv_sink_alien,
	&sv_sink_vec,
	&sv_sink_pipe,
	&sv_sink_locked_pipe,
	&sv_sink_direct,
	&sv_sink_splice,
	&sv_sink_file,
	&sv_sink_mem,
	&sv_sink_none,
};

static const struct sv_sink *sink_of(const struct sv_handoff *handoff)
{
	u16 type = sv_type_of(handoff->file);
	int i;

	for (i = 0; i < ARRAY_SIZE(sinks); i++) {
		const struct sv_sink *sink = sinks[i];

		if ((sink->types & type) && (!sink->match || sink->match(handoff)))
			return sink;
	}
	return NULL;
}

/**
 * sv_handoff_nonblock - may the sink not wait?
 * @handoff: a push at work
 *
 * Return: true if so.
 */
bool sv_handoff_nonblock(const struct sv_handoff *handoff)
{
	return (handoff->flags & SPLICEVEC_NONBLOCK) ||
	       (handoff->file && (handoff->file->f_flags & O_NONBLOCK));
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
		.len = span && !sink->many ? span->len : left,
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
	fits = sv_span_plain(span, route.len);
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

/* Spans after the first one go along as long as they go the same way. */
static void extend_route(struct sv_handoff *handoff, struct sv_route *route,
			 const struct sv_spans *window, size_t left)
{
	const struct sv_span *first = sv_spans_at(window, 0);
	u32 runs = first->loan->nr;
	size_t len = first->len;
	u32 i;

	/* a tracked push holds one loan */
	if (route->by == SPLICEVEC_ROUTE_TRACKED)
		return;
	for (i = 1; route->len == len && len < left && runs < SV_PIECE_RUNS; i++) {
		struct sv_span span = *sv_spans_at(window, i);
		struct sv_route next;

		span.len = min(span.len, left - len);
		next = choose_route(handoff, &span, left - len);
		if (next.by != route->by)
			break;
		route->len += next.len;
		len += span.len;
		runs += span.loan->nr;
	}
}

/* How the first bytes of a window go, of which @left are ready. */
static struct sv_route window_route(struct sv_handoff *handoff,
				    const struct sv_spans *window, size_t left)
{
	struct sv_route route;
	struct sv_span span;

	/* an empty record */
	if (!left)
		return ask_sink(handoff, NULL, true, 0);
	span = sv_spans_front(window, left);
	route = choose_route(handoff, &span, left);
	if (handoff->sink->many)
		extend_route(handoff, &route, window, left);
	return route;
}

static ssize_t push_copied(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len)
{
	struct sv_spans copies = {};
	struct sv_loan *copy;
	struct sv_span span;
	ssize_t ret;

	copy = sv_owned_copy(handoff->account, window, len);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	span = sv_span_whole(copy);
	sv_spans_append(&copies, &span);
	/* there was no memory for the rest, which is still to follow */
	if (span.len < len)
		handoff->more = true;
	ret = handoff->sink->push(handoff, &copies, span.len,
				  SPLICEVEC_ROUTE_COPIED);
	sv_spans_free(&copies);
	return ret;
}

/*
 * Hand over the next piece of a window, of which @left bytes are ready. Return:
 * bytes accepted, at most @asked, or a negative errno.
 */
static ssize_t push_piece(struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t left,
			  size_t *asked)
{
	struct sv_route route = window_route(handoff, window, left);
	bool copied = route.by == SPLICEVEC_ROUTE_COPIED;
	bool copy = copied && !handoff->sink->copies;
	ssize_t ret;

	if (copied && (handoff->flags & SPLICEVEC_NOCOPY))
		return -EOPNOTSUPP;
	*asked = min(route.len, copy ? SV_COPY_MAX : handoff->sink->bite ?: SIZE_MAX);
	handoff->more = (handoff->flags & SPLICEVEC_MORE) || handoff->behind ||
			*asked < left;
	if (copy)
		ret = push_copied(handoff, window, *asked);
	else
		ret = handoff->sink->push(handoff, window, *asked, route.by);
	if (ret > 0 && copied)
		handoff->copied += ret;
	return ret;
}

/* What the sink accepted leaves the window, and the vector it is a part of. */
static void accepted(struct sv_handoff *handoff, struct sv_spans *window,
		     size_t len)
{
	sv_spans_drop(window, len);
	if (handoff->consume)
		sv_vector_consume(handoff->vec, len);
}

static ssize_t push_pieces(struct sv_handoff *handoff, struct sv_spans *window,
			   size_t ready)
{
	size_t done = 0;
	size_t asked;
	ssize_t ret;

	for (;;) {
		ret = push_piece(handoff, window, ready - done, &asked);
		if (ret <= 0)
			break;
		done += ret;
		accepted(handoff, window, ret);
		if (done == ready || ret < asked || signal_pending(current))
			break;
		cond_resched();
	}
	return done ?: ret;
}

/*
 * Push what is ready of a window, after which @behind bytes follow.
 *
 * Return: bytes accepted, or a negative errno. @short: the sink did not take all
 * it was offered.
 */
static ssize_t push_window(struct sv_handoff *handoff, struct sv_spans *window,
			   u64 behind, bool *short_push)
{
	const struct sv_sink *sink = handoff->sink;
	size_t len = window->tail - window->head;
	size_t ready = len;
	ssize_t ret = 0;

	if (window->lazy && sink->by != SPLICEVEC_ROUTE_MOVED)
		ret = sv_lazy_wait(window, sink->record,
				   handoff->flags & SPLICEVEC_NONBLOCK, &ready);
	if (ret)
		return ret;
	handoff->behind = behind + len - ready;
	ret = push_pieces(handoff, window, ready);
	*short_push = ret != ready;
	return ret;
}

/* A record goes whole, and KEEP works on what was there when it began. */
static u32 window_spans(const struct sv_handoff *handoff)
{
	if (handoff->sink->record || (handoff->flags & SPLICEVEC_KEEP))
		return U32_MAX;
	return SV_WINDOW_SPANS;
}

/* Window by window, up to where the vector ended when the push began. */
static ssize_t push_windows(struct sv_handoff *handoff, s64 start, u64 len)
{
	bool empty_record = handoff->sink->record && !len;
	bool short_push = true;
	size_t done = 0;
	ssize_t ret;

	do {
		struct sv_spans window = {};

		ret = sv_vector_window(handoff->vec, &start, &len,
				       window_spans(handoff), &window);
		if (!ret && (window.nr || empty_record))
			ret = push_window(handoff, &window, len - window.tail,
					  &short_push);
		sv_spans_free(&window);
		if (ret <= 0)
			break;
		done += ret;
		start += ret;
		len -= ret;
	} while (len && !short_push && !signal_pending(current));
	return done ?: ret;
}

static int handoff_begin(struct sv_handoff *handoff)
{
	int err;

	handoff->account = sv_account_borrow(handoff->vec->account);
	handoff->sink = sink_of(handoff);
	err = !handoff->account ? -ENOMEM : !handoff->sink ? -EOPNOTSUPP : 0;
	if (err)
		sv_handoff_end(handoff);
	return err;
}

/**
 * sv_handoff_begin - begin to push to a file, or to nothing
 * @handoff: new, with @vec, held by the caller, and @flags; sv_handoff_end()
 *	follows on success
 * @fd: sink fd or SPLICEVEC_FD_NONE
 *
 * Return: 0, -EBADF, -EOPNOTSUPP, -EINVAL (a vector into itself) or -ENOMEM.
 */
int sv_handoff_begin(struct sv_handoff *handoff, int fd)
{
	int err = 0;

	if (fd == SPLICEVEC_FD_NONE)
		return handoff_begin(handoff);
	handoff->fd = fdget(fd);
	handoff->file = fd_file(handoff->fd);
	if (!handoff->file)
		return -EBADF;
	if (!(handoff->file->f_mode & FMODE_WRITE))
		err = -EBADF;
	else if (sv_vector_of(handoff->file) == handoff->vec)
		err = -EINVAL;
	if (err) {
		fdput(handoff->fd);
		return err;
	}
	handoff->pipe = sv_pipe_of(handoff->file);
	return handoff_begin(handoff);
}

/**
 * sv_handoff_begin_pipe - begin to push to a pipe that is locked
 * @handoff: as for sv_handoff_begin(); @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_KEEP
 * @pipe: sink, locked by the caller until the end
 *
 * Return: 0 or -ENOMEM.
 */
int sv_handoff_begin_pipe(struct sv_handoff *handoff,
			  struct pipe_inode_info *pipe)
{
	handoff->pipe = pipe;
	return handoff_begin(handoff);
}

/**
 * sv_handoff_begin_mem - begin to push to memory
 * @handoff: as for sv_handoff_begin(); @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_KEEP
 * @to: sink, moved on by what is pushed
 *
 * Return: 0 or -ENOMEM.
 */
int sv_handoff_begin_mem(struct sv_handoff *handoff, struct iov_iter *to)
{
	handoff->memory = to;
	return handoff_begin(handoff);
}

/**
 * sv_handoff_end - let go of what sv_handoff_begin() took
 * @handoff: from it
 */
void sv_handoff_end(struct sv_handoff *handoff)
{
	sv_account_return(handoff->account, handoff->vec->account);
	fdput(handoff->fd);
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
	if (handoff->sink->record && (handoff->flags & SPLICEVEC_MORE))
		return -EINVAL;
	return sv_position_check(handoff->file, handoff->sink->positioning,
				 offset);
}

/* Find out where to write, and whether that is allowed. */
static int transfer_begin(struct sv_handoff *handoff, s64 offset, size_t len)
{
	enum sv_positioning positioning = handoff->sink->positioning;
	int err;

	err = sv_position_begin(&handoff->position, handoff->file, positioning,
				offset, handoff->flags & SPLICEVEC_NONBLOCK);
	/* files are asked about where they are written */
	if (err || positioning == SV_POS_FILE)
		return err;
	err = sv_position_permit(&handoff->position, WRITE, handoff->file,
				 positioning, len);
	if (err)
		sv_position_end(&handoff->position);
	return err;
}

static ssize_t transfer_end(struct sv_handoff *handoff, ssize_t ret)
{
	sv_position_end(&handoff->position);
	if (ret > 0 && handoff->file &&
	    handoff->sink->positioning != SV_POS_FILE)
		fsnotify_modify(handoff->file);
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * sv_handoff_bytes - push bytes that the vector holds
 * @handoff: from sv_handoff_begin(); may be used again and again
 * @offset: where to write: one that sv_handoff_check() allowed, or -1
 * @start: first byte of the window as in struct splicevec_push; -1 if the bytes
 *	are consumed, and then vec->consume is held by the caller
 * @len: bytes at the most
 *
 * Return: bytes accepted, or a negative errno.
 */
ssize_t sv_handoff_bytes(struct sv_handoff *handoff, s64 offset, s64 start,
			 u64 len)
{
	int err;

	len = min_t(u64, len, MAX_RW_COUNT);
	err = transfer_begin(handoff, offset, len);
	if (err)
		return err;
	handoff->consume = !(handoff->flags & SPLICEVEC_KEEP);
	return transfer_end(handoff, push_windows(handoff, start, len));
}

/**
 * sv_handoff_spans - push a list of spans that is in no vector
 * @handoff: from sv_handoff_begin(); may be used again and again
 * @offset: where to write: one that sv_handoff_check() allowed, or -1
 * @spans: private; what the sink accepts leaves it
 *
 * Return: bytes accepted, or a negative errno.
 */
ssize_t sv_handoff_spans(struct sv_handoff *handoff, s64 offset,
			 struct sv_spans *spans)
{
	bool short_push;
	int err;

	err = transfer_begin(handoff, offset, spans->tail - spans->head);
	if (err)
		return err;
	handoff->consume = false;
	return transfer_end(handoff,
			    push_window(handoff, spans, 0, &short_push));
}

/**
 * sv_handoff_consume - push bytes that leave the vector
 * @handoff: from sv_handoff_begin()
 * @offset: where to write: one that sv_handoff_check() allowed, or -1
 * @len: bytes at the most
 *
 * Return: bytes accepted, or a negative errno; -EAGAIN with NONBLOCK, or under a
 * pipe's lock, if another operation consumes.
 */
ssize_t sv_handoff_consume(struct sv_handoff *handoff, s64 offset, u64 len)
{
	bool nonblock = (handoff->flags & SPLICEVEC_NONBLOCK) ||
			handoff->sink == &sv_sink_locked_pipe;
	ssize_t ret = sv_vector_lock_consume(handoff->vec, nonblock);

	if (ret)
		return ret;
	ret = sv_handoff_bytes(handoff, offset, -1, len);
	sv_vector_unlock_consume(handoff->vec);
	return ret;
}

static long push_command(struct sv_handoff *handoff,
			 struct splicevec_push *args, u64 len)
{
	ssize_t ret = sv_handoff_check(handoff, args->offset);

	if (ret)
		goto out;
	if (args->flags & SPLICEVEC_KEEP)
		ret = sv_handoff_bytes(handoff, args->offset, args->start, len);
	else
		ret = sv_handoff_consume(handoff, args->offset, len);
	if (ret >= 0) {
		args->bytes = ret;
		args->copied = handoff->copied;
		args->result = handoff->result;
		ret = 0;
	}
out:
	sv_handoff_end(handoff);
	return ret;
}

static long push_memory(struct sv_vector *vec, struct splicevec_push *args)
{
	struct sv_handoff handoff = { .vec = vec, .flags = args->flags };
	struct sv_memory memory;
	long ret;

	ret = sv_memory_import(&memory, ITER_DEST, args->addr, args->iovs,
			       args->len);
	if (ret)
		return ret;
	ret = sv_handoff_begin_mem(&handoff, &memory.iter);
	if (!ret)
		ret = push_command(&handoff, args, iov_iter_count(&memory.iter));
	sv_memory_free(&memory);
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
	struct sv_handoff handoff = { .vec = vec, .flags = args->flags };
	int err;

	if (args->fd == SPLICEVEC_FD_MEM)
		return push_memory(vec, args);
	err = sv_handoff_begin(&handoff, args->fd);
	return err ?: push_command(&handoff, args, args->len);
}

static u64 kernel_features(void)
{
	u64 features = SPLICEVEC_FEAT_SPLICE_PAGES |
		       SPLICEVEC_FEAT_TRACKED_SOCK | SPLICEVEC_FEAT_TRACKED_PIPE;

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
	struct sv_handoff handoff = { .vec = vec };
	struct iov_iter nowhere = {};
	struct sv_route route;
	int kind, err;

	args->features = kernel_features();
	if (args->fd == -1)
		return 0;
	if (args->fd == SPLICEVEC_FD_MEM)
		err = sv_handoff_begin_mem(&handoff, &nowhere);
	else
		err = sv_handoff_begin(&handoff, args->fd);
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
