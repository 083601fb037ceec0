// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a stream socket: page references, the tracked way, or a copy.
 */
#include "push.h"

#include <linux/slab.h>
#include <net/sock.h>

#include "completion.h"
#include "loan.h"
#include "sock.h"

static bool sock_match(const struct sv_handoff *handoff)
{
	enum sv_sock_sort sort = sv_sock_sort(sock_from_file(handoff->file));

	return sort == SV_SOCK_TCP || sort == SV_SOCK_UNIX ||
	       sort == SV_SOCK_UPPER;
}

static bool route_has_sg(const struct sock *sk)
{
	return sk->sk_route_caps & NETIF_F_SG;
}

static bool tracks(const struct socket *sock)
{
	return test_bit(SOCK_SUPPORT_ZC, &sock->flags);
}

static struct sv_route sock_route(const struct sv_handoff *handoff,
				  const struct sv_span *span, bool plain,
				  size_t left)
{
	struct socket *sock = sock_from_file(handoff->file);
	struct sv_route route = {
		.by = SPLICEVEC_ROUTE_COPIED,
		.len = span ? span->len : left,
	};

	switch (sv_sock_sort(sock)) {
	case SV_SOCK_TCP:
		if (!route_has_sg(sock->sk))
			route.why = SPLICEVEC_WHY_NO_SG;
		else if (plain)
			route.by = SPLICEVEC_ROUTE_PLAIN;
		else if (tracks(sock))
			route.by = SPLICEVEC_ROUTE_TRACKED;
		else
			route.why = SPLICEVEC_WHY_UNTRACKED;
		break;
	case SV_SOCK_UNIX:
		if (plain)
			route.by = SPLICEVEC_ROUTE_PLAIN;
		else
			route.why = SPLICEVEC_WHY_UNTRACKED;
		break;
	default:
		route.why = SPLICEVEC_WHY_UPPER;
	}
	return route;
}

/*
 * The push ends when the last skb that reads the loan's pages is freed. How much
 * of it was copied on the way is known for sure only then.
 */
static ssize_t send_tracked(struct sv_handoff *handoff, struct socket *sock,
			    struct msghdr *msg, struct sv_loan *loan)
{
	struct sv_push *push = sv_push_begin(loan, handoff->account);
	bool settled;
	ssize_t ret;

	if (!push)
		return -ENOMEM;
	sv_msg_set_ubuf(msg, &push->ubuf);
	ret = sock_sendmsg(sock, msg);
	if (ret > 0) {
		size_t copied = sv_push_copied(push, &settled);

		/* a socket that lost its route copied without telling anybody */
		if (!route_has_sg(sock->sk)) {
			copied = ret;
			settled = false;
		}
		handoff->copied += min_t(size_t, ret, copied);
		if (!settled)
			handoff->result |= SPLICEVEC_ESTIMATED;
	}
	sv_push_put(push);
	return ret;
}

static ssize_t send(struct sv_handoff *handoff, struct msghdr *msg,
		    struct sv_loan *loan, enum splicevec_route by)
{
	struct socket *sock = sock_from_file(handoff->file);

	switch (by) {
	case SPLICEVEC_ROUTE_PLAIN:
		if (sock->sk->sk_family == AF_UNIX)
			return sv_sock_splice_pages(sock, msg);
		/* nobody can tell when a route that copies took this one's place */
		handoff->result |= SPLICEVEC_ESTIMATED;
		return sv_tcp_splice_pages(sock, msg);
	case SPLICEVEC_ROUTE_TRACKED:
		return send_tracked(handoff, sock, msg, loan);
	default:
		return sock_sendmsg(sock, msg);
	}
}

static ssize_t sock_push(struct sv_handoff *handoff,
			 const struct sv_spans *window, size_t len,
			 enum splicevec_route by)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	struct bio_vec *runs;
	ssize_t ret;

	ret = sv_spans_iter(window, len, ITER_SOURCE, &msg.msg_iter, &runs);
	if (ret)
		return ret;
	if (handoff->more)
		msg.msg_flags |= MSG_MORE;
	if (sv_handoff_nonblock(handoff))
		msg.msg_flags |= MSG_DONTWAIT;
	ret = send(handoff, &msg, sv_spans_at(window, 0)->loan, by);
	if (runs)
		kvfree(runs);
	return ret;
}

const struct sv_sink sv_sink_sock = {
	.types = SV_TYPE_SOCK,
	.match = sock_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.many = true,
	.route = sock_route,
	.push = sock_push,
};
