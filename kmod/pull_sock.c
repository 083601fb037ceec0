// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from a stream socket: the pages its packets lie in.
 *
 * They may be somebody else's, the sender's page cache after a sendfile(2) over
 * loopback, so they are FOREIGN and only read.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/splice.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "loan.h"
#include "ring.h"
#include "sock.h"

/* A guess at the bytes one buffer of a received packet holds, for the ring. */
#define SV_SOCK_BUF_BYTES	1024

static bool sock_match(const struct sv_pull *pull)
{
	enum sv_sock_sort sort = sv_sock_sort(sock_from_file(pull->file));

	return sort == SV_SOCK_TCP || sort == SV_SOCK_UNIX;
}

static int sock_wait(struct sv_pull *pull)
{
	return sv_sock_wait_readable(pull->file, sv_pull_nonblock(pull),
				     pull->again, &pull->timeout);
}

/*
 * Peeking at nothing runs the security hook of a receive and tells an error, if
 * the socket has one, as any receive would. -EAGAIN says nothing: SO_PEEK_OFF
 * may point behind data that is there.
 */
static int sock_peek(struct socket *sock)
{
	struct msghdr msg = {};
	int ret;

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, NULL, 0, 0);
	/* TRUNC: TCP need not even look for bytes to copy */
	ret = sock_recvmsg(sock, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	return ret == -EAGAIN ? 0 : min(ret, 0);
}

static int tcp_actor(read_descriptor_t *desc, struct sk_buff *skb,
		     unsigned int offset, size_t len)
{
	struct sv_ring *ring = desc->arg.data;
	int ret;

	/* TCP asks again while a packet has more, whether that is wanted or not */
	if (!desc->count || sv_ring_full(ring))
		return 0;
	ret = skb_splice_bits(skb, skb->sk, offset, &ring->pipe,
			      min(desc->count, len), SPLICE_F_NONBLOCK);
	if (ret > 0)
		desc->count -= ret;
	return ret;
}

/*
 * tcp_splice_read() would wait whatever its flags say, if another reader was
 * faster. This takes what is there, as long as nothing was put on top of TCP
 * since the source was looked up.
 */
static ssize_t read_tcp(struct socket *sock, struct sv_ring *ring, size_t len)
{
	read_descriptor_t desc = { .arg.data = ring, .count = len };
	ssize_t ret = -ENOTBLK;

	lock_sock(sock->sk);
	if (sv_sock_sort(sock) == SV_SOCK_TCP)
		ret = tcp_read_sock(sock->sk, &desc, tcp_actor);
	release_sock(sock->sk);
	return ret;
}

static ssize_t read_sock(struct sv_pull *pull, struct socket *sock,
			 struct sv_ring *ring, size_t len)
{
	loff_t pos = 0;

	if (sk_is_tcp(sock->sk))
		return read_tcp(sock, ring, len);
	return pull->file->f_op->splice_read(pull->file, &pos, &ring->pipe, len,
					     SPLICE_F_NONBLOCK);
}

static bool at_end(const struct sock *sk)
{
	return (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) ||
	       sock_flag(sk, SOCK_DONE) || sk->sk_state == TCP_CLOSE;
}

/*
 * Return: bytes, 0 at the end, -EAGAIN, -ENOTBLK if there is something that only
 * a receive can take, such as what follows an urgent byte; or an error.
 */
static ssize_t fill_ring(struct sv_pull *pull, struct sv_ring *ring, size_t len)
{
	struct socket *sock = sock_from_file(pull->file);
	bool end = at_end(sock->sk);
	ssize_t ret;

	ret = sock_peek(sock);
	if (ret)
		return ret;
	ret = read_sock(pull, sock, ring, len);
	if (ret)
		return ret;
	if (!skb_queue_empty_lockless(&sock->sk->sk_receive_queue))
		return -ENOTBLK;
	return end ? 0 : -EAGAIN;
}

static ssize_t sock_pull(struct sv_pull *pull, size_t len)
{
	size_t slots = clamp_t(size_t, len / SV_SOCK_BUF_BYTES, 8, SV_LOAN_RUNS);
	struct sv_ring *ring;
	ssize_t ret, err;

	ring = sv_pull_begin_ring(pull, SPLICEVEC_FOREIGN, slots);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	err = fill_ring(pull, ring, len);
	ret = sv_pull_end_ring(pull, ring, true);
	return ret ?: err;
}

const struct sv_source sv_source_sock = {
	.types = SV_TYPE_SOCK,
	.match = sock_match,
	.positioning = SV_POS_NONE,
	.wait = sock_wait,
	.pull = sock_pull,
	.otherwise = &sv_source_recv,
};
