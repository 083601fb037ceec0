// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from any other socket: a receive into pages of our own. Of a socket that
 * keeps boundaries, one record a command.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/net.h>
#include <net/sock.h>

#include "loan.h"
#include "sock.h"
#include "stable.h"

/*
 * The longest datagram of an IP socket, and the most a stream is asked for at
 * once: what protocols on top of TCP have ready is seldom more.
 */
#define SV_RECV_MAX	SZ_64K

static int recv_wait(struct sv_pull *pull)
{
	return sv_sock_wait_readable(pull->file, sv_pull_nonblock(pull),
				     pull->again, &pull->timeout);
}

static int recv_flags(const struct sv_pull *pull, const struct socket *sock)
{
	/* what can be polled has been waited for */
	return sv_pull_nonblock(pull) || READ_ONCE(sock->ops)->poll ?
	       MSG_DONTWAIT : 0;
}

/* Return: bytes received (of a record: its length), or a negative errno. */
static ssize_t recv_into(struct socket *sock, struct sv_loan *loan, size_t len,
			 int flags)
{
	struct sv_span span = sv_span_whole(loan);
	struct msghdr msg = {};

	span.len = min(span.len, len);
	sv_span_iter(&span, ITER_DEST, &msg.msg_iter);
	return sock_recvmsg(sock, &msg, flags);
}

static ssize_t recv_pull(struct sv_pull *pull, size_t len)
{
	struct socket *sock = sock_from_file(pull->file);
	struct sv_loan *loan;
	ssize_t ret;

	loan = sv_pull_begin_owned(pull, min_t(size_t, len, SV_RECV_MAX));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	ret = recv_into(sock, loan, len, recv_flags(pull, sock));
	if (ret <= 0) {
		sv_loan_put(loan);
		return ret;
	}
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_owned(pull, loan, 0, ret);
}

const struct sv_source sv_source_recv = {
	.types = SV_TYPE_SOCK,
	.positioning = SV_POS_NONE,
	.copies = true,
	.wait = recv_wait,
	.pull = recv_pull,
};

static bool record_match(const struct sv_pull *pull)
{
	return sv_sock_sort(sock_from_file(pull->file)) == SV_SOCK_RECORD;
}

/*
 * A socket that peeks from an offset of its own (SO_PEEK_OFF) would tell the
 * length of some later record.
 */
static ssize_t next_record(struct socket *sock)
{
	struct msghdr msg = {};

	if (READ_ONCE(sock->sk->sk_peek_off) >= 0)
		return -EOPNOTSUPP;
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, NULL, 0, 0);
	return sock_recvmsg(sock, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
}

/* Is a receive of nothing an empty record, and not the end? */
static bool has_record(const struct sock *sk)
{
	if (!skb_queue_empty_lockless(&sk->sk_receive_queue))
		return true;
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN);
}

static ssize_t take_record(struct sv_pull *pull, struct socket *sock,
			   struct sv_loan *loan)
{
	bool record = has_record(sock->sk);
	size_t room = sv_loan_len(loan);
	ssize_t ret = recv_into(sock, loan, room, MSG_TRUNC | MSG_DONTWAIT);

	/* another reader took the one we looked at, and the next is longer */
	if (ret > 0 && ret > room)
		ret = -EMSGSIZE;
	if (ret > 0 || (!ret && record))
		pull->result |= SPLICEVEC_RECORD | SPLICEVEC_COPIED;
	return ret;
}

static ssize_t record_pull(struct sv_pull *pull, size_t len)
{
	struct socket *sock = sock_from_file(pull->file);
	ssize_t size = next_record(sock);
	struct sv_loan *loan;
	ssize_t ret;

	if (size < 0)
		return size;
	if (size > len || size > SV_COPY_MAX)
		return -EMSGSIZE;
	/* room for whichever comes, if another reader takes this one */
	loan = sv_pull_begin_owned(pull, max_t(size_t, size, SV_RECV_MAX));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	ret = size > sv_loan_len(loan) ? -ENOMEM : take_record(pull, sock, loan);
	if (ret > 0)
		return sv_pull_end_owned(pull, loan, 0, ret);
	sv_loan_put(loan);
	return ret;
}

const struct sv_source sv_source_record = {
	.types = SV_TYPE_SOCK,
	.match = record_match,
	.positioning = SV_POS_NONE,
	.single = true,
	.copies = true,
	.wait = recv_wait,
	.pull = record_pull,
};
