// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes that share the packets of TCP, before skbs could come to terms
 * (link_skb, 6.10). May go with 6.1.
 *
 * TCP adds to an skb what comes with the ubuf_info that the skb has, and nothing
 * else. So a push comes with that of the one before, whose last skb still waits, and
 * fills the skbs itself: that one, which it then follows, and new ones, which get its
 * own ubuf_info before TCP sees to that.
 *
 * sendpage appends pages to whatever skb is last without downgrading managed
 * fragments: their references would never be dropped. So the skb holds references of
 * its own beside the ubuf.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "fragment.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
/**
 * struct sharing - a message that may begin in the skb of another
 * @msg: what is sent; its ubuf_info is the other's, if there is one
 * @ubuf: its own
 */
struct sharing {
	struct msghdr msg;
	struct ubuf_info *ubuf;
};

static bool adjoins(const struct skb_shared_info *shinfo,
		    const struct sv_fragment *next)
{
	const skb_frag_t *last;

	if (!shinfo->nr_frags)
		return false;
	last = &shinfo->frags[shinfo->nr_frags - 1];
	return skb_frag_page(last) == next->page &&
	       skb_frag_off(last) + skb_frag_size(last) == next->off;
}

/*
 * Add a fragment, or make the last one longer.
 *
 * Return: bytes, or 0: the skb has no room.
 */
static size_t add_fragment(struct sk_buff *skb, const struct iov_iter *from,
			   size_t left)
{
	struct sv_fragment next = sv_fragment_next(from, left);
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	int nr = shinfo->nr_frags;

	if (adjoins(shinfo, &next)) {
		skb_frag_size_add(&shinfo->frags[nr - 1], next.len);
	} else if (nr < MAX_SKB_FRAGS) {
		get_page(next.page);
		skb_fill_page_desc_noacc(skb, nr, next.page, next.off, next.len);
	} else {
		return 0;
	}
	skb->truesize += PAGE_ALIGN(next.off + next.len);
	return next.len;
}

/*
 * Charged is what TCP charges for MSG_ZEROCOPY: whole pages.
 *
 * Return: bytes.
 */
static size_t fill(struct sock *sk, struct sk_buff *skb, struct iov_iter *from,
		   size_t length)
{
	unsigned int before = skb->truesize;
	size_t done = 0;
	size_t len;

	while (done < length) {
		len = add_fragment(skb, from, length - done);
		if (!len)
			break;
		sv_fragment_done(from, len);
		done += len;
	}
	skb->len += done;
	skb->data_len += done;
	sk_wmem_queued_add(sk, skb->truesize - before);
	if (!skb_zcopy_pure(skb))
		sk_mem_charge(sk, skb->truesize - before);
	return done;
}

/* Context: the socket is locked. */
static int share_from_iter(struct sock *sk, struct sk_buff *skb,
			   struct iov_iter *from, size_t length)
{
	struct sharing *sharing = container_of(from, struct sharing,
					       msg.msg_iter);
	struct ubuf_info *ubuf = sharing->ubuf;
	struct ubuf_info *old = skb_zcopy(skb);
	size_t done;

	if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
		return -EMSGSIZE;
	if (old && sv_ubuf_link(old, ubuf))
		return -EMSGSIZE;
	length = min(length, from->count);
	done = fill(sk, skb, from, length);
	if (!old)
		skb_zcopy_set(skb, ubuf, NULL);
	else if (old != ubuf)
		sv_ubuf_shared(ubuf, done);
	return done < length ? -EMSGSIZE : 0;
}

/*
 * Whose is the last skb that was not sent?
 *
 * Return: a ubuf_info of ours, with a reference, or NULL. By the time it is used the
 * skb may be gone: then no skb has it, and the message begins one.
 */
static struct ubuf_info *last_ubuf(struct sock *sk)
{
	struct ubuf_info *ubuf = NULL;
	struct sk_buff *skb;

	if (tcp_write_queue_empty(sk))
		return NULL;
	lock_sock(sk);
	skb = tcp_write_queue_tail(sk);
	if (skb && !skb_zcopy_is_nouarg(skb))
		ubuf = skb_zcopy(skb);
	if (ubuf && ubuf->callback == sv_ubuf_complete)
		net_zcopy_get(ubuf);
	else
		ubuf = NULL;
	release_sock(sk);
	return ubuf;
}

static ssize_t lend_tcp(struct socket *sock, struct msghdr *msg,
			struct ubuf_info *ubuf)
{
	struct sharing sharing = { .msg = *msg, .ubuf = ubuf };
	struct ubuf_info *last = last_ubuf(sock->sk);
	ssize_t ret;

	sharing.msg.msg_ubuf = last ?: ubuf;
	sharing.msg.sg_from_iter = share_from_iter;
	ret = sock_sendmsg(sock, &sharing.msg);
	msg->msg_iter = sharing.msg.msg_iter;
	net_zcopy_put(last);
	return ret;
}

/**
 * sv_sock_lend - send a message that lends its pages
 * @sock: of a protocol that knows ubuf_infos
 * @msg: flags and a bvec iterator, which is advanced by what was sent
 * @ubuf: from sv_ubuf_init(); each skb that reads the pages holds a reference, or
 *	that of another message does that it was linked to
 *
 * Return: bytes sent, or a negative errno if none were.
 */
ssize_t sv_sock_lend(struct socket *sock, struct msghdr *msg,
		     struct ubuf_info *ubuf)
{
	msg->msg_flags |= MSG_ZEROCOPY;
	/* what sendmsg comes to: nothing on top of TCP */
	if (READ_ONCE(sock->sk->sk_prot)->sendmsg == tcp_sendmsg)
		return lend_tcp(sock, msg, ubuf);
	msg->msg_ubuf = ubuf;
	msg->sg_from_iter = NULL;
	return sock_sendmsg(sock, msg);
}
#endif
