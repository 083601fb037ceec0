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

/*
 * Push what the vector holds now. A sink that took less is asked again, so that
 * it says why.
 *
 * Return: 0: all of it, or a negative errno.
 */
static int splice_push(struct sv_handoff *handoff,
		       struct splicevec_splice *args, u64 held)
{
	ssize_t ret;

	do {
		ret = sv_handoff_bytes(handoff, args->out_offset, -1, held);
		if (ret < 0)
			return ret;
		if (!ret && held)
			return -EIO;
		args->pushed += ret;
		args->out_offset = sv_position_next(&handoff->position);
		held -= ret;
		if (signal_pending(current))
			return -EINTR;
	} while (held);
	return 0;
}

/*
 * Pull a chunk. A stream is waited for only before its first bytes.
 *
 * Return: bytes, or a negative errno.
 */
static ssize_t splice_pull(struct sv_pull *pull, struct splicevec_splice *args)
{
	u64 len = min_t(u64, args->len - args->pulled, SV_SPLICE_CHUNK);
	ssize_t ret;

	ret = sv_pull_bytes(pull, args->in_offset, len);
	if (ret < 0)
		return ret;
	args->pulled += ret;
	args->in_offset = sv_position_next(&pull->position);
	args->result |= pull->result & SPLICEVEC_RECORD;
	if (!ret && !(pull->result & SPLICEVEC_RECORD))
		args->result |= SPLICEVEC_EOF;
	return ret;
}

/* One round. Return: 1 to go on, 0 at the end, or a negative errno. */
static int splice_round(struct sv_pull *pull, struct sv_handoff *handoff,
			struct splicevec_splice *args)
{
	ssize_t ret = splice_pull(pull, args);

	if (ret == -EAGAIN)
		args->result |= SPLICEVEC_IN_AGAIN;
	if (ret < 0 || (args->result & SPLICEVEC_EOF))
		return ret;
	/* an empty record is passed on to those who know such */
	if (!ret && !handoff->sink->record)
		return 0;
	handoff->behind = sv_pull_behind(pull, args->len - args->pulled);
	ret = splice_push(handoff, args, ret);
	if (ret == -EAGAIN)
		args->result |= SPLICEVEC_OUT_AGAIN;
	if (ret)
		return ret;
	return args->pulled < args->len && !(args->result & SPLICEVEC_RECORD);
}

static int splice_loop(struct sv_pull *pull, struct sv_handoff *handoff,
		       struct splicevec_splice *args)
{
	u64 held = sv_vector_held(handoff->vec);
	int ret = 0;

	if (held) {
		handoff->behind = sv_pull_behind(pull, args->len);
		ret = splice_push(handoff, args, held);
	}
	if (ret == -EAGAIN)
		args->result |= SPLICEVEC_OUT_AGAIN;
	if (ret || !args->len)
		return ret;
	do {
		ret = splice_round(pull, handoff, args);
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
