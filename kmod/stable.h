/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_STABLE_H
#define _SV_STABLE_H

#include "spans.h"

struct sv_account;

/* Bytes one copy takes at the most: a loan of single pages. */
#define SV_COPY_MAX	((size_t)256 << PAGE_SHIFT)

struct sv_loan *sv_owned_alloc(struct sv_account *account, size_t len);
size_t sv_owned_fill(struct sv_span *room, struct iov_iter *from);
void sv_owned_trim(struct sv_loan *loan, size_t len);
struct sv_loan *sv_owned_copy(struct sv_account *account,
			      const struct sv_spans *spans, size_t len);
int sv_owned_copies(struct sv_account *account, const struct sv_spans *spans,
		    size_t len, struct sv_spans *copies);

#endif /* _SV_STABLE_H */
