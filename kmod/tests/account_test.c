// SPDX-License-Identifier: GPL-2.0-only
/* Accounts: a charge and its end are a pair, and limits hold. */
#include "helpers.h"

#include <linux/sched/signal.h>

#include "suites.h"

static long pages_of(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->pages);
}

static long pinned_of(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->pinned);
}

static long locked_of(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->user->locked_vm);
}

static void each_charge_is_undone(struct kunit *test)
{
	struct sv_account *account = sv_test_account(test);
	int kind;

	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
		bool pinned = kind == SPLICEVEC_PINNED;

		KUNIT_EXPECT_EQ(test, sv_account_charge(account, kind, 5), 0);
		KUNIT_EXPECT_EQ(test, pages_of(test), pinned ? 0 : 5);
		KUNIT_EXPECT_EQ(test, pinned_of(test), pinned ? 5 : 0);
		KUNIT_EXPECT_EQ(test, locked_of(test), pinned ? 5 : 0);
		sv_account_overcharge(account, kind, 2);
		KUNIT_EXPECT_EQ(test, pages_of(test), pinned ? 0 : 7);
		KUNIT_EXPECT_EQ(test, pinned_of(test), pinned ? 7 : 0);
		KUNIT_EXPECT_EQ(test, locked_of(test), pinned ? 7 : 0);
		sv_account_uncharge(account, kind, 7);
		KUNIT_EXPECT_EQ(test, pages_of(test), 0);
		KUNIT_EXPECT_EQ(test, pinned_of(test), 0);
		KUNIT_EXPECT_EQ(test, locked_of(test), 0);
	}
}

/* Up to the limit and not a page more; a refusal charges nothing. */
static void the_hard_limit_holds_to_the_page(struct kunit *test)
{
	unsigned long *hard = sv_test_parameter(test, "user_pages_hard");
	struct sv_account *account = sv_test_account(test);
	unsigned long before = *hard;

	sv_test_drop_rights(test);
	*hard = 10;
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, 11), -EDQUOT);
	KUNIT_EXPECT_EQ(test, pages_of(test), 0);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, 9), 0);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, 2), -EDQUOT);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_OWNED, 1), 0);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_OWNED, 1), -EDQUOT);
	KUNIT_EXPECT_EQ(test, pages_of(test), 10);
	/* memory of the caller's own counts elsewhere */
	KUNIT_EXPECT_EQ(test, locked_of(test), 0);
	*hard = 0;
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_OWNED, 1 << 20), 0);
	*hard = before;
	sv_account_uncharge(account, SPLICEVEC_OWNED, 10 + (1 << 20));
}

static void those_with_rights_pass_the_hard_limit(struct kunit *test)
{
	unsigned long *hard = sv_test_parameter(test, "user_pages_hard");
	struct sv_account *account = sv_test_account(test);
	unsigned long before = *hard;

	*hard = 10;
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, 11), 0);
	KUNIT_EXPECT_EQ(test, pages_of(test), 11);
	*hard = before;
	sv_account_uncharge(account, SPLICEVEC_CACHE, 11);
}

static void the_soft_limit_is_told(struct kunit *test)
{
	unsigned long *soft = sv_test_parameter(test, "user_pages_soft");
	struct sv_account *account = sv_test_account(test);
	unsigned long before = *soft;

	*soft = 10;
	sv_account_overcharge(account, SPLICEVEC_CACHE, 9);
	KUNIT_EXPECT_FALSE(test, sv_account_over_soft(account));
	sv_account_overcharge(account, SPLICEVEC_CACHE, 1);
	/* not to those with rights */
	KUNIT_EXPECT_FALSE(test, sv_account_over_soft(account));
	sv_test_drop_rights(test);
	KUNIT_EXPECT_TRUE(test, sv_account_over_soft(account));
	sv_account_uncharge(account, SPLICEVEC_CACHE, 1);
	KUNIT_EXPECT_FALSE(test, sv_account_over_soft(account));
	*soft = 0;
	sv_account_overcharge(account, SPLICEVEC_CACHE, 1 << 20);
	KUNIT_EXPECT_FALSE(test, sv_account_over_soft(account));
	*soft = before;
	sv_account_uncharge(account, SPLICEVEC_CACHE, 9 + (1 << 20));
}

/* The limit is the caller's own, and the sum over all of the user's pins. */
static void pins_stay_below_the_limit_of_locked_memory(struct kunit *test)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_MEMLOCK];
	struct sv_account *account = sv_test_account(test);
	struct rlimit before = *limit;

	sv_test_drop_rights(test);
	limit->rlim_cur = 10 * PAGE_SIZE + PAGE_SIZE / 2;
	atomic_long_set(&account->user->locked_vm, 4);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_PINNED, 7), -EDQUOT);
	KUNIT_EXPECT_EQ(test, locked_of(test), 4);
	KUNIT_EXPECT_EQ(test, pinned_of(test), 0);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_PINNED, 6), 0);
	KUNIT_EXPECT_EQ(test, locked_of(test), 10);
	KUNIT_EXPECT_EQ(test, pinned_of(test), 6);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_PINNED, 1), -EDQUOT);
	sv_account_uncharge(account, SPLICEVEC_PINNED, 6);
	KUNIT_EXPECT_EQ(test, locked_of(test), 4);
	atomic_long_set(&account->user->locked_vm, 0);
	*limit = before;
}

