// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a socket that keeps boundaries: one push is one record, whole or not
 * at all; and to sockets of which only the family's number is known.
 */
#include "push.h"

#include <linux/net.h>
#include <linux/slab.h>

#include "sock.h"

static bool is_sort(const struct sv_handoff *handoff, enum sv_sock_sort sort)
{
	return sv_sock_sort(sock_from_file(handoff->file)) == sort;
}

static ssize_t send(struct sv_handoff *handoff, struct msghdr *msg)
{
	struct socket *sock = sock_from_file(handoff->file);

	msg->msg_flags |= MSG_NOSIGNAL;
	if (sv_handoff_nonblock(handoff))
		msg->msg_flags |= MSG_DONTWAIT;
	return sock_sendmsg(sock, msg);
}

static bool record_match(const struct sv_handoff *handoff)
{
	return is_sort(handoff, SV_SOCK_RECORD);
}

static ssize_t record_push(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len,
			   enum splicevec_route by)
{
	struct msghdr msg = {};
	struct bio_vec *runs;
	ssize_t ret;

	ret = sv_spans_iter(window, len, ITER_SOURCE, &msg.msg_iter, &runs);
	if (ret)
		return ret;
	ret = send(handoff, &msg);
	kvfree(runs);
	return ret;
}

const struct sv_sink sv_sink_record = {
	.types = SV_TYPE_SOCK,
	.match = record_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.record = true,
	.many = true,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_UNTRACKED,
	.push = record_push,
};

static bool alien_match(const struct sv_handoff *handoff)
{
	return is_sort(handoff, SV_SOCK_UNKNOWN);
}

/* It is given copies, so what it does with the pages is its own affair. */
static ssize_t alien_push(struct sv_handoff *handoff,
			  const struct sv_spans *window, size_t len,
			  enum splicevec_route by)
{
	struct sv_span span = sv_spans_front(window, len);
	struct msghdr msg = {
		.msg_flags = handoff->more ? MSG_MORE : 0,
	};

	sv_span_iter(&span, ITER_SOURCE, &msg.msg_iter);
	return send(handoff, &msg);
}

const struct sv_sink sv_sink_alien = {
	.types = SV_TYPE_SOCK,
	.match = alien_match,
	.positioning = SV_POS_NONE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_UNKNOWN,
	.push = alien_push,
};
