// SPDX-License-Identifier: GPL-2.0-only
/*
 * PULL: the table of sources, and the loop around their steps.
 *
 * A source adds loans to a private batch; the vector sees the batch as a whole
 * when it is published. Room in the vector is reserved before a source gives
 * anything away, so publishing cannot fail.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fsnotify.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "account.h"
#include "completion.h"
#include "interrupted.h"
#include "loan.h"
#include "memory.h"
#include "pipebuf.h"
#include "stable.h"
#include "vector.h"

/* The first match serves; what is asked for most comes first. */
static const struct sv_source *const sources[] = {
	&sv_source_cache,
	&sv_source_direct,
	&sv_source_splice,
	&sv_source_sock,
	&sv_source_record,
	&sv_source_recv,
	&sv_source_vec,
	&sv_source_pipe,
	&sv_source_read,
	&sv_source_device,
	&sv_source_mem,
};

static const struct sv_source *source_of(const struct sv_pull *pull)
{
	u32 way = pull->flags & (SPLICEVEC_UNCACHED | SPLICEVEC_LAZY);
	u16 type = sv_type_of(pull->file);
	int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct sv_source *source = sources[i];

		if ((source->types & type) && !(way & ~source->ways) &&
		    (!source->match || source->match(pull)))
			return source;
	}
	return NULL;
}

/**
 * sv_pull_nonblock - may this step not wait?
 * @pull: a pull at work
 *
 * Return: true if so.
 */
bool sv_pull_nonblock(const struct sv_pull *pull)
{
	return (pull->flags & SPLICEVEC_NONBLOCK) || pull->again ||
	       (pull->file && (pull->file->f_flags & O_NONBLOCK));
}

/**
 * sv_pull_would_wait - would a file wait where that is out of the question?
 * @pull: a pull at work, from a file
 *
 * Few files look at more than their own O_NONBLOCK. So of those that have not got
 * that, poll tells.
 *
 * Return: true if so.
 */
bool sv_pull_would_wait(const struct sv_pull *pull)
{
	struct file *file = pull->file;

	return sv_pull_nonblock(pull) && !(file->f_flags & O_NONBLOCK) &&
	       file_can_poll(file) &&
	       !(vfs_poll(file, NULL) & (EPOLLIN | EPOLLHUP | EPOLLERR));
}

static inline ssize_t ask_source(struct sv_pull *pull, size_t len)
{
	const struct sv_source *source = pull->source;
	ssize_t ret = source->pull(pull, len);

	if (ret != -ENOTBLK || !source->otherwise)
		return ret;
	if (pull->nowait && source->otherwise->waits)
		return -SV_EWAIT;
	return source->otherwise->pull(pull, len);
}

/* Put copies of what was lent into the batch. The copy is filled in full. */
static ssize_t add_copy(struct sv_pull *pull, struct sv_loan *copy,
			struct sv_spans *lent)
{
	struct sv_span room = sv_span_whole(copy);
	struct iov_iter from;
	u32 i;

	for (i = 0; i < lent->nr; i++) {
		sv_span_iter(sv_spans_at(lent, i), ITER_SOURCE, &from);
		sv_owned_fill(&room, &from);
	}
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_owned(pull, copy, 0, copy->len - room.len);
}

/* The memory for the copies comes first: a stream gives its bytes only once. */
static ssize_t take_copied(struct sv_pull *pull, size_t len)
{
	struct sv_loan *copy = sv_pull_begin_owned(pull, len);
	struct sv_spans lent = {};
	ssize_t ret;

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	swap(pull->batch, lent);
	ret = ask_source(pull, min(len, copy->len));
	swap(pull->batch, lent);
	if (ret > 0)
		ret = add_copy(pull, copy, &lent);
	else
		sv_loan_put(copy);
	sv_spans_free(&lent);
	return ret;
}

static ssize_t take(struct sv_pull *pull, size_t len)
{
	if ((pull->flags & SPLICEVEC_COPY) && !pull->source->copies)
		return take_copied(pull, len);
	return ask_source(pull, len);
}

/*
 * Poll may not know that a receive wants more than there is, as TLS on 6.1 all of a
 * record: then nobody tells when to try again.
 */
static void back_off(struct sv_pull *pull)
{
	schedule_timeout_interruptible(1);
	if (pull->timeout != MAX_SCHEDULE_TIMEOUT)
		pull->timeout--;
}

