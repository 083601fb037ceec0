// SPDX-License-Identifier: GPL-2.0-only
/* Completions: one record for each promise, when the last part is done. */
#include "completion.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "helpers.h"
#include "suites.h"

#define PUSH	SPLICEVEC_COMPLETION_PUSH
#define NOTIFY	SPLICEVEC_COMPLETION_NOTIFY

static long promised(struct kunit *test)
{
	return atomic_long_read(&sv_test_account(test)->completions);
}

static void a_record_comes_after_the_last_part(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, 7);

	KUNIT_EXPECT_EQ(test, promised(test), 1);
	sv_completion_get(completion);
	sv_completion_get(completion);
	sv_completion_put(completion);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 0);
	sv_completion_tell(completion, 100);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 0);
	sv_completion_put(completion);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 1);
	sv_test_reap(test, completions, 7, 1);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 0);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
	sv_completions_close(completions);
}

static void a_record_says_what_its_parts_said(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, 9);
	const struct splicevec_completion *record = &completion->record;
	LIST_HEAD(taken);

	sv_completion_get(completion);
	sv_completion_tell(completion, 1000);
	sv_completion_add_copied(completion, 300);
	sv_completion_add_copied(completion, 400);
	sv_completion_fail(completion, -EPIPE);
	sv_completion_fail(completion, -ECONNRESET);
	sv_completion_put(completion);
	sv_completions_take(completions, 1, SV_TEST_ALL, &taken);
	KUNIT_EXPECT_EQ(test, record->user_data, 9);
	KUNIT_EXPECT_EQ(test, record->kind, PUSH);
	KUNIT_EXPECT_EQ(test, record->bytes, 1000);
	KUNIT_EXPECT_EQ(test, record->copied, 700);
	/* the first one */
	KUNIT_EXPECT_EQ(test, record->status, -EPIPE);
	KUNIT_EXPECT_EQ(test, record->flags, 0);
	KUNIT_EXPECT_EQ(test, record->reserved, 0);
	sv_completions_free(completions, &taken);
	sv_completions_close(completions);
}

/* Several receivers count the same bytes. */
static void no_more_is_copied_than_was_pushed(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, 0);
	LIST_HEAD(taken);

	sv_completion_add_copied(completion, 50);
	sv_completion_add_copied(completion, 50);
	sv_completion_tell(completion, 60);
	sv_completions_take(completions, 1, SV_TEST_ALL, &taken);
	KUNIT_EXPECT_EQ(test, completion->record.copied, 60);
	sv_completions_free(completions, &taken);
	sv_completions_close(completions);
}

static void records_come_in_the_order_of_their_ends(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *work[3];
	int i;

	for (i = 0; i < 3; i++)
		work[i] = sv_test_reserve(test, completions, PUSH, 2 - i);
	/* one of them not called off any more, one of another kind */
	KUNIT_EXPECT_EQ(test, sv_completion_begin(work[1]), 0);
	sv_completion_tell(work[2], 1);
	sv_completion_tell(work[1], 1);
	sv_completion_tell(work[0], 1);
	sv_completion_tell(sv_test_reserve(test, completions, NOTIFY, 3), 1);
	sv_test_reap(test, completions, 0, 4);
	sv_completions_close(completions);
}

/* However late its parts are done. */
static void what_failed_has_no_record(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, 1);

	sv_completion_get(completion);
	sv_completion_forget(completion);
	KUNIT_EXPECT_EQ(test, promised(test), 1);
	sv_completion_put(completion);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 0);
	KUNIT_EXPECT_EQ(test, completions->nr, 0);
	sv_completions_close(completions);
}

static void a_closed_vector_takes_its_records_along(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);

	sv_test_post(test, completions, 1);
	sv_test_post(test, completions, 2);
	KUNIT_EXPECT_EQ(test, promised(test), 2);
	sv_completions_close(completions);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
}

/* The work holds what it tells, which is freed with the last of it. */
static void work_may_end_after_its_vector(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *first = sv_test_reserve(test, completions, PUSH, 1);
	struct sv_completion *second = sv_test_reserve(test, completions, NOTIFY, 2);

	sv_completions_close(completions);
	KUNIT_EXPECT_EQ(test, refcount_read(&completions->refs), 2);
	sv_completion_tell(first, 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&completions->refs), 1);
	KUNIT_EXPECT_EQ(test, completions->ready, 0);
	KUNIT_EXPECT_EQ(test, completions->nr, 1);
	sv_completion_put(second);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
}

struct listener {
	struct sv_recipient recipient;
	struct splicevec_completion record;
	int told;
};

static void hear(struct sv_recipient *recipient,
		 const struct splicevec_completion *record)
{
	struct listener *listener = container_of(recipient, struct listener,
						 recipient);

	listener->record = *record;
	listener->told++;
}

/* And no queue gets the record, whether it is open or closed. */
static void a_recipient_is_told_in_place_of_the_queue(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct listener listener = { .recipient.tell = hear };
	struct sv_completion *open = sv_test_reserve(test, completions, PUSH, 1);
	struct sv_completion *closed = sv_test_reserve(test, completions, PUSH, 2);

	open->recipient = &listener.recipient;
	closed->recipient = &listener.recipient;
	sv_completion_put(sv_completion_get(open));
	KUNIT_EXPECT_EQ(test, listener.told, 0);
	sv_completion_fail(open, -EPIPE);
	sv_completion_tell(open, 7);
	KUNIT_EXPECT_EQ(test, listener.told, 1);
	KUNIT_EXPECT_EQ(test, listener.record.user_data, 1);
	KUNIT_EXPECT_EQ(test, listener.record.bytes, 7);
	KUNIT_EXPECT_EQ(test, listener.record.status, -EPIPE);
	KUNIT_EXPECT_EQ(test, completions->ready, 0);
	KUNIT_EXPECT_EQ(test, completions->nr, 1);
	sv_completions_close(completions);
	sv_completion_tell(closed, 8);
	KUNIT_EXPECT_EQ(test, listener.told, 2);
	KUNIT_EXPECT_EQ(test, listener.record.bytes, 8);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
}

