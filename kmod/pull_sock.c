// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from a stream socket: the pages its packets lie in.
 *
 * They may be somebody else's, the sender's page cache after a sendfile(2) over
 * loopback, so they are FOREIGN and only read.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/wait.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "loan.h"
#include "ring.h"
#include "sock.h"

/* A guess at the bytes one buffer of a received packet holds, for the ring. */
#define SV_SOCK_BUF_BYTES	1024

/*
 * Peeking at nothing runs the security hook of a receive and tells an error, if
 * the socket has one, as any receive would.
 */
static int sock_peek(struct socket *sock)
{
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, NULL, 0, 0);
	return sock_recvmsg(sock, &msg, MSG_PEEK | MSG_DONTWAIT);
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

static bool has_data(const struct sock *sk)
{
	return !skb_queue_empty_lockless(&sk->sk_receive_queue);
}

/* Return: bytes, 0 at the end, -EAGAIN if there is nothing yet, or an error. */
static ssize_t try_read(struct sv_pull *pull, struct socket *sock,
			struct sv_ring *ring, size_t len)
{
	struct sock *sk = sock->sk;
	ssize_t ret;

	/* an error that the peek would eat is for the next call to tell */
	if (pull->again && !has_data(sk))
		return -EAGAIN;
	ret = sock_peek(sock);
	/* SO_PEEK_OFF may point behind data that is there */
	if (ret < 0 && !(ret == -EAGAIN && has_data(sk)))
		return ret;
	ret = read_sock(pull, sock, ring, len);
	return ret || at_end(sk) ? ret : -EAGAIN;
}

static ssize_t fill_ring(struct sv_pull *pull, struct sv_ring *ring, size_t len)
{
	struct socket *sock = sock_from_file(pull->file);
	long timeout = sock_rcvtimeo(sock->sk, sv_pull_nonblock(pull));
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	ssize_t ret;

	add_wait_queue(sk_sleep(sock->sk), &wait);
	for (;;) {
		ret = try_read(pull, sock, ring, len);
		if (ret != -EAGAIN || !timeout)
			break;
		if (signal_pending(current)) {
			ret = sock_intr_errno(timeout);
			break;
		}
		timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, timeout);
	}
	remove_wait_queue(sk_sleep(sock->sk), &wait);
	return ret;
}

static ssize_t sock_pull(struct sv_pull *pull, size_t len)
{
	size_t slots = clamp_t(size_t, len / SV_SOCK_BUF_BYTES, 32, SV_LOAN_RUNS);
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
	.match = sv_sock_serves,
	.positioning = SV_POS_NONE,
	.pull = sock_pull,
};
