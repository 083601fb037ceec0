// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull memory: the caller's, pinned, or any that an iterator can reach, copied
 * where that was asked for.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "loan.h"
#include "memory.h"
#include "stable.h"

/* A loan ends where a huge page may: so such a page is one span. */
#define SV_PIN_SPAN	SZ_2M

static bool mem_match(const struct sv_pull *pull)
{
	return pull->memory;
}

static ssize_t copy_memory(struct sv_pull *pull, size_t len)
{
	struct sv_loan *loan = sv_pull_begin_owned(pull, len);
	struct sv_span room;
	size_t done;

	if (IS_ERR(loan))
		return PTR_ERR(loan);
	room = sv_span_whole(loan);
	done = sv_owned_fill(&room, pull->memory);
	if (!done) {
		sv_loan_put(loan);
		return -EFAULT;
	}
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_owned(pull, loan, 0, done);
}

/* Move the pins to the loan. */
static void add_pins(struct sv_loan *loan, struct page **pages, size_t nr,
		     u32 offset, size_t len)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		u32 n = min_t(size_t, len, PAGE_SIZE - offset);

		sv_loan_add(loan, pages[i], offset, n);
		offset = 0;
		len -= n;
	}
}

/*
 * Pin as much of the present piece of memory as the loan has room for if no two
 * of its pages lie side by side.
 *
 * Return: bytes, or -EFAULT and the other errors of pin_user_pages_fast().
 */
static ssize_t pin_piece(struct sv_pull *pull, struct sv_loan *loan,
			 struct page **pages, size_t len)
{
	unsigned long addr = sv_iter_addr(pull->memory);
	u32 offset = offset_in_page(addr);
	size_t want;
	int got;

	len = min_t(size_t, len, sv_iter_len(pull->memory));
	want = min_t(size_t, loan->cap - loan->nr,
		     DIV_ROUND_UP(offset + len, PAGE_SIZE));
	got = pin_user_pages_fast(addr & PAGE_MASK, want, SV_PIN_FLAGS, pages);
	if (got <= 0)
		return got ?: -EFAULT;
	len = min(len, ((size_t)got << PAGE_SHIFT) - offset);
	add_pins(loan, pages, got, offset, len);
	iov_iter_advance(pull->memory, len);
	return len;
}

/* Up to where the address is a multiple of the largest span. */
static size_t until_boundary(const struct sv_pull *pull)
{
	unsigned long addr = sv_iter_addr(pull->memory);

	return SV_PIN_SPAN - (addr & (SV_PIN_SPAN - 1));
}

static int pin_into_loan(struct sv_pull *pull, struct sv_loan *loan, size_t len)
{
	struct page **pages;
	ssize_t ret = 0;

	pages = kmalloc_array(loan->cap, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	/* pieces of no length are in the way */
	iov_iter_advance(pull->memory, 0);
	len = min(len, until_boundary(pull));
	while (len && loan->nr < loan->cap) {
		ret = pin_piece(pull, loan, pages, len);
		if (ret < 0)
			break;
		len -= ret;
	}
	kfree(pages);
	return ret < 0 ? ret : 0;
}

static ssize_t pin_memory(struct sv_pull *pull, size_t len)
{
	struct iov_iter before = *pull->memory;
	struct sv_loan *loan;
	ssize_t ret;
	int err;

	loan = sv_pull_begin_loan(pull, SPLICEVEC_PINNED,
				  iov_iter_npages(pull->memory, SV_LOAN_RUNS));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	err = pin_into_loan(pull, loan, len);
	ret = sv_pull_end_loan(pull, loan, false);
	if (ret <= 0)
		*pull->memory = before;
	return ret ?: err;
}

static ssize_t mem_pull(struct sv_pull *pull, size_t len)
{
	ssize_t ret;

	if (pull->flags & SPLICEVEC_COPY)
		return copy_memory(pull, len);
	ret = pin_memory(pull, len);
	if (!SV_PIN_READONLY && ret == -EFAULT)
		return copy_memory(pull, len);
	return ret;
}

const struct sv_source sv_source_mem = {
	.types = SV_TYPE_NONE,
	.match = mem_match,
	.positioning = SV_POS_NONE,
	.copies = true,
	.pull = mem_pull,
};