/* Whoever waits holds no memory and no charge for what has not come yet. */
static ssize_t pull_step(struct sv_pull *pull, size_t len)
{
	const struct sv_source *source = pull->source;
	bool again = false;
	ssize_t ret;

	if (!source->wait)
		return take(pull, len);
	for (;;) {
		ret = source->wait(pull);
		if (ret > 0)
			ret = take(pull, len);
		if (ret != -EAGAIN || sv_pull_nonblock(pull) || !pull->timeout)
			return ret;
		if (signal_pending(current))
			return -EINTR;
		/* at first: somebody else was faster */
		if (again)
			back_off(pull);
		again = true;
	}
}

static ssize_t pull_loop(struct sv_pull *pull, size_t len)
{
	size_t done = 0;
	ssize_t ret = 0;

	while (len) {
		ret = pull_step(pull, len - done);
		if (ret <= 0)
			break;
		done += ret;
		pull->again = true;
		if (done == len || sv_pull_single(pull) || sv_interrupted())
			break;
		cond_resched();
	}
	return ret == -SV_EWAIT ? ret : done ?: ret;
}

/* As if nothing had been asked for: all of it is pulled where waiting is allowed. */
static void forget_batch(struct sv_pull *pull, loff_t pos)
{
	sv_spans_free(&pull->batch);
	pull->position.pos = pos;
	pull->result = 0;
}

/* Common end of all beginnings: the source, be it a file or not, is in place. */
static inline int begin(struct sv_pull *pull)
{
	int err;

	pull->timeout = MAX_SCHEDULE_TIMEOUT;
	pull->account = sv_account_borrow(pull->vec->account);
	pull->source = source_of(pull);
	err = !pull->account ? -ENOMEM : !pull->source ? -EOPNOTSUPP : 0;
	if (err)
		sv_pull_end(pull);
	return err;
}

/**
 * sv_pull_begin - begin to pull from a file
 * @pull: new, with @vec, held by the caller, and @flags; sv_pull_end() follows on
 *	success
 * @fd: source
 *
 * Return: 0, -EBADF, -EOPNOTSUPP or -ENOMEM.
 */
int sv_pull_begin(struct sv_pull *pull, int fd)
{
	pull->fd = fdget(fd);
	pull->file = fd_file(pull->fd);
	if (!pull->file)
		return -EBADF;
	if (!(pull->file->f_mode & FMODE_READ)) {
		fdput(pull->fd);
		return -EBADF;
	}
	pull->pipe = sv_pipe_of(pull->file);
	return begin(pull);
}

/**
 * sv_pull_begin_pipe - begin to pull from a pipe that may have no file
 * @pull: as for sv_pull_begin(); @flags: SPLICEVEC_NONBLOCK or 0
 * @pipe: source, held by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int sv_pull_begin_pipe(struct sv_pull *pull, struct pipe_inode_info *pipe)
{
	pull->pipe = pipe;
	return begin(pull);
}

/**
 * sv_pull_begin_mem - begin to pull from memory
 * @pull: as for sv_pull_begin(); @flags: SPLICEVEC_COPY or 0
 * @from: source, moved on by what is pulled; the caller's own, unless COPY
 *
 * Return: 0 or -ENOMEM.
 */
int sv_pull_begin_mem(struct sv_pull *pull, struct iov_iter *from)
{
	pull->memory = from;
	return begin(pull);
}

/**
 * sv_pull_end - let go of what sv_pull_begin() took
 * @pull: from it
 */
void sv_pull_end(struct sv_pull *pull)
{
	sv_account_return(pull->account, pull->vec->account);
	fdput(pull->fd);
}

/**
 * sv_pull_behind - how many bytes will the source give at once?
 * @pull: from sv_pull_begin()
 * @offset: where the next pull begins
 * @len: bytes that are wanted
 *
 * Return: bytes that follow in a file as it is now; of other sources that is not
 * known: 0.
 */
u64 sv_pull_behind(const struct sv_pull *pull, s64 offset, u64 len)
{
	const struct file *file = pull->file;
	loff_t size;

	if (!file || !S_ISREG(file_inode(file)->i_mode))
		return 0;
	if (offset < 0)
		offset = READ_ONCE(file->f_pos);
	size = i_size_read(file_inode(file));
	return offset < size ? min_t(u64, len, size - offset) : 0;
}

/**
 * sv_pull_gather - pull into the batch
 * @pull: from sv_pull_begin(); may be used again and again
 * @offset: where to begin: one that sv_pull_check() allowed, or -1
 * @len: bytes at the most
 *
 * sv_pull_publish() follows, whatever this returns.
 *
 * Return: bytes pulled, 0 at the end of the source, or a negative errno.
 */
