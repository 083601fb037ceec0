// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way the next bytes of a push go, and how many of them the same.
 */
#include "push.h"

#include "loan.h"
#include "pin_limit.h"

/* Runs after which a piece takes no more spans: an array of them is allocated. */
#define SV_PIECE_RUNS	1024

/* The sink cannot tell when it stops reading, and that matters. */
static struct sv_route copied_route(size_t len)
{
	return (struct sv_route) {
		.by = SPLICEVEC_ROUTE_COPIED,
		.why = SPLICEVEC_WHY_UNTRACKED,
		.len = len,
	};
}

static inline struct sv_route ask_sink(const struct sv_handoff *handoff,
				       const struct sv_offer *offer)
{
	bool strict = handoff->flags & SPLICEVEC_STRICT;
	const struct sv_sink *sink = handoff->sink;
	const struct sv_span *span = offer->span;
	size_t len = span && !sink->many ? min(span->len, offer->left) :
					   offer->left;

	if (strict && sink->keeps)
		return copied_route(len);
	if (sink->route)
		return sink->route(handoff, span, offer->plain && !strict,
				   offer->left);
	return (struct sv_route) {
		.by = sink->by,
		.why = sink->why,
		.len = len,
	};
}

/*
 * Somebody may write to the bytes after they were handed over, unless they are pinned.
 * A sink that copies them at once can do that alone, unless it has to tell of its end
 * and could do so, or takes more than one look.
 */
static noinline struct sv_route stable_route(const struct sv_handoff *handoff,
					     struct sv_route route, bool pin)
{
	const struct sv_sink *sink = handoff->sink;

	if (sink->blind)
		return route;
	if (pin && route.by == SPLICEVEC_ROUTE_TRACKED) {
		route.pin = true;
		return route;
	}
	if (route.by == SPLICEVEC_ROUTE_COPIED) {
		route.copy |= sink->rereads && sink->rereads(handoff);
		return route;
	}
	route.by = SPLICEVEC_ROUTE_COPIED;
	route.why = SPLICEVEC_WHY_UNSTABLE;
	route.copy = !sink->copies || (handoff->flags & SPLICEVEC_STRICT);
	return route;
}

static inline struct sv_route ask(const struct sv_handoff *handoff,
				  const struct sv_offer *offer)
{
	struct sv_route route = ask_sink(handoff, offer);

	route.copy = route.by == SPLICEVEC_ROUTE_COPIED && !handoff->sink->copies;
	if ((handoff->flags & SPLICEVEC_STABLE) && !offer->stable)
		route = stable_route(handoff, route,
				     handoff->pins && offer->writable);
	return route;
}

/**
 * sv_handoff_ask - how would the sink take some bytes?
 * @handoff: from sv_handoff_begin()
 * @offer: the bytes
 *
 * Whoever waits for the end of the push has no use for references of the sink's own,
 * and is not served by one that keeps spans.
 *
 * Return: the sink's answer, as in struct sv_sink.
 */
struct sv_route sv_handoff_ask(const struct sv_handoff *handoff,
			       const struct sv_offer *offer)
{
	return ask(handoff, offer);
}

/**
 * sv_handoff_allow_pins - find out whether a push may pin
 * @handoff: from sv_handoff_begin(); @pins is set
 * @flags: what whoever pushes asks for
 *
 * Only who has a record can be told that a pin did not last. And a policy pins nothing:
 * anybody may set it who holds the vector, and would have writers wait by the rights of
 * whoever pushes.
 */
void sv_handoff_allow_pins(struct sv_handoff *handoff, u32 flags)
{
	static const struct sv_offer pinned = { .stable = true, .left = 1 };
	u32 both = SPLICEVEC_STABLE | SPLICEVEC_STRICT;

	handoff->pins = (flags & both) == both && handoff->sink->pins &&
			sv_pin_allowed() &&
			ask(handoff, &pinned).by == SPLICEVEC_ROUTE_TRACKED;
}

/**
 * sv_handoff_must_copy - are there bytes that only a copy makes stable?
 * @handoff: from sv_handoff_begin()
 * @window: of the vector
 * @len: bytes at its front
 *
 * Return: true if so, and the push is STABLE.
 */
