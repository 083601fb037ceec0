// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page references into TCP before there was MSG_SPLICE_PAGES (6.5): a whole message
 * in one sendmsg. May go with 6.1.
 *
 * sendpage takes a folio a call, and skips the security hook of sendmsg. But who
 * calls sendmsg with a ubuf_info may fill the skbs himself. Ours is there for
 * nothing else: it lacks SKBFL_ZEROCOPY_ENABLE, so no skb takes it for its owner,
 * calls it or looks at it later (the pointer that stays in the skb is dead). What
 * TCP gets are plain references, charged and marked as those of sendpage.
 */
#include <linux/bvec.h>
#include <linux/net.h>
#include <net/sock.h>

#include "fragment.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
struct tcp_pages {
	struct ubuf_info ubuf;
	bool refused;	/* there was no memory, or a page that TCP does not take */
};

/* sendmsg lets go of the ubuf. It is the caller's and lives longer. */
static void pages_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
			   bool zerocopy)
{
}

/*
 * Add a fragment, or make the last one longer: up to the end of the folio, which
 * is what one reference holds.
 *
 * Return: bytes, or 0 if the skb has no room or the page may not be sent.
 */
static size_t add_fragment(struct sk_buff *skb, const struct iov_iter *from,
			   size_t left, bool *refused)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	struct sv_fragment next = sv_fragment_next(from, left);
	struct folio *folio = page_folio(next.page);
	size_t at = (folio_page_idx(folio, next.page) << PAGE_SHIFT) + next.off;
	int nr = shinfo->nr_frags;

	if (skb_can_coalesce(skb, nr, &folio->page, at)) {
		skb_frag_size_add(&shinfo->frags[nr - 1], next.len);
		return next.len;
	}
	if (nr == MAX_SKB_FRAGS)
		return 0;
	*refused = !sendpage_ok(next.page);
	if (*refused)
		return 0;
	folio_get(folio);
	skb_fill_page_desc_noacc(skb, nr, &folio->page, at, next.len);
	return next.len;
}

/*
 * Fill an skb. TCP takes one that begins like this for zero-copy's, which is
 * not charged to the protocol's memory: this one is.
 *
 * Context: the socket is locked.
 * Return: bytes; 0 with @refused: nothing more of this message will do.
 */
static size_t fill(struct tcp_pages *pages, struct sock *sk,
		   struct sk_buff *skb, struct iov_iter *from, size_t length)
{
	size_t done = 0;
	size_t len;

	if (skb_zcopy_pure(skb)) {
		pages->refused = !sk_wmem_schedule(sk, length);
		if (pages->refused)
			return 0;
		skb_shinfo(skb)->flags &= ~SKBFL_PURE_ZEROCOPY;
	}
	while (done < length) {
		len = add_fragment(skb, from, length - done, &pages->refused);
		if (!len)
			break;
		sv_fragment_done(from, len);
		done += len;
	}
	skb->len += done;
	skb->data_len += done;
	skb->truesize += done;
	return done;
}

/* What sendmsg knows: all, go on with another skb, or give up. */
static int fill_errno(const struct tcp_pages *pages, size_t length, size_t done)
{
	if (done == length)
		return 0;
	return pages->refused && !done ? -EFAULT : -EMSGSIZE;
}

static struct tcp_pages *pages_of(struct iov_iter *from)
{
	struct msghdr *msg = container_of(from, struct msghdr, msg_iter);

	return container_of(msg->msg_ubuf, struct tcp_pages, ubuf);
}

static int pages_from_iter(struct sock *sk, struct sk_buff *skb,
			   struct iov_iter *from, size_t length)
{
	struct tcp_pages *pages = pages_of(from);
	size_t done;

	length = min(length, from->count);
	done = fill(pages, sk, skb, from, length);
	sk_wmem_queued_add(sk, done);
	sk_mem_charge(sk, done);
	return fill_errno(pages, length, done);
}

/**
 * sv_tcp_splice_pages - send page references through TCP
 * @sock: connected socket without an upper-layer protocol
 * @msg: flags and a bvec iterator, which is advanced by what was sent
 *
 * TCP takes references of its own on the folios it keeps. Where the protocol's
 * memory is used up, or a page is none that TCP takes, the kernel's own way goes on:
 * it waits, or says what is wrong.
 *
 * Return: bytes sent, or a negative errno if none were.
 */
ssize_t sv_tcp_splice_pages(struct socket *sock, struct msghdr *msg)
{
	unsigned int flags = msg->msg_flags;
	struct tcp_pages pages = {
		.ubuf.callback = pages_complete,
		/* nobody may write to these pages, IPsec in place for one */
		.ubuf.flags = SKBFL_SHARED_FRAG,
		.ubuf.refcnt = REFCOUNT_INIT(1),
	};
	ssize_t done, ret;

	msg->msg_ubuf = &pages.ubuf;
	msg->sg_from_iter = pages_from_iter;
	msg->msg_flags |= MSG_ZEROCOPY;
	ret = sock_sendmsg(sock, msg);
	msg->msg_ubuf = NULL;
	if (!pages.refused)
		return ret;
	done = max_t(ssize_t, ret, 0);
	msg->msg_flags = flags;
	ret = sv_sock_splice_pages(sock, msg);
	return ret > 0 ? done + ret : done ?: ret;
}
#endif
