/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_ACCOUNT_H
#define _SV_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched/user.h>
#include <linux/splicevec.h>

struct sv_loan;

/**
 * struct sv_account - what one user holds
 * @node: in the list of accounts, under its mutex
 * @refs: one for each vector, loan, push and completion of this user
 * @user: whose locked_vm pays for PINNED loans; holds one reference
 * @pages: pages charged for all other loans
 * @pinned: pages charged to @user->locked_vm by us
 * @loans: live loans by kind
 * @pushes: live tracked pushes
 * @completions: live completions, those not reaped included
 * @vectors: open vectors
 * @spare: memory of a loan that has ended, for the next one, or NULL
 *
 * A charge is paid by whoever pulled, until release: passing the vector on, fork
 * and exec change nothing.
 */
struct sv_account {
	struct list_head node;
	refcount_t refs;
	struct user_struct *user;
	atomic_long_t pages;
	atomic_long_t pinned;
	atomic_long_t loans[SPLICEVEC_KINDS];
	atomic_long_t pushes;
	atomic_long_t completions;
	atomic_long_t vectors;
	struct sv_loan *spare;
};

/**
 * struct sv_usage - a reading of one account, or the sum of all
 * @pages: as in struct sv_account
 * @pinned: likewise
 * @loans: likewise
 * @pushes: likewise
 * @completions: likewise
 * @vectors: likewise
 */
struct sv_usage {
	long pages;
	long pinned;
	long loans[SPLICEVEC_KINDS];
	long pushes;
	long completions;
	long vectors;
};

struct sv_account *sv_account_find(void);
void sv_account_put(struct sv_account *account);

/**
 * sv_account_get - take another reference
 * @account: held by the caller
 *
 * Return: @account.
 */
static inline struct sv_account *sv_account_get(struct sv_account *account)
{
	refcount_inc(&account->refs);
	return account;
}

/**
 * sv_account_borrow - the account of the calling user, for one command
 * @own: of the vector it works on, which the caller holds
 *
 * Mostly these are the same, and the vector's reference serves.
 *
 * Context: may sleep.
 * Return: the account, for sv_account_return(), or NULL: no memory.
 */
static inline struct sv_account *sv_account_borrow(struct sv_account *own)
{
	return own->user == current_user() ? own : sv_account_find();
}

/**
 * sv_account_return - end what sv_account_borrow() began
 * @account: its result
 * @own: its argument
 */
static inline void sv_account_return(struct sv_account *account,
				     struct sv_account *own)
{
	if (account && account != own)
		sv_account_put(account);
}

int sv_account_charge(struct sv_account *account, enum splicevec_kind kind,
		      unsigned long pages);
void sv_account_overcharge(struct sv_account *account, enum splicevec_kind kind,
			   unsigned long pages);
bool sv_account_over_soft(struct sv_account *account);

/**
 * sv_account_uncharge - undo a charge
 * @account: the payer
 * @kind: kind of the loan
 * @pages: number of pages
 */
static inline void sv_account_uncharge(struct sv_account *account,
				       enum splicevec_kind kind,
				       unsigned long pages)
{
	if (kind == SPLICEVEC_PINNED) {
		atomic_long_sub(pages, &account->user->locked_vm);
		atomic_long_sub(pages, &account->pinned);
	} else {
		atomic_long_sub(pages, &account->pages);
	}
}

void sv_account_for_each(void (*fn)(uid_t uid, const struct sv_usage *usage,
				    void *data), void *data);

#endif /* _SV_ACCOUNT_H */
