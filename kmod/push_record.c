// SPDX-License-Identifier: GPL-2.0-only
/*
 * Push to a socket that keeps boundaries: one push is one record, whole or not
 * at all; and to sockets of which only the family's number is known.
 */
#include "push.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/sock.h>

#include "send.h"
#include "sock.h"

static bool is_sort(const struct sv_handoff *handoff, enum sv_sock_sort sort)
{
	return sv_sock_sort(sock_from_file(handoff->file)) == sort;
}

static void set_flags(const struct sv_handoff *handoff, struct msghdr *msg)
{
	msg->msg_flags |= MSG_NOSIGNAL;
	if (sv_handoff_nonblock(handoff))
		msg->msg_flags |= MSG_DONTWAIT;
}

static bool record_match(const struct sv_handoff *handoff)
{
	return is_sort(handoff, SV_SOCK_RECORD);
}

/* Only UDP: others that know MSG_ZEROCOPY do not know a ubuf of ours. */
static bool is_udp(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk->sk_protocol == IPPROTO_UDP &&
	       test_bit(SOCK_SUPPORT_ZC, &sock->flags);
}

/*
 * Can the device gather and sum the pages, and are there no fragments to be cut?
 * Otherwise UDP copies. A socket without a route has yet to find one; what it did is
 * told afterwards in any case. Behind what somebody has corked a push must not lend:
 * one packet has one ubuf_info, and UDP would drop all of it.
 */
static bool can_lend(const struct sock *sk, size_t len)
{
	size_t headers = sizeof(struct udphdr) + (sk->sk_family == AF_INET ?
			 sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	const struct dst_entry *dst;
	bool can = true;

	if (READ_ONCE(udp_sk(sk)->pending))
		return false;
	rcu_read_lock();
	dst = rcu_dereference(sk->sk_dst_cache);
	if (dst)
		can = (dst->dev->features & NETIF_F_SG) &&
		      (dst->dev->features & NETIF_F_CSUM_MASK) &&
		      (len + headers <= dst_mtu(dst) ||
		       READ_ONCE(udp_sk(sk)->gso_size));
	rcu_read_unlock();
	return can;
}

/* To lend a datagram's pages is dearer than to copy it, but STRICT asks for it. */
static struct sv_route record_route(const struct sv_handoff *handoff,
				    const struct sv_span *span, bool plain,
				    size_t left)
{
	struct socket *sock = sock_from_file(handoff->file);
	struct sv_route route = {
		.by = SPLICEVEC_ROUTE_COPIED,
		.why = SPLICEVEC_WHY_UNTRACKED,
		.len = left,
	};

	if (!(handoff->flags & SPLICEVEC_STRICT) || !left || !is_udp(sock))
		return route;
	if (!can_lend(sock->sk, span ? left : 1)) {
		route.why = SPLICEVEC_WHY_NO_SG;
		return route;
	}
	route.by = SPLICEVEC_ROUTE_TRACKED;
	route.why = SPLICEVEC_WHY_NOTHING;
	return route;
}

static ssize_t push_by(struct sv_handoff *handoff,
		       const struct sv_spans *window, size_t len,
		       enum splicevec_route by)
{
	struct msghdr msg = {};
	struct bio_vec *runs;
	ssize_t ret;

	ret = sv_spans_iter(window, len, ITER_SOURCE, &msg.msg_iter, &runs);
	if (ret)
		return ret;
	set_flags(handoff, &msg);
	if (by == SPLICEVEC_ROUTE_TRACKED)
		ret = sv_handoff_lend(handoff, &msg, window, len);
	else
		ret = sock_sendmsg(sock_from_file(handoff->file), &msg);
	kvfree(runs);
	return ret;
}

/* What was to be lent has more pieces than a packet has room for. */
static ssize_t push_copied(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len)
{
	ssize_t ret;

	if (handoff->flags & SPLICEVEC_NOCOPY)
		return -EOPNOTSUPP;
	ret = push_by(handoff, window, len, SPLICEVEC_ROUTE_COPIED);
	if (ret > 0)
		sv_handoff_copied(handoff, ret);
	return ret;
}

static ssize_t record_push(struct sv_handoff *handoff,
			   const struct sv_spans *window, size_t len,
			   enum splicevec_route by)
{
	if (by == SPLICEVEC_ROUTE_TRACKED && !sv_send_fits_one(window, len))
		return push_copied(handoff, window, len);
	return push_by(handoff, window, len, by);
}

const struct sv_sink sv_sink_record = {
	.types = SV_TYPE_SOCK,
	.match = record_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.record = true,
	.many = true,
	.route = record_route,
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
	set_flags(handoff, &msg);
	return sock_sendmsg(sock_from_file(handoff->file), &msg);
}

const struct sv_sink sv_sink_alien = {
	.types = SV_TYPE_SOCK,
	.match = alien_match,
	.positioning = SV_POS_NONE,
	.by = SPLICEVEC_ROUTE_COPIED,
	.why = SPLICEVEC_WHY_UNKNOWN,
	.push = alien_push,
};
