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

static struct sv_account *account_alloc(struct user_struct *user)
{
	struct sv_account *account;

	account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);
	if (!account)
		return NULL;
	refcount_set(&account->refs, 1);
	account->user = get_uid(user);
	return account;
}

static void account_free(struct sv_account *account)
{
	free_uid(account->user);
	kfree(account->spare);
	kfree(account);
}

/*
 * Allocated outside the mutex: the release queue takes that, and must not wait
 * for reclaim, nor for who does.
 */
static struct sv_account *account_new(struct user_struct *user)
{
	struct sv_account *new = account_alloc(user);
	struct sv_account *account;

	if (!new)
		return NULL;
	mutex_lock(&sv_accounts_lock);
	account = account_lookup(user);
	if (!account)
		list_add(&new->node, &sv_accounts);
	mutex_unlock(&sv_accounts_lock);
	if (!account)
		return new;
	account_free(new);
	return account;
}

/**
 * sv_account_find - the account of the calling user
 *
 * Context: may sleep.
 * Return: the account with a reference for the caller, or NULL: no memory.
 */
struct sv_account *sv_account_find(void)
{
	struct user_struct *user = current_user();
	struct sv_account *account;

	mutex_lock(&sv_accounts_lock);
	account = account_lookup(user);
	mutex_unlock(&sv_accounts_lock);
	return account ?: account_new(user);
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
	account_free(account);
}

/*
 * Add to a counter unless that takes it beyond a limit. It may be others' too,
 * so it never shows more than is granted.
 */
static bool add_within(atomic_long_t *counter, long pages, unsigned long limit)
{
	long now = atomic_long_read(counter);

	do {
		if (now + pages > limit)
			return false;
	} while (!atomic_long_try_cmpxchg(counter, &now, now + pages));
	return true;
}

static bool charge_pinned(struct sv_account *account, unsigned long pages)
{
	atomic_long_t *locked = &account->user->locked_vm;

	if (!add_within(locked, pages, rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)) {
		if (!capable(CAP_IPC_LOCK))
			return false;
		atomic_long_add(pages, locked);
	}
	atomic_long_add(pages, &account->pinned);
	return true;
}

static bool charge_pages(struct sv_account *account, unsigned long pages)
{
	unsigned long hard = READ_ONCE(user_pages_hard) ?: LONG_MAX;

	if (add_within(&account->pages, pages, hard))
		return true;
	if (!capable(CAP_SYS_RESOURCE))
		return false;
	atomic_long_add(pages, &account->pages);
	return true;
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
	bool charged;

	if (kind == SPLICEVEC_PINNED)
		charged = charge_pinned(account, pages);
	else
		charged = charge_pages(account, pages);
	return charged ? 0 : -EDQUOT;
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
	usage->completions = atomic_long_read(&account->completions);
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
