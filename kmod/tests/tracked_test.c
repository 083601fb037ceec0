// SPDX-License-Identifier: GPL-2.0-only
/* Tracked pushes: whoever reads the pages last gives them back, from anywhere. */
#include "tracked.h"

#include <linux/module.h>
#include <linux/skbuff.h>

#include "completion.h"
#include "helpers.h"
#include "suites.h"

#define MANY	50
#define SENT	700

static const struct sv_test_run one_run[] = { { 0, 1000 } };

/* A push of a loan that nobody else holds. */
static struct sv_push *new_push(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, one_run, 1);
	struct sv_push *push = sv_push_begin(loan, sv_test_account(test), NULL);

	sv_loan_put(loan);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, push);
	return push;
}

static long pushes(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->pushes);
}

static void a_push_holds_all_it_needs(struct kunit *test)
{
	struct sv_account *account = sv_test_account(test);
	int modules = module_refcount(THIS_MODULE);
	struct sv_push *push = new_push(test);

	KUNIT_EXPECT_EQ(test, refcount_read(&push->loan->refs), 1);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules + 1);
	KUNIT_EXPECT_EQ(test, pushes(test), 1);
	/* the case's, the loan's and the push's */
	KUNIT_EXPECT_EQ(test, refcount_read(&account->refs), 3);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules);
	KUNIT_EXPECT_EQ(test, pushes(test), 0);
}

static void the_last_reader_ends_the_push(struct kunit *test)
{
	struct sv_push *push = new_push(test);

	KUNIT_EXPECT_TRUE(test, sv_push_get(push));
	KUNIT_EXPECT_TRUE(test, sv_push_get(push));
	sv_push_put(push);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	KUNIT_EXPECT_EQ(test, pushes(test), 1);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

/* Pages come back where one may sleep, however the sink ends. */
static void a_push_may_end_with_interrupts_off(struct kunit *test)
{
	struct sv_push *push = new_push(test);

	local_irq_disable();
	sv_push_put(push);
	local_irq_enable();
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

static void many_pushes_that_end_at_once_all_end(struct kunit *test)
{
	struct sv_push *push[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		push[i] = new_push(test);
	KUNIT_EXPECT_EQ(test, pushes(test), MANY);
	local_irq_disable();
	for (i = 0; i < MANY; i++)
		sv_push_put(push[i]);
	local_irq_enable();
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), MANY);
	KUNIT_EXPECT_EQ(test, pushes(test), 0);
}

static void pushes_of_one_loan_share_it(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, one_run, 1);
	struct sv_push *first = sv_push_begin(loan, sv_test_account(test), NULL);
	struct sv_push *second = sv_push_begin(loan, sv_test_account(test), NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, second);
	KUNIT_EXPECT_EQ(test, refcount_read(&loan->refs), 3);
	sv_loan_put(loan);
	sv_push_put(first);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_push_put(second);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

/* What one packet reads of several loans ends with it. */
static void a_push_brings_others_along(struct kunit *test)
{
	struct sv_push *push = new_push(test);

	sv_push_follow(new_push(test), push);
	sv_push_follow(new_push(test), push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	KUNIT_EXPECT_EQ(test, pushes(test), 3);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
	KUNIT_EXPECT_EQ(test, pushes(test), 0);
}

/* A push that a vector of its own is told of. */
static struct sv_push *promised_push(struct kunit *test,
				     struct sv_completions *completions)
{
	struct sv_completion *completion =
		sv_test_reserve(test, completions, SPLICEVEC_COMPLETION_PUSH, 0);
	struct sv_loan *loan = sv_test_loan(test, one_run, 1);
	struct sv_push *push = sv_push_begin(loan, sv_test_account(test), completion);

	sv_loan_put(loan);
	sv_completion_tell(completion, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, push);
	return push;
}

/* They end with the packet, not when the first of them is finished. */
static void each_vector_finishes_its_own(struct kunit *test)
{
	struct sv_completions *one = sv_test_completions(test);
	struct sv_completions *other = sv_test_completions(test);
	struct sv_push *head = promised_push(test, one);
	int ones, others;

	sv_push_follow(promised_push(test, other), head);
	sv_push_follow(promised_push(test, one), head);
	local_irq_disable();
	sv_push_put(head);
	ones = atomic_read(&one->nr_deferred);
	others = atomic_read(&other->nr_deferred);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, ones, 2);
	KUNIT_EXPECT_EQ(test, others, 1);
	sv_completions_close(one);
	sv_completions_close(other);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

/* What a socket says of a packet of so many bytes of ours. */
static void end_packet(struct sv_push *push, unsigned int bytes, bool zerocopy)
{
	struct sk_buff skb = { .len = bytes + 40, .data_len = bytes };

	sv_ubuf_complete(&skb, &push->ubuf, zerocopy);
}

static void a_push_that_shares_a_packet_ends_after_it(struct kunit *test)
{
	struct sv_push *head = new_push(test), *push = new_push(test);

	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&head->ubuf, &push->ubuf), 0);
	/* more of it, into the same packet */
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&head->ubuf, &push->ubuf), 0);
	sv_ubuf_shared(&push->ubuf, 300);
	KUNIT_EXPECT_TRUE(test, push->seen);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	KUNIT_EXPECT_TRUE(test, sv_push_get(push));
	KUNIT_EXPECT_TRUE(test, sv_push_get(head));
	end_packet(head, 1000, false);
	sv_push_put(head);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&push->copied), 300);
	KUNIT_EXPECT_PTR_EQ(test, push->head, NULL);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 2);
}

