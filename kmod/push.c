// SPDX-License-Identifier: GPL-2.0-only
/*
 * PUSH: the table of sinks, and the loop that hands spans over.
 *
 * The loop works on windows: references to spans that were there when the push
 * began. What the sink accepted is consumed from the vector as it goes, unless
 * KEEP.
 */
#include "push.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fsnotify.h>

#include "account.h"
#include "completion.h"
#include "interrupted.h"
#include "lazy.h"
#include "loan.h"
#include "memory.h"
#include "pin.h"
#include "pipebuf.h"
#include "vector.h"

/* Spans a window has at the most, so that nobody waits long for the lock. */
#define SV_WINDOW_SPANS	256

/* With both a push fails before anything is handed over if a part has to be copied. */
#define SV_WHOLLY	(SPLICEVEC_STABLE | SPLICEVEC_NOCOPY)

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
		ret = sv_handoff_piece(handoff, window, ready - done, &asked);
		if (ret <= 0)
			break;
		done += ret;
		accepted(handoff, window, ret);
		if (done == ready || ret < asked || sv_interrupted())
			break;
		cond_resched();
	}
	return done ?: ret;
}

/* Spans may move on before they are read; not copies of them, which are of bytes. */
static bool needs_bytes(const struct sv_handoff *handoff)
{
	if (handoff->sink->blind)
		return false;
	return handoff->sink->by != SPLICEVEC_ROUTE_MOVED ||
	       (handoff->flags & (SPLICEVEC_STRICT | SPLICEVEC_STABLE));
}

/*
 * Push what is ready of a window, after which @behind bytes follow.
 *
 * Return: bytes accepted, or a negative errno.
 */
static ssize_t push_window(struct sv_handoff *handoff, struct sv_spans *window,
			   u64 behind)
{
	const struct sv_sink *sink = handoff->sink;
	size_t len = window->tail - window->head;
	size_t ready = len;
	ssize_t ret = 0;

	if ((handoff->flags & SPLICEVEC_NOCOPY) &&
	    sv_handoff_must_copy(handoff, window, len))
		return -EOPNOTSUPP;
	if (window->lazy && needs_bytes(handoff))
		ret = sv_lazy_wait(window, sink->record,
				   sv_lazy_how(handoff->flags & SPLICEVEC_NONBLOCK,
					       handoff->nowait), &ready);
	if (ret)
		return ret;
	handoff->behind = behind + len - ready;
	ret = push_pieces(handoff, window, ready);
	handoff->taken = ret == ready;
	return ret;
}

/*
 * A record goes whole, KEEP works on what was there when it began, and whether all
 * of it goes uncopied has to be known at once.
 */
static u32 window_spans(const struct sv_handoff *handoff)
{
	return handoff->sink->record || (handoff->flags & SPLICEVEC_KEEP) ||
	       (handoff->flags & SV_WHOLLY) == SV_WHOLLY ?
	       U32_MAX : SV_WINDOW_SPANS;
}

/* Window by window, up to where the vector ended when the push began. */
static ssize_t push_windows(struct sv_handoff *handoff, s64 start, u64 len)
{
	bool empty_record = handoff->sink->record && !len;
	size_t done = 0;
	ssize_t ret;

	do {
		struct sv_spans window = {};

		ret = sv_vector_window(handoff->vec, &start, &len,
				       window_spans(handoff), &window);
		if (!ret && (window.nr || empty_record))
			ret = push_window(handoff, &window, len - window.tail);
		sv_spans_free(&window);
		if (ret <= 0)
			break;
		done += ret;
		start += ret;
		len -= ret;
	} while (len && handoff->taken && !sv_interrupted());
	handoff->next = start;
	handoff->left = len;
	return done ?: ret;
}

