/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIN_H
#define _SV_PIN_H

#include <linux/types.h>

#include "spans.h"

struct inode;
struct sv_account;
struct sv_completion;
struct sv_loan;
struct sv_pin;

/**
 * struct sv_pin_wish - how bytes shall be pinned
 * @account: who pays for the loan
 * @sink: inode that is pushed to
 * @ms: for how long at the most, as in struct splicevec_push
 * @nowait: wait for nobody
 */
struct sv_pin_wish {
	struct sv_account *account;
	struct inode *sink;
	u32 ms;
	bool nowait;
};

struct sv_loan *sv_pin_begin(struct sv_pin **pin, const struct sv_pin_wish *wish,
			     const struct sv_span *span, size_t *len);
void sv_pin_put(struct sv_pin *pin);
void sv_pin_cut(struct sv_loan *loan, size_t accepted);
void sv_pin_tell(struct sv_loan *loan, struct sv_completion *completion);
void sv_pin_read(long *pins, long *pages);

#endif /* _SV_PIN_H */