/* Two threads send on one socket, by turns. */
static void pushes_never_wait_in_a_circle(struct kunit *test)
{
	struct sv_push *a = new_push(test), *b = new_push(test);
	struct sv_push *c = new_push(test);

	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&a->ubuf, &a->ubuf), 0);
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&a->ubuf, &b->ubuf), 0);
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&b->ubuf, &a->ubuf), -EEXIST);
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&c->ubuf, &b->ubuf), -EEXIST);
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&b->ubuf, &c->ubuf), 0);
	KUNIT_EXPECT_EQ(test, sv_ubuf_link(&c->ubuf, &a->ubuf), -EEXIST);
	sv_push_put(c);
	sv_push_put(b);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_push_put(a);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

/* They end all at a time, it may be with interrupts off. */
static void followers_have_a_limit(struct kunit *test)
{
	struct sv_push *head = new_push(test);
	int linked, err = 0;

	for (linked = 0; !err && linked < 1000; linked += !err) {
		struct sv_push *push = new_push(test);

		err = sv_ubuf_link(&head->ubuf, &push->ubuf);
		sv_push_put(push);
	}
	KUNIT_EXPECT_EQ(test, err, -EEXIST);
	KUNIT_EXPECT_EQ(test, linked, 256);
	sv_push_put(head);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), linked + 2);
}

/* tee(2) would make as many as it likes. */
static void references_have_a_limit(struct kunit *test)
{
	struct sv_push *push = new_push(test);
	refcount_t *refs = &push->ubuf.refcnt;

	refcount_set(refs, INT_MAX / 2);
	KUNIT_EXPECT_TRUE(test, sv_push_get(push));
	KUNIT_EXPECT_FALSE(test, sv_push_get(push));
	KUNIT_EXPECT_EQ(test, refcount_read(refs), INT_MAX / 2 + 1);
	refcount_set(refs, 1);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

static void copied_bytes_are_counted_until_all_have_ended(struct kunit *test)
{
	struct sv_push *push = new_push(test);
	bool settled;
	int i;

	/* no packet has held the push: the socket has copied, and said nothing */
	KUNIT_EXPECT_EQ(test, sv_push_copied(push, SENT, &settled), SENT);
	KUNIT_EXPECT_TRUE(test, settled);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, sv_push_get(push));
	end_packet(push, 100, false);
	KUNIT_EXPECT_EQ(test, sv_push_copied(push, SENT, &settled), 100);
	KUNIT_EXPECT_FALSE(test, settled);
	end_packet(push, 200, true);
	end_packet(push, 400, false);
	KUNIT_EXPECT_EQ(test, sv_push_copied(push, SENT, &settled), 500);
	KUNIT_EXPECT_FALSE(test, settled);
	/* a packet that never was */
	sv_ubuf_complete(NULL, &push->ubuf, false);
	KUNIT_EXPECT_EQ(test, sv_push_copied(push, SENT, &settled), 500);
	KUNIT_EXPECT_TRUE(test, settled);
	sv_push_put(push);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

static struct kunit_case tracked_cases[] = {
	KUNIT_CASE(a_push_holds_all_it_needs),
	KUNIT_CASE(the_last_reader_ends_the_push),
	KUNIT_CASE(a_push_may_end_with_interrupts_off),
	KUNIT_CASE(many_pushes_that_end_at_once_all_end),
	KUNIT_CASE(pushes_of_one_loan_share_it),
	KUNIT_CASE(a_push_brings_others_along),
	KUNIT_CASE(each_vector_finishes_its_own),
	KUNIT_CASE(a_push_that_shares_a_packet_ends_after_it),
	KUNIT_CASE(pushes_never_wait_in_a_circle),
	KUNIT_CASE(followers_have_a_limit),
	KUNIT_CASE(references_have_a_limit),
	KUNIT_CASE(copied_bytes_are_counted_until_all_have_ended),
	{}
};

struct kunit_suite sv_tracked_suite = {
	.name = "tracked",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = tracked_cases,
};