static inline int handoff_begin(struct sv_handoff *handoff)
{
	int err;

	handoff->account = sv_account_borrow(handoff->vec->account);
	handoff->flags |= sv_vector_policy(handoff->vec, handoff->flags);
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
	sv_pin_put(handoff->pin);
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
static inline int transfer_begin(struct sv_handoff *handoff, s64 offset, size_t len)
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

static inline ssize_t transfer_end(struct sv_handoff *handoff, ssize_t ret)
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
	int err;

	err = transfer_begin(handoff, offset, spans->tail - spans->head);
	if (err)
		return err;
	handoff->consume = false;
	return transfer_end(handoff, push_window(handoff, spans, 0));
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

static ssize_t push_bytes(struct sv_handoff *handoff,
			  const struct splicevec_push *args, u64 len)
{
	if (args->flags & SPLICEVEC_KEEP)
		return sv_handoff_bytes(handoff, args->offset, args->start, len);
	return sv_handoff_consume(handoff, args->offset, len);
}

/* The record is there before anything is handed over, or the push fails. */
static ssize_t push_strict(struct sv_handoff *handoff,
			   const struct splicevec_push *args, u64 len,
			   struct sv_recipient *recipient)
{
	struct sv_completion *completion;
	ssize_t ret;

	completion = sv_completion_reserve(handoff->vec->completions,
					   handoff->account,
					   SPLICEVEC_COMPLETION_PUSH,
					   args->user_data);
	if (IS_ERR(completion))
		return PTR_ERR(completion);
	completion->recipient = recipient;
	handoff->completion = completion;
	ret = push_bytes(handoff, args, len);
	/* called off, and then there was nothing to offer */
	if (ret <= 0)
		ret = sv_completion_begin(completion) ?: ret;
	if (ret < 0)
		sv_completion_forget(completion);
	else
		sv_completion_tell(completion, ret);
	return ret;
}

static long push_command(struct sv_handoff *handoff,
			 struct splicevec_push *args, u64 len,
			 struct sv_attempt *attempt)
{
	ssize_t ret = sv_handoff_check(handoff, args->offset);

	if (!ret && handoff->nowait && handoff->sink->waits)
		ret = -SV_EWAIT;
	if (ret)
		goto out;
	sv_handoff_allow_pins(handoff, args->flags);
	if (args->flags & SPLICEVEC_STRICT)
		ret = push_strict(handoff, args, len, attempt->recipient);
	else
		ret = push_bytes(handoff, args, len);
	if (ret >= 0) {
		args->bytes = ret;
		args->copied = handoff->copied;
		args->pinned = handoff->pinned;
		args->result = handoff->result;
		attempt->next = handoff->next;
		attempt->left = handoff->left;
		ret = 0;
	}
out:
	sv_handoff_end(handoff);
	return ret;
}

static long push_memory(struct sv_handoff *handoff, struct splicevec_push *args,
			struct sv_attempt *attempt)
{
	struct sv_memory memory;
	long ret;

	ret = sv_memory_import(&memory, ITER_DEST, args->addr, args->iovs,
			       args->len);
	if (ret)
		return ret;
	ret = sv_handoff_begin_mem(handoff, &memory.iter);
	if (!ret)
		ret = push_command(handoff, args, iov_iter_count(&memory.iter),
				   attempt);
	sv_memory_free(&memory);
	return ret;
}

/**
 * sv_push - the PUSH command
 * @vec: vector, held by the caller and open for reading
 * @args: checked; results are set
 * @attempt: how it is wanted; results are set
 *
 * Return: 0 or a negative errno; -SV_EWAIT with @attempt->nowait: nothing was
 * pushed, and whether it would have to be waited for cannot be known.
 */
long sv_push(struct sv_vector *vec, struct splicevec_push *args,
	     struct sv_attempt *attempt)
{
	struct sv_handoff handoff = {
		.vec = vec,
		.flags = args->flags | (attempt->nowait ? SPLICEVEC_NONBLOCK : 0),
		.nowait = attempt->nowait,
		.stable_ms = args->stable_ms,
	};
	int err;

	if (args->fd == SPLICEVEC_FD_MEM)
		return push_memory(&handoff, args, attempt);
	err = sv_handoff_begin(&handoff, args->fd);
	return err ?: push_command(&handoff, args, args->len, attempt);
}
