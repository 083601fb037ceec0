// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pull the caller's memory: pinned, or copied where that was asked for.
 */
#include "pull.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "loan.h"
#include "stable.h"

static ssize_t copy_memory(struct sv_pull *pull, size_t len)
{
	void __user *from = u64_to_user_ptr(pull->addr);
	struct iov_iter iter;
	struct sv_loan *loan;
	struct sv_span room;
	size_t done;
	int err;

	err = sv_pull_room(pull, 1);
	if (err)
		return err;
	loan = sv_owned_alloc(pull->account, len);
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	iov_iter_ubuf(&iter, ITER_SOURCE, from, len);
	room = sv_span_whole(loan);
	done = sv_owned_fill(&room, &iter);
	sv_owned_trim(loan, done);
	if (!done) {
		sv_loan_put(loan);
		return -EFAULT;
	}
	pull->addr += done;
	pull->result |= SPLICEVEC_COPIED;
	return sv_pull_end_loan(pull, loan, true);
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

static ssize_t pin_into_loan(struct sv_pull *pull, struct sv_loan *loan,
			     size_t len)
{
	u32 offset = offset_in_page(pull->addr);
	size_t want = min_t(size_t, loan->cap, DIV_ROUND_UP(offset + len, PAGE_SIZE));
	struct page **pages;
	int got;

	pages = kmalloc_array(want, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	got = pin_user_pages_fast(pull->addr & PAGE_MASK, want, SV_PIN_FLAGS,
				  pages);
	if (got > 0)
		add_pins(loan, pages, got, offset,
			 min(len, ((size_t)got << PAGE_SHIFT) - offset));
	kfree(pages);
	return got > 0 ? 0 : got ?: -EFAULT;
}

static ssize_t pin_memory(struct sv_pull *pull, size_t len)
{
	struct sv_loan *loan;
	ssize_t ret;
	int err;

	loan = sv_pull_begin_loan(pull, SPLICEVEC_PINNED,
				  DIV_ROUND_UP(offset_in_page(pull->addr) + len,
					       PAGE_SIZE));
	if (IS_ERR(loan))
		return PTR_ERR(loan);
	err = pin_into_loan(pull, loan, len);
	ret = sv_pull_end_loan(pull, loan, false);
	if (ret > 0)
		pull->addr += ret;
	return ret ?: err;
}

static ssize_t mem_pull(struct sv_pull *pull, size_t len)
{
	ssize_t ret;

	if (!access_ok(u64_to_user_ptr(pull->addr), len))
		return -EFAULT;
	if (pull->copy)
		return copy_memory(pull, len);
	ret = pin_memory(pull, len);
	if (!SV_PIN_READONLY && ret == -EFAULT)
		return copy_memory(pull, len);
	return ret;
}

const struct sv_source sv_source_mem = {
	.positioning = SV_POS_NONE,
	.pull = mem_pull,
};