static void those_with_rights_pin_more(struct kunit *test)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_MEMLOCK];
	struct sv_account *account = sv_test_account(test);
	struct rlimit before = *limit;

	limit->rlim_cur = 0;
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_PINNED, 3), 0);
	KUNIT_EXPECT_EQ(test, locked_of(test), 3);
	*limit = before;
	sv_account_uncharge(account, SPLICEVEC_PINNED, 3);
}

/* More than a long holds, in the sum. */
static void an_absurd_charge_is_refused(struct kunit *test)
{
	unsigned long *hard = sv_test_parameter(test, "user_pages_hard");
	struct sv_account *account = sv_test_account(test);
	unsigned long before = *hard;

	sv_test_drop_rights(test);
	*hard = 0;
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, 1), 0);
	KUNIT_EXPECT_EQ(test, sv_account_charge(account, SPLICEVEC_CACHE, LONG_MAX),
			-EDQUOT);
	KUNIT_EXPECT_EQ(test, pages_of(test), 1);
	*hard = before;
	sv_account_uncharge(account, SPLICEVEC_CACHE, 1);
}

static void a_user_has_one_account(struct kunit *test)
{
	struct sv_account *first = sv_account_find();
	struct sv_account *second = sv_account_find();
	int refs;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	KUNIT_EXPECT_PTR_EQ(test, first->user, current_user());
	refs = refcount_read(&first->refs);
	sv_account_put(second);
	KUNIT_EXPECT_EQ(test, refcount_read(&first->refs), refs - 1);
	sv_account_put(first);
}

static void the_own_account_is_borrowed_without_a_reference(struct kunit *test)
{
	struct sv_account *own = sv_account_find();
	struct sv_account *other = sv_test_account(test);
	struct sv_account *found;
	int refs;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, own);
	refs = refcount_read(&own->refs);
	KUNIT_EXPECT_PTR_EQ(test, sv_account_borrow(own), own);
	KUNIT_EXPECT_EQ(test, refcount_read(&own->refs), refs);
	sv_account_return(own, own);
	KUNIT_EXPECT_EQ(test, refcount_read(&own->refs), refs);
	/* through somebody else's vector it is looked up */
	found = sv_account_borrow(other);
	KUNIT_EXPECT_PTR_EQ(test, found, own);
	KUNIT_EXPECT_EQ(test, refcount_read(&own->refs), refs + 1);
	sv_account_return(found, other);
	KUNIT_EXPECT_EQ(test, refcount_read(&own->refs), refs);
	sv_account_return(NULL, other);
	sv_account_put(own);
}

struct seen {
	uid_t uid;
	long owned;
	int times;
};

static void look(uid_t uid, const struct sv_usage *usage, void *data)
{
	struct seen *seen = data;

	if (uid != seen->uid)
		return;
	seen->times++;
	seen->owned = usage->loans[SPLICEVEC_OWNED];
}

static void the_ledger_sees_each_account_once(struct kunit *test)
{
	struct sv_account *own = sv_account_find();
	struct seen before = {}, after = {};

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, own);
	sv_account_for_each(look, &before);
	atomic_long_inc(&own->loans[SPLICEVEC_OWNED]);
	sv_account_for_each(look, &after);
	atomic_long_dec(&own->loans[SPLICEVEC_OWNED]);
	KUNIT_EXPECT_EQ(test, before.times, 1);
	KUNIT_EXPECT_EQ(test, after.times, 1);
	KUNIT_EXPECT_EQ(test, after.owned, before.owned + 1);
	sv_account_put(own);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(each_charge_is_undone),
	KUNIT_CASE(the_hard_limit_holds_to_the_page),
	KUNIT_CASE(those_with_rights_pass_the_hard_limit),
	KUNIT_CASE(the_soft_limit_is_told),
	KUNIT_CASE(pins_stay_below_the_limit_of_locked_memory),
	KUNIT_CASE(those_with_rights_pin_more),
	KUNIT_CASE(an_absurd_charge_is_refused),
	KUNIT_CASE(a_user_has_one_account),
	KUNIT_CASE(the_own_account_is_borrowed_without_a_reference),
	KUNIT_CASE(the_ledger_sees_each_account_once),
	{}
};

struct kunit_suite sv_account_suite = {
	.name = "account",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = account_cases,
};
