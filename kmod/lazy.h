/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_LAZY_H
#define _SV_LAZY_H

#include "spans.h"

struct page;
struct sv_loan;

/**
 * enum sv_lazy - what of a LAZY span may be waited for
 * @SV_LAZY_WAIT: all
 * @SV_LAZY_NONBLOCK: not what is on its way: -EAGAIN. What could not be read at first is
 *	read at once, as any file is
 * @SV_LAZY_NOWAIT: nothing: -SV_EWAIT
 */
enum sv_lazy {
	SV_LAZY_WAIT,
	SV_LAZY_NONBLOCK,
	SV_LAZY_NOWAIT,
};

/* Of a command that is not to wait, or of whoever cannot. */
static inline enum sv_lazy sv_lazy_how(bool nonblock, bool nowait)
{
	if (nowait)
		return SV_LAZY_NOWAIT;
	return nonblock ? SV_LAZY_NONBLOCK : SV_LAZY_WAIT;
}

int sv_lazy_wait_page(const struct sv_loan *loan, struct page *page,
		      bool nonblock);
int sv_lazy_wait(const struct sv_spans *window, bool whole, enum sv_lazy how,
		 size_t *ready);

#endif /* _SV_LAZY_H */
