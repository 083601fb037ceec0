/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_LENT_H
#define _SV_LENT_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/splicevec.h>
#include <linux/workqueue.h>

struct sv_account;

/**
 * struct sv_lent - what a module has lent in one go
 * @refs: one for each loan that has a part of it, one for whoever lends
 * @lender: to whom it goes back; a copy. Holds a reference on the owner
 * @private: the lender's
 * @given: the lend has succeeded: the pages are to be given back
 * @account: who pays until then; holds one reference
 * @pages: charged to @account for loans that have ended already
 * @work: the end
 *
 * Holds a module reference, as its end runs on the release queue.
 */
struct sv_lent {
	refcount_t refs;
	struct splicevec_lender lender;
	void *private;
	bool given;
	struct sv_account *account;
	atomic_long_t pages;
	struct work_struct work;
};

struct sv_lent *sv_lent_begin(const struct splicevec_lender *lender,
			      void *private, struct sv_account *account);
void sv_lent_end(struct sv_lent *lent, bool given);

struct sv_lent *sv_lent_get(struct sv_lent *lent);
void sv_lent_put(struct sv_lent *lent, unsigned long pages);

#endif /* _SV_LENT_H */
