/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_COMPAT_FRAGMENT_H
#define _SV_COMPAT_FRAGMENT_H

#include <linux/bvec.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/uio.h>

/**
 * struct sv_fragment - what may be one fragment of an skb
 * @page: it begins in
 * @off: first byte, below PAGE_SIZE
 * @len: bytes
 *
 * All of it is of one folio: whoever keeps a fragment longer than the skb it came with takes
 * a reference on its first page, and whoever copies it out looks at that page's folio.
 */
struct sv_fragment {
	struct page *page;
	size_t off;
	size_t len;
};

/**
 * sv_fragment_next - the next fragment of a message
 * @from: bvec iterator; sv_fragment_done() advances it
 * @left: bytes at the most
 *
 * Return: the fragment.
 */
static inline struct sv_fragment sv_fragment_next(const struct iov_iter *from,
						  size_t left)
{
	const struct bio_vec *bv = from->bvec;
	size_t off = bv->bv_offset + from->iov_offset;
	struct sv_fragment next = {
		.page = bv->bv_page + (off >> PAGE_SHIFT),
		.off = offset_in_page(off),
		.len = bv->bv_len - from->iov_offset,
	};

	/* what lies in one page needs no look at it */
	if (next.off + next.len > PAGE_SIZE) {
		if (PageCompound(next.page))
			sv_bvec_folio(bv, from->iov_offset, &next.len);
		else
			next.len = PAGE_SIZE - next.off;
	}
	next.len = min(next.len, left);
	return next;
}

/**
 * sv_fragment_done - go on behind a fragment, or a part of it
 * @from: bvec iterator
 * @len: bytes of what sv_fragment_next() returned
 *
 * iov_iter_advance() for what ends in the present run at the latest.
 */
static inline void sv_fragment_done(struct iov_iter *from, size_t len)
{
	from->count -= len;
	from->iov_offset += len;
	if (from->iov_offset == from->bvec->bv_len) {
		from->iov_offset = 0;
		from->bvec++;
		from->nr_segs--;
	}
}

#endif /* _SV_COMPAT_FRAGMENT_H */
