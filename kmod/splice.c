// SPDX-License-Identifier: GPL-2.0-only
/*
 * SPLICE: push what the vector holds, then pull and push.
 */
#include "splice.h"

#include <linux/sched/signal.h>

#include "pull.h"
#include "push.h"
#include "vector.h"

/* Bytes pulled before they are pushed on: what one loan of single pages holds. */
#define SV_SPLICE_CHUNK	SZ_1M

/* Where the next transfer of one side begins, after @moved bytes. */
static s64 offset_after(s64 offset, u64 moved)
{
	return offset < 0 ? offset : offset + moved;
}

/*
 * Push until the vector is empty. A sink that took less is asked again, so that
 * it says why.
 */
static int splice_push(struct sv_handoff *handoff,
		       struct splicevec_splice *args)
{
	ssize_t ret;

	do {
		s64 offset = offset_after(args->out_offset, args->pushed);

		ret = sv_handoff_bytes(handoff, offset, -1, U64_MAX);
		if (ret > 0)
			args->pushed += ret;
	} while (ret > 0 && READ_ONCE(handoff->vec->spans.nr));
	return min_t(ssize_t, ret, 0);
}

/*
 * Pull a chunk. A stream is waited for only before its first bytes.
 *
 * Return: 1, 0 when there is no more to pull in this call, or a negative errno.
 */
static int splice_pull(struct sv_pull *pull, struct splicevec_splice *args)
{
	s64 offset = offset_after(args->in_offset, args->pulled);
	u64 len = min_t(u64, args->len - args->pulled, SV_SPLICE_CHUNK);
	ssize_t ret;

	if (!len)
		return 0;
	ret = sv_pull_bytes(pull, offset, len);
	if (ret == 0)
		args->result |= SPLICEVEC_EOF;
	if (ret <= 0)
		return ret;
	args->pulled += ret;
	return 1;
}

static int splice_loop(struct sv_pull *pull, struct sv_handoff *handoff,
		       struct splicevec_splice *args)
{
	int ret;

	do {
		ret = splice_push(handoff, args);
		if (ret == -EAGAIN)
			args->result |= SPLICEVEC_OUT_AGAIN;
		if (ret)
			return ret;
		if (signal_pending(current))
			return -EINTR;
		ret = splice_pull(pull, args);
		if (ret == -EAGAIN)
			args->result |= SPLICEVEC_IN_AGAIN;
	} while (ret > 0);
	return ret;
}

/**
 * sv_splice - the SPLICE command
 * @vec: vector, held by the caller and open for reading and writing
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_splice(struct sv_vector *vec, struct splicevec_splice *args)
{
	struct sv_handoff handoff;
	struct sv_pull pull;
	int err;

	err = sv_pull_begin(&pull, vec, args->in, args->flags);
	if (err)
		return err;
	err = sv_handoff_begin(&handoff, vec, args->out, args->flags);
	if (err)
		goto out_pull;
	/* what is wrong with one side shows before anything moves on the other */
	err = sv_pull_check(&pull, args->in_offset) ?:
	      sv_handoff_check(&handoff, args->out_offset) ?:
	      sv_vector_lock_consume(vec, args->flags & SPLICEVEC_NONBLOCK);
	if (err)
		goto out_handoff;
	args->len = min_t(u64, args->len, MAX_RW_COUNT);
	err = splice_loop(&pull, &handoff, args);
	sv_vector_unlock_consume(vec);
	args->copied = handoff.copied;
	args->result |= handoff.result;
	if (args->pulled || args->pushed)
		err = 0;
out_handoff:
	sv_handoff_end(&handoff);
out_pull:
	sv_pull_end(&pull);
	return err;
}
