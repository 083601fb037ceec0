// SPDX-License-Identifier: GPL-2.0-only
/*
 * The next piece of a push: the sink is asked for the route; where it has to be a
 * copy, the copy is made here, counted, and refused under NOCOPY. Where the push is to
 * tell whether bytes have changed, they are summed up.
 */
#include "push.h"

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/sizes.h>

#include "completion.h"
#include "pin.h"
#include "send.h"
#include "stable.h"
#include "verify.h"

/* What a stream without room costs at the most: a copy of so much for nothing. */
#define SV_SIP_FIRST	((size_t)SZ_64K)

/* How the sink takes a copy: as any page of ours. */
static enum splicevec_route route_of_copy(const struct sv_handoff *handoff,
					  const struct sv_spans *copies)
{
	const struct sv_offer offer = {
		.span = sv_spans_at(copies, 0),
		.plain = true,
		.stable = true,
		.left = copies->tail,
	};

	return sv_handoff_ask(handoff, &offer).by;
}

/* Whatever the sink copies besides: the bytes count once, as the copies they are. */
static ssize_t push_copy(struct sv_handoff *handoff, struct sv_spans *copies)
{
	enum splicevec_route by = route_of_copy(handoff, copies);
	u64 copied = handoff->copied;
	u32 result = handoff->result;
	ssize_t ret;

	ret = handoff->sink->push(handoff, copies, copies->tail, by);
	handoff->copied = copied;
	handoff->result = result;
	return ret;
}

/* One copy, of as much as there is memory for. */
static int copy_some(struct sv_handoff *handoff, const struct sv_spans *window,
		     size_t len, struct sv_spans *copies)
{
	struct sv_loan *copy = sv_owned_copy(handoff->account, window, len);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	copy->counted = true;
	sv_spans_append_loan(copies, copy);
	/* the rest is still to follow */
	if (copy->len < len)
		handoff->more = true;
	return 0;
}

static ssize_t push_copied(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len)
{
	struct sv_spans copies = {};
	ssize_t ret;

	if (len > SV_COPY_MAX)
		ret = sv_owned_copies(handoff->account, window, len, &copies);
	else
		ret = copy_some(handoff, window, len, &copies);
	if (!ret)
		ret = push_copy(handoff, &copies);
	sv_spans_free(&copies);
	return ret;
}

/**
 * sv_handoff_copied - some bytes that the sink accepted were copied
 * @handoff: a push at work
 * @len: how many
 */
void sv_handoff_copied(struct sv_handoff *handoff, size_t len)
{
	handoff->copied += len;
	if (handoff->completion)
		sv_completion_add_copied(handoff->completion, len);
}

/**
 * sv_handoff_lend - have a socket take bytes the tracked way
 * @handoff: a push at work, to a socket
 * @msg: flags, and an iterator over the bytes
 * @window: they are at its front
 * @len: how many
 *
 * Context: may sleep.
 * Return: bytes accepted or a negative errno.
 */
ssize_t sv_handoff_lend(struct sv_handoff *handoff, struct msghdr *msg,
			const struct sv_spans *window, size_t len)
{
	struct sv_send send = {
		.sock = sock_from_file(handoff->file),
		.window = window,
		.len = len,
		.account = handoff->account,
		.completion = handoff->completion,
	};
	ssize_t ret = sv_send_tracked(&send, msg);

	if (ret > 0) {
		handoff->copied += send.copied;
		if (!send.settled)
			handoff->result |= SPLICEVEC_ESTIMATED;
	}
	return ret;
}

static ssize_t hand_over(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t len,
			 const struct sv_route *route)
{
	if (route->copy)
		return push_copied(handoff, window, len);
	return handoff->sink->push(handoff, window, len, route->by);
}

/* Of what nobody else can write, or the sink does not read, there is nothing to tell. */
static bool is_verified(const struct sv_handoff *handoff,
			const struct sv_spans *window, size_t len)
{
	return handoff->completion && (handoff->flags & SPLICEVEC_VERIFY) &&
	       !(handoff->flags & SPLICEVEC_STABLE) && !handoff->sink->blind &&
	       sv_spans_unstable(window, len);
}

/* Who was given a copy reads nothing of the bytes after that. */
static ssize_t hand_over_verified(struct sv_handoff *handoff,
				  const struct sv_spans *window, size_t len,
				  const struct sv_route *route)
{
	struct sv_verify *verify = sv_verify_begin(window, len);
	ssize_t ret;

	if (IS_ERR(verify))
		return PTR_ERR(verify);
	ret = hand_over(handoff, window, len, route);
	if (ret <= 0) {
		sv_verify_free(verify);
		return ret;
	}
	sv_verify_cut(verify, ret);
	if (route->by == SPLICEVEC_ROUTE_TRACKED) {
		sv_verify_later(verify, handoff->completion);
		return ret;
	}
	if (sv_verify_changed(verify))
		sv_completion_add_flags(handoff->completion, SPLICEVEC_CHANGED);
	sv_verify_free(verify);
	return ret;
}

/*
 * How much is copied, or summed up, before the sink has said what it takes of it: of a stream that
 * may take little, not much more than it has taken so far.
 */
static size_t sip_most(const struct sv_handoff *handoff)
{
	if (handoff->sink->positioning == SV_POS_FILE)
		return handoff->sink->bite ?: SV_COPY_MAX;
	return handoff->sip ?: SV_SIP_FIRST;
}

static size_t piece_most(const struct sv_handoff *handoff,
			 const struct sv_route *route, bool verified)
{
	if (route->copy || (verified && !handoff->sink->record))
		return sip_most(handoff);
	return handoff->sink->bite ?: SIZE_MAX;
}

