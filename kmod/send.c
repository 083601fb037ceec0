// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lending pages to a socket until the last packet that reads them is gone.
 */
#include "send.h"

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "completion.h"
#include "loan.h"
#include "tracked.h"

/*
 * A packet has one ubuf_info, so the push behind it brings those of further loans
 * along.
 *
 * Return: the push with a reference for the caller, or NULL: no memory.
 */
static struct sv_push *begin(const struct sv_send *send)
{
	const struct sv_span *span = sv_spans_at(send->window, 0);
	struct sv_loan *last = span->loan;
	size_t covered = span->len;
	struct sv_push *push, *more;
	u32 i;

	push = sv_push_begin(last, send->account, send->completion);
	for (i = 1; push && covered < send->len; i++) {
		span = sv_spans_at(send->window, i);
		covered += span->len;
		if (span->loan == last)
			continue;
		last = span->loan;
		more = sv_push_begin(last, send->account, send->completion);
		if (!more) {
			sv_push_put(push);
			return NULL;
		}
		sv_push_follow(more, push);
	}
	return push;
}

static void sent(struct sv_send *send, struct sv_push *push, size_t bytes,
		 int disconnects)
{
	struct sock *sk = send->sock->sk;
	bool all_copied;

	send->copied = min(bytes, sv_push_copied(push, bytes, &send->settled));
	all_copied = send->settled && !READ_ONCE(push->seen);
	if (!send->completion)
		return;
	if (all_copied && push->loan->counted)
		return;
	if (all_copied)
		sv_completion_add_copied(send->completion, bytes);
	else if (sk_is_tcp(sk))
		sv_push_expect_ack(push, sk, disconnects);
}

/**
 * sv_send_tracked - send a message that lends its pages
 * @send: what, and to whom
 * @msg: flags and an iterator over the bytes
 *
 * The push ends when the last skb that reads the pages is freed. How much was copied
 * on the way is known for sure only then.
 *
 * Context: may sleep.
 * Return: bytes accepted or a negative errno.
 */
ssize_t sv_send_tracked(struct sv_send *send, struct msghdr *msg)
{
	int disconnects = READ_ONCE(send->sock->sk->sk_disconnects);
	struct sv_push *push = begin(send);
	ssize_t ret;

	if (!push)
		return -ENOMEM;
	ret = sv_sock_lend(send->sock, msg, &push->ubuf);
	if (ret > 0)
		sent(send, push, ret, disconnects);
	sv_push_put(push);
	return ret;
}

/**
 * sv_send_fits_one - has a single packet room for so many pages?
 * @window: spans
 * @len: bytes at its front
 *
 * Not every kernel joins pages that lie side by side.
 *
 * Return: true if so.
 */
bool sv_send_fits_one(const struct sv_spans *window, size_t len)
{
	unsigned int pages = 0;
	u32 i;

	for (i = 0; len && pages <= MAX_SKB_FRAGS; i++) {
		struct sv_span span = *sv_spans_at(window, i);
		struct sv_piece piece;

		span.len = min(span.len, len);
		len -= span.len;
		while (pages <= MAX_SKB_FRAGS && sv_span_next_piece(&span, &piece))
			pages++;
	}
	return pages <= MAX_SKB_FRAGS;
}
