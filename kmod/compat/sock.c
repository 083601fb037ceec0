// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: page references, and our own end-of-use callback.
 */
#include <linux/bvec.h>
#include <linux/net.h>
#include <net/sock.h>

#include "fragment.h"

/*
 * 6.10 moved ubuf_info's callback into an operations table. May go with 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
static int link_skb(struct sk_buff *skb, struct ubuf_info *ubuf);

static const struct ubuf_info_ops sv_ubuf_ops = {
	.complete = sv_ubuf_complete,
	.link_skb = link_skb,
};

/*
 * Also from 6.10 on an skb that has a ubuf_info may take pages of another, if the
 * two come to terms. One without gets it when it has pages of it.
 *
 * Context: the socket is locked.
 */
static int link_skb(struct sk_buff *skb, struct ubuf_info *ubuf)
{
	struct ubuf_info *old = skb_zcopy(skb);

	if (!old)
		return 0;
	if (old->ops != &sv_ubuf_ops)
		return -EEXIST;
	return sv_ubuf_link(old, ubuf);
}

static void sv_ubuf_set_complete(struct ubuf_info *ubuf)
{
	ubuf->ops = &sv_ubuf_ops;
}
#else
static void sv_ubuf_set_complete(struct ubuf_info *ubuf)
{
	ubuf->callback = sv_ubuf_complete;
}
#endif

/**
 * sv_ubuf_init - prepare a ubuf_info that calls sv_ubuf_complete()
 * @ubuf: to be initialised; starts with one reference, the caller's
 *
 * SHARED_FRAG (in ZEROCOPY_FRAG) tells every layer that these pages may not be
 * written; DONT_ORPHAN lets TCP clone for retransmission without copying.
 */
void sv_ubuf_init(struct ubuf_info *ubuf)
{
	sv_ubuf_set_complete(ubuf);
	ubuf->flags = SKBFL_ZEROCOPY_FRAG | SKBFL_DONT_ORPHAN;
	refcount_set(&ubuf->refcnt, 1);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
/* Bytes of a message went into an skb that another message has begun. */
static void tell_shared(struct sk_buff *skb, const struct iov_iter *from,
			size_t bytes)
{
	const struct msghdr *msg = container_of(from, struct msghdr, msg_iter);

	if (skb_zcopy(skb) && skb_zcopy(skb) != msg->msg_ubuf)
		sv_ubuf_shared(msg->msg_ubuf, bytes);
}

/*
 * Fill an skb with managed fragments: the pages are held by the loan behind the
 * ubuf and not by references of the skb. An skb that already has fragments with
 * references of their own is refused, TCP then begins a new one.
 *
 * Context: the socket is locked.
 */
static int sv_sg_from_iter(struct sk_buff *skb, struct iov_iter *from,
			   size_t length)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	struct iov_iter rest = *from;
	int frag = shinfo->nr_frags;
	size_t wanted = min(rest.count, length);
	size_t left = wanted;
	size_t truesize = 0;

	if (!frag)
		shinfo->flags |= SKBFL_MANAGED_FRAG_REFS;
	else if (!skb_zcopy_managed(skb))
		return -EMSGSIZE;

	while (left && frag < MAX_SKB_FRAGS) {
		struct sv_fragment next = sv_fragment_next(&rest, left);

		__skb_fill_page_desc_noacc(shinfo, frag++, next.page, next.off,
					   next.len);
		truesize += PAGE_ALIGN(next.len + next.off);
		left -= next.len;
		sv_fragment_done(&rest, next.len);
	}
	*from = rest;
	shinfo->nr_frags = frag;
	skb->data_len += wanted - left;
	skb->len += wanted - left;
	skb->truesize += truesize;
	tell_shared(skb, from, wanted - left);
	return left ? -EMSGSIZE : 0;
}

/* See share.c for what it was before. */
ssize_t sv_sock_lend(struct socket *sock, struct msghdr *msg,
		     struct ubuf_info *ubuf)
{
	msg->msg_ubuf = ubuf;
	msg->sg_from_iter = sv_sg_from_iter;
	msg->msg_flags |= MSG_ZEROCOPY;
	return sock_sendmsg(sock, msg);
}
#endif

/**
 * sv_sock_splice_pages - send page references through a TCP or unix stream
 * @sock: connected socket
 * @msg: flags and a bvec iterator, which is advanced by what was sent
 *
 * The socket takes references of its own on the pages it keeps. 6.1 has the name
 * MSG_SPLICE_PAGES, but ignores it and copies: there each folio is a call.
 *
 * Return: bytes sent, or a negative errno if none were.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
ssize_t sv_sock_splice_pages(struct socket *sock, struct msghdr *msg)
{
	msg->msg_flags |= MSG_SPLICE_PAGES;
	return sock_sendmsg(sock, msg);
}
#else
/* The socket takes one reference, so one call may reach to the folio's end. */
static ssize_t sv_sendpage(struct socket *sock, struct iov_iter *iter,
			   int flags)
{
	struct sv_fragment next = sv_fragment_next(iter, iter->count);

	if (next.len < iter->count)
		flags |= MSG_SENDPAGE_NOTLAST | MSG_MORE;
	return kernel_sendpage(sock, next.page, next.off, next.len, flags);
}

ssize_t sv_sock_splice_pages(struct socket *sock, struct msghdr *msg)
{
	struct msghdr empty = { .msg_flags = msg->msg_flags };
	ssize_t done = 0;
	ssize_t ret;

	/* sendpage skips the security hook of sendmsg: an empty one runs it */
	ret = sock_sendmsg(sock, &empty);
	if (ret < 0)
		return ret;
	while (iov_iter_count(&msg->msg_iter)) {
		ret = sv_sendpage(sock, &msg->msg_iter, msg->msg_flags);
		if (ret <= 0)
			break;
		sv_fragment_done(&msg->msg_iter, ret);
		done += ret;
	}
	return done ?: ret;
}
#endif
