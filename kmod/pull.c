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
#include <linux/sched/signal.h>

#include "account.h"
#include "loan.h"
#include "ring.h"
#include "stable.h"
#include "vector.h"

/* Pages a vector may still hold when its user is above the soft limit. */
#define SV_SOFT_PAGES	16

/* The first match serves the file. */
static const struct sv_source *const sources[] = {
	&sv_source_vec,
	&sv_source_pipe,
	&sv_source_sock,
	&sv_source_cache,
	&sv_source_splice,
};

static const struct sv_source *source_of(struct file *file)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i]->match(file))
			return sources[i];
	return NULL;
}

/**
 * sv_pull_nonblock - may this step not wait?
 * @pull: a pull at work on a file
 */
bool sv_pull_nonblock(const struct sv_pull *pull)
{
	return pull->nonblock || pull->again ||
	       (pull->file->f_flags & O_NONBLOCK);
}

/**
 * sv_pull_room - make sure that spans have a place
 * @pull: a pull at work
 * @spans: how many may be added to the batch; room that was made before and is
 *	not used yet counts
 *
 * Context: may sleep.
 * Return: 0, -ENOBUFS or -ENOMEM.
 */
int sv_pull_room(struct sv_pull *pull, u32 spans)
{
	u32 need = pull->batch.nr + spans;
	int err = sv_spans_reserve(&pull->batch, spans);

	if (err || need <= pull->reserved)
		return err;
	err = sv_vector_reserve(pull->vec, need - pull->reserved);
	if (!err)
		pull->reserved = need;
	return err;
}

/* Cut a loan to size for a user above the soft limit. */
static int apply_soft_limit(struct sv_pull *pull, size_t *runs)
{
	if (!sv_account_over_soft(pull->account))
		return 0;
	if (READ_ONCE(pull->vec->spans.pages) + pull->batch.pages >= SV_SOFT_PAGES)
		return -EDQUOT;
	*runs = min_t(size_t, *runs, SV_SOFT_PAGES);
	return 0;
}

/**
 * sv_pull_begin_loan - begin a loan that has its place in the vector
 * @pull: a pull at work
 * @kind: kind of pages
 * @runs: runs wanted; the loan's @cap says how many it got
 *
 * Context: may sleep.
 * Return: the loan, -ENOBUFS, -EDQUOT or -ENOMEM.
 */
struct sv_loan *sv_pull_begin_loan(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t runs)
{
	int err;

	runs = min_t(size_t, runs, SV_LOAN_RUNS);
	if (kind != SPLICEVEC_PINNED) {
		err = apply_soft_limit(pull, &runs);
		if (err)
			return ERR_PTR(err);
	}
	err = sv_pull_room(pull, 1);
	if (err)
		return ERR_PTR(err);
	return sv_loan_alloc(pull->account, kind, runs);
}

/**
 * sv_pull_end_loan - add a finished loan to the batch
 * @pull: a pull at work
 * @loan: from sv_pull_begin_loan(), complete; one reference is consumed
 * @no_way_back: its pages cannot be put back into their source
 *
 * Return: bytes added, or -EDQUOT.
 */
ssize_t sv_pull_end_loan(struct sv_pull *pull, struct sv_loan *loan,
			 bool no_way_back)
{
	struct sv_span span;
	int err = sv_loan_settle(loan, no_way_back);

	if (err || !loan->nr) {
		sv_loan_put(loan);
		return err;
	}
	span = sv_span_whole(loan);
	sv_spans_append(&pull->batch, &span);
	return span.len;
}

/**
 * sv_pull_begin_ring - begin a loan that is made of pipe buffers
 * @pull: a pull at work
 * @kind: kind of pages
 * @bufs: buffers wanted; the loan's @cap says how many it gets
 *
 * Context: may sleep.
 * Return: an empty ring, -ENOBUFS, -EDQUOT or -ENOMEM.
 */
struct sv_ring *sv_pull_begin_ring(struct sv_pull *pull,
				   enum splicevec_kind kind, size_t bufs)
{
	struct sv_loan *loan = sv_pull_begin_loan(pull, kind, bufs);
	struct sv_ring *ring;

	if (IS_ERR(loan))
		return ERR_CAST(loan);
	ring = sv_ring_alloc(loan);
	if (ring)
		return ring;
	sv_loan_put(loan);
	return ERR_PTR(-ENOMEM);
}

/**
 * sv_pull_end_ring - make a loan of a ring's buffers and add it to the batch
 * @pull: a pull at work
 * @ring: from sv_pull_begin_ring(), filled and confirmed, or empty; consumed
 * @no_way_back: the buffers cannot be put back into their source
 *
 * Return: bytes added, or -EDQUOT.
 */
ssize_t sv_pull_end_ring(struct sv_pull *pull, struct sv_ring *ring,
			 bool no_way_back)
{
	return sv_pull_end_loan(pull, sv_ring_into_loan(ring), no_way_back);
}

static ssize_t ask_source(struct sv_pull *pull, size_t len)
{
	const struct sv_source *source = pull->source;
	ssize_t ret = source->pull(pull, len);

	if (ret == -ENOTBLK && source->otherwise)
		ret = source->otherwise->pull(pull, len);
	return ret;
}

