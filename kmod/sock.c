// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling sockets apart, and waiting for them.
 */
#include "sock.h"

#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <net/sock.h>
#include <net/tcp.h>

/*
 * Would a receive return at once? Poll knows, but for two things: it waits for
 * SO_RCVLOWAT, which may be more than is asked for here, and its EPOLLERR may
 * stand for messages in the error queue, which no receive takes.
 */
static bool is_readable(struct file *file, const struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (sv_sock_sort(sock) == SV_SOCK_TCP && tcp_inq(sk) > 0)
		return true;
	/* what connections wait for is no receive */
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return true;
	return READ_ONCE(sk->sk_err) ||
	       (vfs_poll(file, NULL) & (EPOLLIN | EPOLLHUP | EPOLLRDHUP));
}

/**
 * sv_sock_wait_readable - wait until a receive would not wait
 * @file: a socket's
 * @nonblock: do not wait at all
 * @quiet: leave an error for the next receive to tell
 * @timeout: jiffies to wait at the most, counted down; SO_RCVTIMEO if that is
 *	less
 *
 * A socket that cannot be polled is always ready.
 *
 * Return: 1, -EAGAIN (also after the time), -EINTR or -ERESTARTSYS.
 */
int sv_sock_wait_readable(struct file *file, bool nonblock, bool quiet,
			  long *timeout)
{
	struct socket *sock = sock_from_file(file);
	struct sock *sk = sock->sk;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int ret = 1;

	if (quiet && READ_ONCE(sk->sk_err))
		return -EAGAIN;
	*timeout = min(*timeout, sock_rcvtimeo(sk, nonblock));
	if (!READ_ONCE(sock->ops)->poll || is_readable(file, sock))
		return 1;
	add_wait_queue(sk_sleep(sk), &wait);
	while (!is_readable(file, sock)) {
		if (!*timeout || signal_pending(current)) {
			ret = *timeout ? sock_intr_errno(*timeout) : -EAGAIN;
			break;
		}
		*timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeout);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return ret;
}
