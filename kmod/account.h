/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_ACCOUNT_H
#define _SV_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched/user.h>
#include <linux/splicevec.h>

/**
 * struct sv_account - what one user holds
 * @node: in the list of accounts, under its mutex
 * @refs: one for each vector, loan and push of this user
 * @user: whose locked_vm pays for PINNED loans; holds one reference
 * @pages: pages charged for all other loans
 * @pinned: pages charged to @user->locked_vm by us
 * @loans: live loans by kind
 * @pushes: live tracked pushes
 * @vectors: open vectors
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
	atomic_long_t vectors;
};

/**
 * struct sv_usage - a reading of one account, or the sum of all
 * @pages: as in struct sv_account
 * @pinned: likewise
 * @loans: likewise
 * @pushes: likewise
 * @vectors: likewise
 */
struct sv_usage {
	long pages;
	long pinned;
	long loans[SPLICEVEC_KINDS];
	long pushes;
	long vectors;
};

struct sv_account *sv_account_find(void);
struct sv_account *sv_account_get(struct sv_account *account);
void sv_account_put(struct sv_account *account);

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
void sv_account_uncharge(struct sv_account *account, enum splicevec_kind kind,
			 unsigned long pages);
bool sv_account_over_soft(struct sv_account *account);

void sv_account_for_each(void (*fn)(uid_t uid, const struct sv_usage *usage,
				    void *data), void *data);

#endif /* _SV_ACCOUNT_H */