static void a_recipient_is_not_told_of_what_failed(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *failed = sv_test_reserve(test, completions, PUSH, 1);
	struct listener listener = { .recipient.tell = hear };

	failed->recipient = &listener.recipient;
	sv_completion_get(failed);
	sv_completion_forget(failed);
	sv_completion_put(failed);
	KUNIT_EXPECT_EQ(test, listener.told, 0);
	KUNIT_EXPECT_EQ(test, completions->nr, 0);
	sv_completions_close(completions);
}

/* A witness that says nothing before it may. */
struct slow {
	struct sv_witness witness;
	struct completion go;
};

/* Whoever waits for it in vain goes on one day. */
static u32 say_slowly(struct sv_witness *witness)
{
	struct slow *slow = container_of(witness, struct slow, witness);

	return wait_for_completion_timeout(&slow->go, 60 * HZ) ?
		       SPLICEVEC_CHANGED : SPLICEVEC_UNSTABLE;
}

/* Work that has ended after its command, and has a witness. */
static void end_with(struct kunit *test, struct sv_completions *completions,
		     u64 user_data, struct slow *slow)
{
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, user_data);

	init_completion(&slow->go);
	slow->witness.slow = true;
	slow->witness.end = say_slowly;
	sv_completion_add_witness(completion, &slow->witness);
	sv_completion_get(completion);
	sv_completion_tell(completion, 1);
	sv_completion_put(completion);
}

static u32 flags_of_next(struct kunit *test, struct sv_completions *completions,
			 u64 user_data)
{
	struct sv_completion *completion;
	LIST_HEAD(taken);
	u32 flags;

	wait_event_interruptible_timeout(completions->wait,
					 sv_completions_take(completions, 1, 1, &taken),
					 30 * HZ);
	KUNIT_ASSERT_FALSE(test, list_empty(&taken));
	completion = list_first_entry(&taken, struct sv_completion, node);
	KUNIT_EXPECT_EQ(test, completion->record.user_data, user_data);
	flags = completion->record.flags;
	sv_completions_free(completions, &taken);
	return flags;
}

static void nobody_waits_for_the_witnesses_of_others(struct kunit *test)
{
	struct sv_completions *one = sv_test_completions(test);
	struct sv_completions *other = sv_test_completions(test);
	static struct slow first, second, quick;

	end_with(test, one, 1, &first);
	end_with(test, one, 2, &second);
	end_with(test, other, 3, &quick);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(one), 0);
	complete(&quick.go);
	KUNIT_EXPECT_EQ(test, flags_of_next(test, other, 3), SPLICEVEC_CHANGED);
	sv_test_post(test, other, 4);
	KUNIT_EXPECT_EQ(test, flags_of_next(test, other, 4), 0);
	/* in the order in which they have ended */
	complete(&second.go);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(one), 0);
	complete(&first.go);
	KUNIT_EXPECT_EQ(test, flags_of_next(test, one, 1), SPLICEVEC_CHANGED);
	KUNIT_EXPECT_EQ(test, flags_of_next(test, one, 2), SPLICEVEC_CHANGED);
	sv_completions_close(one);
	sv_completions_close(other);
}

static void witnesses_are_asked_when_the_vector_is_gone(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	static struct slow slow;
	unsigned int tries = 30 * HZ;

	end_with(test, completions, 1, &slow);
	sv_completions_close(completions);
	KUNIT_EXPECT_EQ(test, promised(test), 1);
	complete(&slow.go);
	/* all that it held, the account last */
	while (refcount_read(&sv_test_account(test)->refs) > 1 && tries--)
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, promised(test), 0);
}

/* What is known at once does not change the order. */
static u32 say_at_once(struct sv_witness *witness)
{
	return SPLICEVEC_UNSTABLE;
}

static void a_quick_witness_is_asked_in_place(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *completion = sv_test_reserve(test, completions, PUSH, 1);
	struct sv_witness witness = { .end = say_at_once };

	sv_completion_add_witness(completion, &witness);
	sv_completion_get(completion);
	sv_completion_tell(completion, 1);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 0);
	sv_completion_put(completion);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 1);
	KUNIT_EXPECT_EQ(test, flags_of_next(test, completions, 1), SPLICEVEC_UNSTABLE);
	sv_completions_close(completions);
}

static struct kunit_case completion_cases[] = {
	KUNIT_CASE(a_record_comes_after_the_last_part),
	KUNIT_CASE(a_record_says_what_its_parts_said),
	KUNIT_CASE(no_more_is_copied_than_was_pushed),
	KUNIT_CASE(records_come_in_the_order_of_their_ends),
	KUNIT_CASE(what_failed_has_no_record),
	KUNIT_CASE(a_closed_vector_takes_its_records_along),
	KUNIT_CASE(work_may_end_after_its_vector),
	KUNIT_CASE(a_recipient_is_told_in_place_of_the_queue),
	KUNIT_CASE(a_recipient_is_not_told_of_what_failed),
	KUNIT_CASE(nobody_waits_for_the_witnesses_of_others),
	KUNIT_CASE(witnesses_are_asked_when_the_vector_is_gone),
	KUNIT_CASE(a_quick_witness_is_asked_in_place),
	{}
};

struct kunit_suite sv_completion_suite = {
	.name = "completion",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = completion_cases,
};
