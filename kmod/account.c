// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pays for the pages that vectors keep from being freed.
 *
 * PINNED loans are charged to the puller's user_struct like other long-term
 * pins; never to an mm, which may be gone when the last reader lets go. All
 * other kinds count against a page quota of our own with the meaning of
 * pipe-user-pages-soft and -hard.
 */
#include "account.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

static unsigned long user_pages_soft = 16384;
module_param(user_pages_soft, ulong, 0644);
MODULE_PARM_DESC(user_pages_soft,
		 "Pages a user's vectors may hold before each is cut to a few (0: no limit)");

static unsigned long user_pages_hard = 262144;
module_param(user_pages_hard, ulong, 0644);
MODULE_PARM_DESC(user_pages_hard,
		 "Pages a user's vectors may hold at all (0: no limit)");

static LIST_HEAD(sv_accounts);
static DEFINE_MUTEX(sv_accounts_lock);	/* sv_accounts and its nodes */

static struct sv_account *account_lookup(struct user_struct *user)
{
	struct sv_account *account;

	lockdep_assert_held(&sv_accounts_lock);
	list_for_each_entry(account, &sv_accounts, node)
		if (account->user == user)
			return sv_account_get(account);
	return NULL;
}

static struct sv_account *account_new(struct user_struct *user)
{
	struct sv_account *account;

	lockdep_assert_held(&sv_accounts_lock);
	account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);
	if (!account)
		return NULL;
	refcount_set(&account->refs, 1);
	account->user = get_uid(user);
	list_add(&account->node, &sv_accounts);
	return account;
}

/**
 * sv_account_find - the account of the calling user
 * @hint: an account the caller holds, tried first, or NULL
 *
 * Context: may sleep.
 * Return: the account with a reference for the caller, or NULL: no memory.
 */
struct sv_account *sv_account_find(struct sv_account *hint)
{
	struct user_struct *user = current_user();
	struct sv_account *account;

	if (hint && hint->user == user)
		return sv_account_get(hint);
	mutex_lock(&sv_accounts_lock);
	account = account_lookup(user) ?: account_new(user);
	mutex_unlock(&sv_accounts_lock);
	return account;
}

/**
 * sv_account_get - take another reference
 * @account: held by the caller
 *
 * Return: @account.
 */
struct sv_account *sv_account_get(struct sv_account *account)
{
	refcount_inc(&account->refs);
	return account;
}

/**
 * sv_account_put - drop a reference
 * @account: one reference is consumed; the last one frees it
 *
 * By then every charge has been undone, because each charge belongs to a loan
 * that held a reference.
 *
 * Context: may sleep.
 */
void sv_account_put(struct sv_account *account)
{
	if (!refcount_dec_and_mutex_lock(&account->refs, &sv_accounts_lock))
		return;
	list_del(&account->node);
	mutex_unlock(&sv_accounts_lock);
	WARN_ON_ONCE(atomic_long_read(&account->pages));
	WARN_ON_ONCE(atomic_long_read(&account->pinned));
	free_uid(account->user);
	kfree(account);
}

static bool pinned_allowed(long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	return pages <= limit || capable(CAP_IPC_LOCK);
}

static bool pages_allowed(long pages)
{
	unsigned long hard = READ_ONCE(user_pages_hard);

	return !hard || pages <= hard || capable(CAP_SYS_RESOURCE);
}

/**
 * sv_account_charge - make a user pay for pages
 * @account: the payer
 * @kind: kind of the loan
 * @pages: number of pages
 *
 * Return: 0, or -EDQUOT with nothing charged.
 */
int sv_account_charge(struct sv_account *account, enum splicevec_kind kind,
		      unsigned long pages)
{
	bool allowed;

	sv_account_overcharge(account, kind, pages);
	if (kind == SPLICEVEC_PINNED)
		allowed = pinned_allowed(atomic_long_read(&account->user->locked_vm));
	else
		allowed = pages_allowed(atomic_long_read(&account->pages));
	if (allowed)
		return 0;
	sv_account_uncharge(account, kind, pages);
	return -EDQUOT;
}

/**
 * sv_account_overcharge - charge without a limit
 * @account: the payer
 * @kind: kind of the loan
 * @pages: number of pages
 *
 * For pages that turn out larger than was asked for when there is no way back,
 * because they have left their source already.
 */
void sv_account_overcharge(struct sv_account *account, enum splicevec_kind kind,
			   unsigned long pages)
{
	if (kind == SPLICEVEC_PINNED) {
		atomic_long_add(pages, &account->user->locked_vm);
		atomic_long_add(pages, &account->pinned);
	} else {
		atomic_long_add(pages, &account->pages);
	}
}

/**
 * sv_account_uncharge - undo a charge
 * @account: the payer
 * @kind: kind of the loan
 * @pages: number of pages
 */
void sv_account_uncharge(struct sv_account *account, enum splicevec_kind kind,
			 unsigned long pages)
{
	if (kind == SPLICEVEC_PINNED) {
		atomic_long_sub(pages, &account->user->locked_vm);
		atomic_long_sub(pages, &account->pinned);
	} else {
		atomic_long_sub(pages, &account->pages);
	}
}

/**
 * sv_account_over_soft - does a user hold more than the soft limit?
 * @account: the user's account
 *
 * Return: true if so and the caller is not exempt.
 */
bool sv_account_over_soft(struct sv_account *account)
{
	unsigned long soft = READ_ONCE(user_pages_soft);

	return soft && atomic_long_read(&account->pages) >= soft &&
	       !capable(CAP_SYS_RESOURCE);
}

static void account_read(struct sv_account *account, struct sv_usage *usage)
{
	int kind;

	usage->pages = atomic_long_read(&account->pages);
	usage->pinned = atomic_long_read(&account->pinned);
	for (kind = 0; kind < SPLICEVEC_KINDS; kind++)
		usage->loans[kind] = atomic_long_read(&account->loans[kind]);
	usage->pushes = atomic_long_read(&account->pushes);
	usage->vectors = atomic_long_read(&account->vectors);
}

/**
 * sv_account_for_each - read all accounts
 * @fn: called with each user's id in the initial namespace and its usage
 * @data: passed on
 *
 * Context: may sleep; @fn runs under the list's mutex.
 */
void sv_account_for_each(void (*fn)(uid_t uid, const struct sv_usage *usage,
				    void *data), void *data)
{
	struct sv_account *account;
	struct sv_usage usage;

	mutex_lock(&sv_accounts_lock);
	list_for_each_entry(account, &sv_accounts, node) {
		account_read(account, &usage);
		fn(from_kuid(&init_user_ns, account->user->uid), &usage, data);
	}
	mutex_unlock(&sv_accounts_lock);
}
