// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies: loans whose pages are allocated and filled by us, so that nobody else
 * can change them.
 */
#include "stable.h"

#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/mm.h>

#include "account.h"
#include "loan.h"

/**
 * sv_owned_alloc - allocate an OWNED loan to be filled
 * @account: who pays
 * @len: bytes wanted; SV_COPY_MAX at the most are given
 *
 * Allocation and filling are apart so that a copy of what cannot be put back
 * into its source never fails half way.
 *
 * Context: may sleep.
 * Return: the loan, its runs whole pages with undefined contents (fewer than
 * asked for if memory is short), -ENOMEM or -EDQUOT.
 */
struct sv_loan *sv_owned_alloc(struct sv_account *account, size_t len)
{
	unsigned int pages = DIV_ROUND_UP(min(len, SV_COPY_MAX), PAGE_SIZE);
	struct sv_loan *loan;
	struct page *page;

	loan = sv_loan_alloc(account, SPLICEVEC_OWNED, pages);
	if (IS_ERR(loan))
		return loan;
	while (pages--) {
		page = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page)
			break;
		sv_loan_add(loan, page, 0, PAGE_SIZE);
	}
	if (loan->nr)
		return loan;
	sv_loan_put(loan);
	return ERR_PTR(-ENOMEM);
}

/**
 * sv_owned_fill - copy into an OWNED loan
 * @room: what is still to be filled, from sv_span_whole(); advanced
 * @from: what to copy; advanced
 *
 * Context: may sleep, may fault.
 * Return: bytes copied; fewer if there is no more room or @from cannot be read.
 */
size_t sv_owned_fill(struct sv_span *room, struct iov_iter *from)
{
	size_t before = room->len;
	struct sv_piece piece;
	size_t want, got;

	while (room->len && iov_iter_count(from)) {
		struct sv_span rest = *room;

		sv_span_next_piece(&rest, &piece);
		want = min_t(size_t, piece.len, iov_iter_count(from));
		got = copy_page_from_iter(piece.page, piece.offset, want, from);
		sv_span_advance(room, got);
		if (got < want)
			break;
	}
	return before - room->len;
}

/**
 * sv_owned_trim - forget what was not filled
 * @loan: from sv_owned_alloc(), private
 * @len: bytes filled
 *
 * Not a byte of undefined contents stays in the loan. The caller settles.
 */
void sv_owned_trim(struct sv_loan *loan, size_t len)
{
	const struct bio_vec *last;
	size_t end;

	sv_loan_trim(loan, len);
	if (!loan->nr)
		return;
	last = &loan->bv[loan->nr - 1];
	end = last->bv_offset + last->bv_len;
	if (offset_in_page(end))
		memzero_page(last->bv_page + (end >> PAGE_SHIFT),
			     offset_in_page(end),
			     PAGE_SIZE - offset_in_page(end));
}

/**
 * sv_owned_copy - copy the beginning of a list of spans
 * @account: who pays
 * @spans: list, not empty
 * @len: bytes wanted, not more than it holds
 *
 * Return: an OWNED loan with @len bytes, or as many as there was memory for up to
 * SV_COPY_MAX; -ENOMEM or -EDQUOT.
 */
struct sv_loan *sv_owned_copy(struct sv_account *account,
			      const struct sv_spans *spans, size_t len)
{
	struct sv_loan *loan = sv_owned_alloc(account, len);
	struct iov_iter from;
	struct sv_span room;
	size_t size;
	u32 i;

	if (IS_ERR(loan))
		return loan;
	room = sv_span_whole(loan);
	room.len = min(room.len, len);
	size = room.len;
	for (i = 0; room.len; i++) {
		sv_span_iter(sv_spans_at(spans, i), ITER_SOURCE, &from);
		sv_owned_fill(&room, &from);
	}
	sv_owned_trim(loan, size);
	sv_loan_settle(loan, true);
	return loan;
}

/**
 * sv_owned_copies - copy a list of spans
 * @account: who pays
 * @spans: list
 * @len: bytes wanted, not more than it holds
 * @copies: empty list; receives the copies, on failure some of them
 *
 * Return: 0, -ENOMEM or -EDQUOT.
 */
int sv_owned_copies(struct sv_account *account, const struct sv_spans *spans,
		    size_t len, struct sv_spans *copies)
{
	struct sv_spans rest = {};
	int err = sv_spans_reserve(&rest, spans->nr);

	if (!err)
		sv_spans_share(spans, spans->head, len, spans->nr, &rest);
	while (!err && rest.nr) {
		struct sv_loan *copy = sv_owned_copy(account, &rest,
						     rest.tail - rest.head);

		if (IS_ERR(copy)) {
			err = PTR_ERR(copy);
			break;
		}
		sv_spans_drop(&rest, copy->len);
		err = sv_spans_reserve(copies, 1);
		if (err)
			sv_loan_put(copy);
		else
			sv_spans_append_loan(copies, copy);
	}
	sv_spans_free(&rest);
	return err;
}
