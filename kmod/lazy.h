/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_LAZY_H
#define _SV_LAZY_H

#include "spans.h"

struct page;
struct sv_loan;

int sv_lazy_wait_page(const struct sv_loan *loan, struct page *page,
		      bool nonblock);
int sv_lazy_wait(const struct sv_spans *window, bool whole, bool nonblock,
		 size_t *ready);

#endif /* _SV_LAZY_H */