ssize_t sv_pull_gather(struct sv_pull *pull, s64 offset, u64 len)
{
	enum sv_positioning positioning = pull->source->positioning;
	ssize_t ret;
	loff_t pos;

	len = min_t(u64, len, MAX_RW_COUNT);
	ret = sv_position_begin(&pull->position, pull->file, positioning, offset,
				pull->flags & SPLICEVEC_NONBLOCK);
	if (ret)
		return ret;
	pos = pull->position.pos;
	ret = sv_position_permit(&pull->position, READ, pull->file, positioning,
				 len);
	if (!ret)
		ret = pull_loop(pull, len);
	if (ret == -SV_EWAIT)
		forget_batch(pull, pos);
	sv_position_end(&pull->position);
	if (ret > 0 && pull->file)
		fsnotify_access(pull->file);
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * sv_pull_publish - show the vector what the batch holds
 * @pull: a pull at work; its batch is empty afterwards
 */
void sv_pull_publish(struct sv_pull *pull)
{
	sv_vector_publish(pull->vec, &pull->batch, pull->reserved);
	pull->reserved = 0;
	sv_spans_free(&pull->batch);
}

/**
 * sv_pull_bytes - pull and publish
 * @pull: from sv_pull_begin(); may be used again and again
 * @offset: where to begin: one that sv_pull_check() allowed, or -1
 * @len: bytes at the most
 *
 * Return: bytes pulled, 0 at the end of the source, or a negative errno.
 */
ssize_t sv_pull_bytes(struct sv_pull *pull, s64 offset, u64 len)
{
	ssize_t ret = sv_pull_gather(pull, offset, len);

	sv_pull_publish(pull);
	return ret;
}

/* The record is there before anything is pulled, or the pull fails. */
static ssize_t pull_notify(struct sv_pull *pull,
			   const struct splicevec_pull *args, u64 len)
{
	struct sv_completion *completion;
	ssize_t ret;

	if (pull->source->shares && !(pull->flags & SPLICEVEC_COPY))
		return -EOPNOTSUPP;
	completion = sv_completion_reserve(pull->vec->completions, pull->account,
					   SPLICEVEC_COMPLETION_NOTIFY,
					   args->user_data);
	if (IS_ERR(completion))
		return PTR_ERR(completion);
	pull->completion = completion;
	ret = sv_pull_bytes(pull, args->offset, len);
	if (ret < 0)
		sv_completion_forget(completion);
	else
		sv_completion_tell(completion, ret);
	return ret;
}

static long pull_command(struct sv_pull *pull, struct splicevec_pull *args,
			 u64 len)
{
	ssize_t ret = sv_pull_check(pull, args->offset);

	if (!ret && pull->nowait && pull->source->waits)
		ret = -SV_EWAIT;
	if (!ret && (args->flags & SPLICEVEC_NOTIFY))
		ret = pull_notify(pull, args, len);
	else if (!ret)
		ret = sv_pull_bytes(pull, args->offset, len);
	if (ret >= 0) {
		args->bytes = ret;
		args->result = pull->result;
		ret = 0;
	}
	sv_pull_end(pull);
	return ret;
}

static long pull_memory(struct sv_pull *pull, struct splicevec_pull *args)
{
	struct sv_memory memory;
	long ret;

	ret = sv_memory_import(&memory, ITER_SOURCE, args->addr, args->iovs,
			       args->len);
	if (ret)
		return ret;
	ret = sv_pull_begin_mem(pull, &memory.iter);
	if (!ret)
		ret = pull_command(pull, args, iov_iter_count(&memory.iter));
	sv_memory_free(&memory);
	return ret;
}

/**
 * sv_pull - the PULL command
 * @vec: vector, held by the caller and open for writing
 * @args: checked; results are set
 * @nowait: whoever calls must not wait for anything
 *
 * Return: 0 or a negative errno; -SV_EWAIT with @nowait: nothing was pulled, and
 * whether it would have to be waited for cannot be known.
 */
long sv_pull(struct sv_vector *vec, struct splicevec_pull *args, bool nowait)
{
	struct sv_pull pull = {
		.vec = vec,
		.flags = args->flags | (nowait ? SPLICEVEC_NONBLOCK : 0),
		.nowait = nowait,
	};
	int err;

	if (args->fd == SPLICEVEC_FD_MEM)
		return pull_memory(&pull, args);
	err = sv_pull_begin(&pull, args->fd);
	return err ?: pull_command(&pull, args, args->len);
}
