/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_TESTS_HELPERS_H
#define _SV_TESTS_HELPERS_H

#include <kunit/test.h>
#include <linux/sched/user.h>

#include "account.h"
#include "completion.h"
#include "loan.h"
#include "spans.h"

/**
 * struct sv_test - what each case has, as its test->priv
 * @account: pays for the loans of the case and of nobody else
 * @user: the account's user, known to nobody else
 * @returned: how often a loan of sv_test_loan() was given back where one may sleep
 *
 * At the end of the case all of it has to be as at the beginning.
 */
struct sv_test {
	struct sv_account account;
	struct user_struct user;
	atomic_t returned;
};

/* A run for sv_test_loan(). */
struct sv_test_run {
	u32 offset;
	u32 len;
};

int sv_test_init(struct kunit *test);
void sv_test_exit(struct kunit *test);

static inline struct sv_account *sv_test_account(struct kunit *test)
{
	struct sv_test *own = test->priv;

	return &own->account;
}

static inline int sv_test_returned(struct kunit *test)
{
	struct sv_test *own = test->priv;

	return atomic_read(&own->returned);
}

struct page *sv_test_page(unsigned int run);
struct sv_loan *sv_test_loan(struct kunit *test, const struct sv_test_run *runs,
			     unsigned int nr);
struct sv_loan *sv_test_filled(struct kunit *test, size_t len);
u8 sv_test_byte(size_t at);
void sv_test_append(struct kunit *test, struct sv_spans *spans,
		    struct sv_loan *loan, size_t skip, size_t len);
void sv_test_drop_rights(struct kunit *test);
void *sv_test_parameter(struct kunit *test, const char *name);

/* More records than any case has. */
#define SV_TEST_ALL	100

struct sv_completions *sv_test_completions(struct kunit *test);
struct sv_completion *sv_test_reserve(struct kunit *test,
				      struct sv_completions *completions,
				      enum splicevec_completion_kind kind,
				      u64 user_data);
void sv_test_post(struct kunit *test, struct sv_completions *completions,
		  u64 user_data);
void sv_test_expect_records(struct kunit *test, struct list_head *taken,
			    u64 first, u32 nr);
void sv_test_reap(struct kunit *test, struct sv_completions *completions,
		  u64 first, u32 nr);

void sv_test_wait_for_releases(void);

/* Bytes of user memory; what follows them cannot be touched. */
#define SV_TEST_USER_SIZE	(2 * PAGE_SIZE)

int sv_test_map_user(struct kunit_suite *suite);
void sv_test_unmap_user(struct kunit_suite *suite);
void __user *sv_test_enter(struct kunit *test);
void sv_test_leave(void);

#endif /* _SV_TESTS_HELPERS_H */
