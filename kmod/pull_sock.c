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

/*
 * Wait for data, the end or an error. Peeking at nothing does that for every
 * stream socket, with its timeout and the security hook of a receive.
 */
static int sock_wait(struct socket *sock, bool nonblock)
{
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, NULL, 0, 0);
	return sock_recvmsg(sock, &msg, MSG_PEEK | (nonblock ? MSG_DONTWAIT : 0));
}

static int tcp_actor(read_descriptor_t *desc, struct sk_buff *skb,
		     unsigned int offset, size_t len)
{
	struct sv_ring *ring = desc->arg.data;
	int ret;

	if (sv_ring_full(ring))
		return 0;
	ret = skb_splice_bits(skb, skb->sk, offset, &ring->pipe,
			      min(desc->count, len), SPLICE_F_NONBLOCK);
	if (ret > 0)
		desc->count -= ret;
	return ret;
}

/*
 * tcp_splice_read() would wait whatever its flags say, if another reader was
 * faster. This takes what is there.
 */
static ssize_t read_tcp(struct sock *sk, struct sv_ring *ring, size_t len)
{
	read_descriptor_t desc = { .arg.data = ring, .count = len };
	ssize_t ret;

	lock_sock(sk);
	ret = tcp_read_sock(sk, &desc, tcp_actor);
	release_sock(sk);
	return ret;
}

static ssize_t read_sock(struct sv_pull *pull, struct socket *sock,
			 struct sv_ring *ring, size_t len)
{
	loff_t pos = 0;

	if (sv_sock_sort(sock) == SV_SOCK_TCP)
		return read_tcp(sock->sk, ring, len);
	return sv_splice_read(pull->file, &pos, &ring->pipe, len,
			      SPLICE_F_NONBLOCK);
}

static bool at_end(const struct sock *sk)
{
	return (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) ||
	       sock_flag(sk, SOCK_DONE) || sk->sk_state == TCP_CLOSE;
}

static ssize_t fill_ring(struct sv_pull *pull, struct sv_ring *ring, size_t len)
{
	struct socket *sock = sock_from_file(pull->file);
	ssize_t ret;

	do {
		/* what a failing wait would eat is for the next call to see */
		if (pull->again &&
		    skb_queue_empty_lockless(&sock->sk->sk_receive_queue))
			return -EAGAIN;
		ret = sock_wait(sock, sv_pull_nonblock(pull));
		if (ret < 0)
			return ret;
		ret = read_sock(pull, sock, ring, len);
		if (ret > 0 || (ret < 0 && ret != -EAGAIN))
			return ret;
		if (ret == 0 && at_end(sock->sk))
			return 0;
		/* another reader was faster */
	} while (!sv_pull_nonblock(pull));
	return -EAGAIN;
}

static ssize_t sock_pull(struct sv_pull *pull, size_t len)
{
	size_t slots = clamp_t(size_t, len / SV_SOCK_BUF_BYTES, 32, SV_LOAN_RUNS);
	struct sv_loan *loan;
	struct sv_ring *ring;
	ssize_t ret, err;

	loan = sv_pull_begin_loan(pull, SPLICEVEC_FOREIGN, slots);
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	ring = sv_ring_alloc(loan->cap);
	if (!ring) {
		sv_loan_put(loan);
		return -ENOMEM;
	}
	err = fill_ring(pull, ring, len);
	ret = sv_pull_end_ring(pull, loan, ring, true);
	return ret ?: err;
}

const struct sv_source sv_source_sock = {
	.match = sv_sock_serves,
	.positioning = SV_POS_NONE,
	.pull = sock_pull,
};