bool sv_handoff_must_copy(const struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t len)
{
	u64 end = window->head + len;
	u32 i;

	if (!(handoff->flags & SPLICEVEC_STABLE) || handoff->sink->blind)
		return false;
	for (i = 0; i < window->nr && sv_spans_at(window, i)->at < end; i++)
		if (sv_handoff_unstable(handoff, sv_spans_at(window, i)->loan))
			return true;
	return false;
}

static inline struct sv_route choose_route(struct sv_handoff *handoff,
					   const struct sv_span *span,
					   size_t left)
{
	const struct sv_offer offer = {
		.span = span,
		.plain = span->loan->plain,
		.stable = span->loan->stable,
		.writable = span->loan->writable,
		.left = left,
	};
	struct sv_route route = ask(handoff, &offer);
	size_t fits;

	if (route.by != SPLICEVEC_ROUTE_PLAIN)
		return route;
	fits = sv_span_plain(span, route.len);
	if (fits) {
		route.len = fits;
	} else {
		route = copied_route(min_t(size_t, route.len, PAGE_SIZE));
		route.copy = !handoff->sink->copies;
	}
	return route;
}

/* Is it copied for its own sake? Then spans need not go one by one. */
static bool is_gathered(const struct sv_route *route)
{
	return route->copy && route->why == SPLICEVEC_WHY_UNSTABLE;
}

/* A device, which may take one write for one message, and read it how it likes. */
static bool is_one_write(const struct sv_handoff *handoff)
{
	const struct sv_sink *sink = handoff->sink;

	return sink->bite && sink->rereads && sink->rereads(handoff);
}

/* Spans after the first one go along as long as they go the same way. */
static noinline struct sv_route extend_route(struct sv_handoff *handoff,
					     struct sv_route route,
					     const struct sv_spans *window,
					     size_t left)
{
	const struct sv_span *span = sv_spans_at(window, 0);
	u32 runs = span->loan->nr;
	size_t len = span->len;
	u32 i;

	/* a tracked push holds one loan */
	if (route.by == SPLICEVEC_ROUTE_TRACKED)
		return route;
	for (i = 1; route.len == len && len < left && runs < SV_PIECE_RUNS; i++) {
		struct sv_route next;

		span = sv_spans_at(window, i);
		next = choose_route(handoff, span, left - len);
		if (next.by != route.by || next.copy != route.copy)
			break;
		route.len += next.len;
		len += span->len;
		runs += span->loan->nr;
	}
	return route;
}

/* The route of bytes that only a copy makes stable, if they have one in common. */
static noinline bool common_route(const struct sv_handoff *handoff,
				  const struct sv_spans *window, size_t left,
				  struct sv_route *route)
{
	bool record = handoff->sink->record;

	if ((!record && !is_one_write(handoff)) ||
	    !sv_handoff_must_copy(handoff, window, left))
		return false;
	/* a datagram that cannot lend all its pages is copied by the socket, once */
	*route = (struct sv_route) {
		.by = SPLICEVEC_ROUTE_COPIED,
		.why = SPLICEVEC_WHY_UNSTABLE,
		.len = left,
		.copy = !record,
	};
	return true;
}

/**
 * sv_handoff_route - how the first bytes of a window go
 * @handoff: from sv_handoff_begin()
 * @window: of the vector
 * @left: bytes of it that are ready
 *
 * Return: the route.
 */
struct sv_route sv_handoff_route(struct sv_handoff *handoff,
				 const struct sv_spans *window, size_t left)
{
	static const struct sv_offer nothing = { .plain = true, .stable = true };
	const struct sv_span *span = sv_spans_at(window, 0);
	struct sv_route route;

	/* an empty record */
	if (!left)
		return sv_handoff_ask(handoff, &nothing);
	if ((handoff->flags & SPLICEVEC_STABLE) &&
	    common_route(handoff, window, left, &route))
		return route;
	route = choose_route(handoff, span, left);
	if ((handoff->sink->many || is_gathered(&route)) && span->len < left)
		return extend_route(handoff, route, window, left);
	return route;
}
