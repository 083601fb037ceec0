// SPDX-License-Identifier: GPL-2.0-only
/*
 * What modules have lent: the destructor that follows the last loan.
 *
 * One lend may be too much for a single loan. Its loans share the object here, and
 * nothing of it is the lender's again before the last of them has ended: so until
 * then all of it is paid for.
 *
 * The last loan may end below locks of ours, or a pipe's. The destructor therefore
 * runs on the release queue. It is the lender's text; ours, to which it returns,
 * drops the reference on the lender's module, so nothing of that runs any more when
 * its exit does. Our own exit drains the queue.
 */
#include "lent.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "account.h"
#include "release.h"

static void lent_free(struct sv_lent *lent)
{
	sv_account_uncharge(lent->account, SPLICEVEC_LENT,
			    atomic_long_read(&lent->pages));
	sv_account_put(lent->account);
	module_put(lent->lender.owner);
	kfree(lent);
	module_put(THIS_MODULE);
}

static void give_back(struct work_struct *work)
{
	struct sv_lent *lent = container_of(work, struct sv_lent, work);

	lent->lender.release(lent->private);
	lent_free(lent);
}

/**
 * sv_lent_begin - begin to lend
 * @lender: is copied
 * @private: for its destructor
 * @account: who pays
 *
 * Context: may sleep; called through an open vector, which holds the module.
 * Return: what is lent, with a reference for sv_lent_end(); -ENODEV: the lender is
 * being unloaded, or -ENOMEM.
 */
struct sv_lent *sv_lent_begin(const struct splicevec_lender *lender,
			      void *private, struct sv_account *account)
{
	struct sv_lent *lent = kmalloc(sizeof(*lent), GFP_KERNEL_ACCOUNT);

	if (!lent)
		return ERR_PTR(-ENOMEM);
	if (!try_module_get(lender->owner)) {
		kfree(lent);
		return ERR_PTR(-ENODEV);
	}
	__module_get(THIS_MODULE);
	refcount_set(&lent->refs, 1);
	lent->lender = *lender;
	lent->private = private;
	lent->given = false;
	lent->account = sv_account_get(account);
	atomic_long_set(&lent->pages, 0);
	INIT_WORK(&lent->work, give_back);
	return lent;
}

/**
 * sv_lent_end - the lend has come to its end, the pages have not
 * @lent: from sv_lent_begin(), whose reference is consumed
 * @given: it has succeeded. If not, the caller has put all its loans, and nobody
 *	hears of it
 *
 * To be called before the loans are published.
 *
 * Context: may sleep.
 */
void sv_lent_end(struct sv_lent *lent, bool given)
{
	lent->given = given;
	sv_lent_put(lent, 0);
}

/**
 * sv_lent_get - take another reference
 * @lent: held by the caller
 *
 * Return: @lent.
 */
struct sv_lent *sv_lent_get(struct sv_lent *lent)
{
	refcount_inc(&lent->refs);
	return lent;
}

/**
 * sv_lent_put - drop a reference
 * @lent: one reference is consumed; the last one has the lender's destructor called
 * @pages: charged pages that whoever held it leaves to be uncharged after that
 *
 * Context: may sleep.
 */
void sv_lent_put(struct sv_lent *lent, unsigned long pages)
{
	/* before the reference goes: the last to go sees all */
	atomic_long_add(pages, &lent->pages);
	if (!refcount_dec_and_test(&lent->refs))
		return;
	if (lent->given)
		sv_release_queue(&lent->work);
	else
		lent_free(lent);
}
