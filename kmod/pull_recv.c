// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull from any other socket: a receive into pages of our own. Of a socket that
 * keeps boundaries, one record a command.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "account.h"
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
static bool can_look(const struct sock *sk)
{
	return READ_ONCE(sk->sk_peek_off) < 0 &&
	       (SV_VSOCK_PEEK || sk->sk_family != AF_VSOCK);
}

/*
 * Look at all that fits and one byte more: MSG_TRUNC asks for the length, but
 * many (ICMP's, CAN, SCTP) tell just what they gave.
 *
 * Return: the length if that is up to @len, else anything above, or a negative
 * errno.
 */
static ssize_t next_record(struct socket *sock, size_t len)
{
	struct msghdr msg = {};

	if (!can_look(sock->sk))
		return -EOPNOTSUPP;
	iov_iter_discard(&msg.msg_iter, ITER_DEST, len + 1);
	return sock_recvmsg(sock, &msg, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
}

/* Will nothing come any more? */
static bool shut_down(const struct sock *sk)
{
	return READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
}

/* Is a receive of nothing an empty record, and not the end? */
static bool has_record(const struct sock *sk)
{
	if (!skb_queue_empty_lockless(&sk->sk_receive_queue))
		return true;
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       !shut_down(sk);
}

/* Pages of our own for a record, in as many loans as it takes. */
static int make_room(struct sv_pull *pull, struct sv_spans *room, size_t size)
{
	u32 loans = DIV_ROUND_UP(size, SV_COPY_MAX);
	int err = sv_pull_room(pull, loans) ?: sv_spans_reserve(room, loans);

	while (!err && loans--) {
		size_t want = min(size - room->tail, SV_COPY_MAX);
		struct sv_loan *loan = sv_pull_begin_owned(pull, want);
		struct sv_span span;

		if (IS_ERR(loan))
			return PTR_ERR(loan);
		span = sv_span_whole(loan);
		sv_spans_append(room, &span);
		if (span.len < want)
			err = sv_account_over_soft(pull->account) ? -EDQUOT : -ENOMEM;
	}
	return err;
}

static void fill_batch(struct sv_pull *pull, const struct sv_spans *room,
		       size_t len)
{
	u32 i;

	for (i = 0; i < room->nr; i++) {
		struct sv_span *span = sv_spans_at(room, i);
		size_t n = min(len, span->len);

		sv_pull_end_owned(pull, sv_loan_get(span->loan), 0, n);
		len -= n;
	}
}

static ssize_t take_record(struct sv_pull *pull, struct socket *sock,
			   struct sv_spans *room)
{
	bool end = shut_down(sock->sk);
	bool record = has_record(sock->sk);
	struct msghdr msg = {};
	struct bio_vec *runs;
	ssize_t ret;

	ret = sv_spans_iter(room, room->tail - room->head, ITER_DEST,
			    &msg.msg_iter, &runs);
	if (ret)
		return ret;
	ret = sock_recvmsg(sock, &msg, MSG_TRUNC | MSG_DONTWAIT);
	kvfree(runs);
	if (ret == -EAGAIN && end)
		return 0;
	if (ret < 0 || (!ret && !record))
		return ret;
	/* a stranger took the one that was looked at, and the next is longer */
	if (ret > room->tail)
		return -EMSGSIZE;
	pull->result |= SPLICEVEC_RECORD | SPLICEVEC_COPIED;
	fill_batch(pull, room, ret);
	return ret;
}

static ssize_t pull_next(struct sv_pull *pull, struct socket *sock, size_t len)
{
	ssize_t size = next_record(sock, len);
	struct sv_spans room = {};
	ssize_t ret;

	if (size == -EAGAIN && shut_down(sock->sk))
		return 0;
	if (size < 0)
		return size;
	if (size > len)
		return -EMSGSIZE;
	/* for whichever comes, should a stranger take this one */
	ret = make_room(pull, &room, max_t(size_t, size, SV_RECV_MAX));
	if (!ret)
		ret = take_record(pull, sock, &room);
	sv_spans_free(&room);
	return ret;
}

/*
 * Between the look and the receive no other pull may come. The position lock of
 * a socket's file has no other use.
 */
static ssize_t record_pull(struct sv_pull *pull, size_t len)
{
	struct file *file = pull->file;
	ssize_t ret;

	if (mutex_lock_killable(&file->f_pos_lock))
		return -EINTR;
	ret = pull_next(pull, sock_from_file(file), len);
	mutex_unlock(&file->f_pos_lock);
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