/* Put copies of what was lent into the batch. The copy is filled in full. */
static ssize_t add_copy(struct sv_pull *pull, struct sv_loan *copy,
			struct sv_spans *lent)
{
	struct sv_span room = sv_span_whole(copy);
	struct iov_iter from;
	u32 i;

	for (i = 0; i < lent->nr; i++) {
		sv_span_iter(sv_spans_at(lent, i), &from);
		sv_owned_fill(&room, &from);
	}
	sv_owned_trim(copy, sv_loan_len(copy) - room.len);
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_loan(pull, copy, true);
}

/* The memory for the copies comes first: a stream gives its bytes only once. */
static ssize_t pull_step_copied(struct sv_pull *pull, size_t len)
{
	struct sv_spans lent = {};
	struct sv_loan *copy;
	ssize_t ret;

	ret = sv_pull_room(pull, 1);
	if (ret)
		return ret;
	copy = sv_owned_alloc(pull->account, len);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	swap(pull->batch, lent);
	ret = ask_source(pull, min(len, sv_loan_len(copy)));
	swap(pull->batch, lent);
	if (ret > 0)
		ret = add_copy(pull, copy, &lent);
	else
		sv_loan_put(copy);
	sv_spans_free(&lent);
	return ret;
}

static ssize_t pull_step(struct sv_pull *pull, size_t len)
{
	/* memory is copied straight from the caller, without a pin */
	if (pull->copy && pull->source != &sv_source_mem)
		return pull_step_copied(pull, len);
	return ask_source(pull, len);
}

static ssize_t pull_loop(struct sv_pull *pull, size_t len)
{
	size_t done = 0;
	ssize_t ret = 0;

	while (done < len) {
		ret = pull_step(pull, len - done);
		if (ret <= 0)
			break;
		done += ret;
		pull->again = true;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done ?: ret;
}

/**
 * sv_pull_begin - look a source up
 * @pull: result; sv_pull_end() follows on success
 * @vec: vector, held by the caller
 * @fd: source fd or SPLICEVEC_FD_MEM
 * @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_COPY
 *
 * Return: 0, -EBADF, -EOPNOTSUPP or -ENOMEM.
 */
int sv_pull_begin(struct sv_pull *pull, struct sv_vector *vec, int fd,
		  u32 flags)
{
	*pull = (struct sv_pull) {
		.vec = vec,
		.source = &sv_source_mem,
		.copy = flags & SPLICEVEC_COPY,
		.nonblock = flags & SPLICEVEC_NONBLOCK,
	};
	if (fd != SPLICEVEC_FD_MEM) {
		pull->file = fget(fd);
		if (!pull->file)
			return -EBADF;
		pull->source = source_of(pull->file);
	}
	pull->account = sv_account_find(vec->account);
	if (!pull->account || !pull->source ||
	    (pull->file && !(pull->file->f_mode & FMODE_READ))) {
		int err = !pull->account ? -ENOMEM :
			  pull->source && pull->file ? -EBADF : -EOPNOTSUPP;

		sv_pull_end(pull);
		return err;
	}
	return 0;
}

/**
 * sv_pull_end - let go of what sv_pull_begin() took
 * @pull: its result
 */
void sv_pull_end(struct sv_pull *pull)
{
	if (pull->account)
		sv_account_put(pull->account);
	if (pull->file)
		fput(pull->file);
}

/**
 * sv_pull_check - may a pull begin at this offset?
 * @pull: from sv_pull_begin()
 * @offset: as in struct splicevec_pull
 *
 * Return: 0, -EINVAL or -ESPIPE.
 */
int sv_pull_check(const struct sv_pull *pull, s64 offset)
{
	return sv_position_check(pull->file, pull->source->positioning, offset);
}

/**
 * sv_pull_bytes - pull and publish
 * @pull: from sv_pull_begin(); may be used again and again
 * @offset: where to begin, as in struct splicevec_pull
 * @len: bytes at the most
 *
 * Return: bytes pulled, 0 at the end of the source, or a negative errno.
 */
ssize_t sv_pull_bytes(struct sv_pull *pull, s64 offset, u64 len)
{
	ssize_t ret;

	len = min_t(u64, len, MAX_RW_COUNT);
	ret = sv_stream_permission(READ, pull->file, pull->source->positioning,
				   len);
	if (ret)
		return ret;
	ret = sv_position_begin(&pull->position, pull->file,
				pull->source->positioning, offset,
				pull->nonblock);
	if (ret)
		return ret;
	ret = pull_loop(pull, len);
	sv_position_end(&pull->position);
	sv_vector_publish(pull->vec, &pull->batch, pull->reserved);
	pull->reserved = 0;
	sv_spans_free(&pull->batch);
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * sv_pull - the PULL command
 * @vec: vector, held by the caller and open for writing
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_pull(struct sv_vector *vec, struct splicevec_pull *args)
{
	struct sv_pull pull;
	ssize_t ret;

	ret = sv_pull_begin(&pull, vec, args->fd, args->flags);
	if (ret)
		return ret;
	pull.addr = args->addr;
	ret = sv_pull_bytes(&pull, args->offset, args->len);
	if (ret >= 0) {
		args->bytes = ret;
		args->result = pull.result;
		ret = 0;
	}
	sv_pull_end(&pull);
	return ret;
}
