// SPDX-License-Identifier: GPL-2.0-only
/*
 * SPLICE: push what the vector holds, then pull and push.
 */
#include "splice.h"

#include "interrupted.h"
#include "pull.h"
#include "push.h"
#include "vector.h"

/* Bytes pulled before they are pushed on: what one loan of single pages holds. */
#define SV_SPLICE_CHUNK	SZ_1M

/* Is more of a file to follow? Of other sources that is not known. */
static void expect_more(struct sv_handoff *handoff, const struct sv_pull *pull,
			const struct splicevec_splice *args)
{
	handoff->flags &= ~SPLICEVEC_MORE;
	if (args->pulled < args->len && !handoff->sink->record &&
	    sv_pull_behind(pull, args->in_offset, args->len - args->pulled))
		handoff->flags |= SPLICEVEC_MORE;
}

/*
 * Push @left bytes: of @batch, or with NULL of the vector. A sink that took less
 * is asked again, so that it says why.
 *
 * Return: 0: all of it, or a negative errno.
 */
static int push_all(struct sv_handoff *handoff, struct splicevec_splice *args,
		    struct sv_spans *batch, u64 left)
{
	ssize_t ret;

	do {
		if (batch)
			ret = sv_handoff_spans(handoff, args->out_offset, batch);
		else
			ret = sv_handoff_bytes(handoff, args->out_offset, -1,
					       left);
		if (ret == -EAGAIN)
			args->result |= SPLICEVEC_OUT_AGAIN;
		if (ret < 0)
			return ret;
		if (left && !ret)
			return -EIO;
		args->pushed += ret;
		args->out_offset = sv_position_next(&handoff->position);
		left -= ret;
		if (sv_interrupted())
			return -EINTR;
	} while (left);
	return 0;
}

/*
 * Pull a chunk; what comes a record a step comes whole. A stream is waited for only
 * before its first bytes.
 *
 * Return: bytes, or a negative errno.
 */
static ssize_t splice_pull(struct sv_pull *pull, struct splicevec_splice *args)
{
	u64 len = args->len - args->pulled;
	ssize_t ret;

	if (!sv_pull_single(pull))
		len = min_t(u64, len, SV_SPLICE_CHUNK);
	ret = sv_pull_gather(pull, args->in_offset, len);
	if (ret == -EAGAIN)
		args->result |= SPLICEVEC_IN_AGAIN;
	if (ret < 0)
		return ret;
	args->pulled += ret;
	args->in_offset = sv_position_next(&pull->position);
	args->result |= pull->result & SPLICEVEC_RECORD;
	if (!ret && !(pull->result & SPLICEVEC_RECORD))
		args->result |= SPLICEVEC_EOF;
	return ret;
}

/*
 * One round: what is pulled goes straight on, and into the vector only if it has
 * to stay.
 *
 * Return: 1 to go on, 0 at the end, or a negative errno.
 */
static int splice_round(struct sv_pull *pull, struct sv_handoff *handoff,
			struct splicevec_splice *args)
{
	ssize_t ret = splice_pull(pull, args);
	bool more = args->pulled < args->len && !(args->result & SPLICEVEC_RECORD);
	/* passed on to those who know such */
	bool empty_record = !ret && handoff->sink->record &&
			    (args->result & SPLICEVEC_RECORD);

	if (ret > 0 || empty_record) {
		expect_more(handoff, pull, args);
		ret = push_all(handoff, args, &pull->batch, ret) ?: more;
	}
	/* no vector keeps it, so it is the caller's to push; and to meet the error */
	if (ret < 0 && empty_record)
		args->result |= SPLICEVEC_OUT_AGAIN;
	sv_pull_publish(pull);
	return ret;
}

static int splice_loop(struct sv_pull *pull, struct sv_handoff *handoff,
		       struct splicevec_splice *args)
{
	u64 held = sv_vector_held(handoff->vec);
	int ret = 0;

	if (held) {
		expect_more(handoff, pull, args);
		ret = push_all(handoff, args, NULL, held);
	}
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
	struct sv_handoff handoff = { .vec = vec, .flags = args->flags };
	struct sv_pull pull = { .vec = vec, .flags = args->flags };
	int err;

	err = sv_pull_begin(&pull, args->in);
	if (err)
		return err;
	err = sv_handoff_begin(&handoff, args->out);
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
	/* an empty record has been pulled too */
	if (args->pulled || args->pushed || (args->result & SPLICEVEC_RECORD))
		err = 0;
out_handoff:
	sv_handoff_end(&handoff);
out_pull:
	sv_pull_end(&pull);
	return err;
}
