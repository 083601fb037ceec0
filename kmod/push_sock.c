// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a stream socket: page references, the tracked way, or a copy.
 */
#include "push.h"

#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

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

/*
 * A probe of the path's MTU is made of the packets that wait, and takes references
 * on their pages that it tells nobody of, or copies them: either way the packets,
 * and with them the push, end before a byte was sent.
 */
static bool may_probe(const struct sock *sk)
{
	return inet_csk(sk)->icsk_mtup.enabled ||
	       READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_mtu_probing);
}

static bool tracks(const struct socket *sock)
{
	return test_bit(SOCK_SUPPORT_ZC, &sock->flags) && !may_probe(sock->sk);
}

static struct sv_route sock_route(const struct sv_handoff *handoff,
				  const struct sv_span *span, bool plain,
				  size_t left)
{
	struct socket *sock = sock_from_file(handoff->file);
	struct sv_route route = {
		.by = SPLICEVEC_ROUTE_COPIED,
		.len = span ? min(span->len, left) : left,
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

static inline ssize_t send(struct sv_handoff *handoff, struct msghdr *msg,
			   const struct sv_spans *window, size_t len,
			   enum splicevec_route by)
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
		return sv_handoff_lend(handoff, msg, window, len);
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
	ret = send(handoff, &msg, window, len, by);
	if (runs)
		kvfree(runs);
	return ret;
}

/* Ciphers may, TLS has them encrypt what lies in the caller's pages. */
static bool sock_rereads(const struct sv_handoff *handoff)
{
	return sv_sock_sort(sock_from_file(handoff->file)) == SV_SOCK_UPPER;
}

/* What is worth waiting for, as poll(2) has it: it asks for a wake-up as well. */
static bool has_room(const struct sv_handoff *handoff, struct socket *sock)
{
	return sock->ops->poll(handoff->file, sock, NULL) &
	       (EPOLLOUT | EPOLLERR | EPOLLHUP);
}

static int sock_room(const struct sv_handoff *handoff)
{
	struct socket *sock = sock_from_file(handoff->file);
	long timeout = sock_sndtimeo(sock->sk, false);
	long left;

	left = wait_event_interruptible_timeout(*sk_sleep(sock->sk),
						has_room(handoff, sock), timeout);
	if (left < 0)
		return left;
	return left ? 0 : -EAGAIN;
}

const struct sv_sink sv_sink_sock = {
	.types = SV_TYPE_SOCK,
	.match = sock_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.rereads = sock_rereads,
	.pins = true,
	.many = true,
	.route = sock_route,
	.room = sock_room,
	.push = sock_push,
};