/*
 * Offer pages that are pinned. The sink does not wait for room with them: nobody shall
 * wait for those who wait.
 */
static ssize_t offer_pinned(struct sv_handoff *handoff,
			    const struct sv_spans *pinned, size_t left,
			    size_t *len)
{
	const struct sv_offer offer = {
		.span = sv_spans_at(pinned, 0),
		.stable = true,
		.left = pinned->tail,
	};
	struct sv_route route = sv_handoff_ask(handoff, &offer);
	u32 flags = handoff->flags;
	ssize_t ret;

	if (route.by != SPLICEVEC_ROUTE_TRACKED)
		return -ENOTBLK;
	*len = min(*len, route.len);
	handoff->more = (flags & SPLICEVEC_MORE) || handoff->behind || *len < left;
	if (handoff->sink->room)
		handoff->flags |= SPLICEVEC_NONBLOCK;
	ret = handoff->sink->push(handoff, pinned, *len, route.by);
	handoff->flags = flags;
	return ret;
}

/*
 * Pin what is at the front, and offer that.
 *
 * Return: bytes accepted, at most @len, or a negative errno; -ENOTBLK: the first @len
 * bytes cannot be pinned.
 */
static ssize_t try_pinned(struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t left, size_t *len)
{
	const struct sv_pin_wish wish = {
		.account = handoff->account,
		.sink = handoff->file->f_mapping->host,
		.ms = handoff->stable_ms,
		.nowait = sv_handoff_nonblock(handoff),
	};
	const struct sv_span span = sv_spans_front(window, left);
	struct sv_spans pinned = {};
	struct sv_loan *loan;
	ssize_t ret;

	loan = sv_pin_begin(&handoff->pin, &wish, &span, len);
	if (IS_ERR_OR_NULL(loan))
		return loan ? PTR_ERR(loan) : -ENOTBLK;
	sv_spans_append_loan(&pinned, loan);
	ret = offer_pinned(handoff, &pinned, left, len);
	if (ret > 0) {
		handoff->pinned += ret;
		sv_pin_cut(loan, ret);
		sv_pin_tell(loan, handoff->completion);
	}
	sv_spans_free(&pinned);
	return ret;
}

/*
 * A sink that takes a part has not ended the push, if that may wait for the rest: it is
 * offered that anew, pinned anew.
 */
static ssize_t push_pinned(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t left,
			   const struct sv_route *route, size_t *asked)
{
	const struct sv_sink *sink = handoff->sink;
	bool waits = sink->room && !sv_handoff_nonblock(handoff);
	ssize_t ret = sv_completion_begin(handoff->completion);

	if (ret)
		return ret;
	*asked = min(route->len, sip_most(handoff));
	ret = try_pinned(handoff, window, left, asked);
	if (ret == -EAGAIN && waits) {
		ret = sink->room(handoff);
		if (ret)
			return ret;
		*asked = min(route->len, SV_SIP_FIRST);
		ret = try_pinned(handoff, window, left, asked);
		/* there is room, but not for this: it knows why, and how to wait */
		if (ret == -EAGAIN)
			ret = -ENOTBLK;
	}
	if (ret > 0) {
		handoff->sip = clamp(2 * (size_t)ret, SV_SIP_FIRST, SV_COPY_MAX);
		handoff->unpinned = 0;
	}
	if (ret > 0 && waits)
		*asked = ret;
	return ret;
}

/*
 * What cannot be pinned is copied: no more than that, unless a device has blocks. But
 * where it goes on like this, trying each page would take longer than copying it.
 */
static struct sv_route unpinned_route(struct sv_handoff *handoff,
				      const struct sv_spans *window, size_t left,
				      size_t len)
{
	struct sv_route route;

	handoff->pins = false;
	route = sv_handoff_route(handoff, window, left);
	handoff->pins = true;
	if (!handoff->sink->room)
		return route;
	handoff->unpinned = max(len, min(2 * handoff->unpinned, SV_SIP_FIRST));
	route.len = min(route.len, handoff->unpinned);
	return route;
}

static ssize_t push_piece(struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t left,
			  const struct sv_route *route, size_t *asked)
{
	bool verified = is_verified(handoff, window, route->len);
	bool copied = route->by == SPLICEVEC_ROUTE_COPIED;
	ssize_t ret;

	if (copied && (handoff->flags & SPLICEVEC_NOCOPY))
		return -EOPNOTSUPP;
	ret = handoff->completion ? sv_completion_begin(handoff->completion) : 0;
	if (ret)
		return ret;
	*asked = min(route->len, piece_most(handoff, route, verified));
	handoff->more = (handoff->flags & SPLICEVEC_MORE) || handoff->behind ||
			*asked < left;
	ret = (verified ? hand_over_verified : hand_over)(handoff, window, *asked,
							  route);
	if (ret > 0 && copied)
		sv_handoff_copied(handoff, ret);
	if (ret == *asked)
		handoff->sip = clamp(2 * *asked, SV_SIP_FIRST, SV_COPY_MAX);
	return ret;
}

/**
 * sv_handoff_piece - hand over the next piece of a window
 * @handoff: a push at work
 * @window: what is left of it
 * @left: bytes of it that are ready
 * @asked: result: how many of them the sink was offered
 *
 * Return: bytes accepted, at most @asked, or a negative errno.
 */
ssize_t sv_handoff_piece(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t left,
			 size_t *asked)
{
	struct sv_route route = sv_handoff_route(handoff, window, left);
	ssize_t ret;

	if (route.pin) {
		ret = push_pinned(handoff, window, left, &route, asked);
		if (ret != -ENOTBLK)
			return ret;
		route = unpinned_route(handoff, window, left, *asked);
	}
	return push_piece(handoff, window, left, &route, asked);
}
