// SPDX-License-Identifier: GPL-2.0-only
/* A vector's records: so many, called off, taken, put back, waited for. */
#include "completion.h"

#include <linux/err.h>
#include <linux/poll.h>
#include <linux/wait.h>

#include "helpers.h"
#include "suites.h"

#define PUSH	SPLICEVEC_COMPLETION_PUSH
#define NOTIFY	SPLICEVEC_COMPLETION_NOTIFY

static unsigned int *limit, usual_limit;

static int records_init(struct kunit *test)
{
	limit = sv_test_parameter(test, "vector_records");
	usual_limit = *limit;
	return sv_test_init(test);
}

/* The limit of a case that has ended half way is nobody else's. */
static void records_exit(struct kunit *test)
{
	WRITE_ONCE(*limit, usual_limit);
	sv_test_exit(test);
}

static void expect_full(struct kunit *test, struct sv_completions *completions)
{
	struct sv_completion *more =
		sv_completion_reserve(completions, sv_test_account(test), PUSH,
				      0);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(more), -ENOBUFS);
	if (!IS_ERR(more))
		sv_completion_forget(more);
}

/* Those to come, those that came and those on their way to a reaper. */
static void a_vector_has_so_many_records(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *late;
	LIST_HEAD(taken);

	WRITE_ONCE(*limit, 2);
	late = sv_test_reserve(test, completions, PUSH, 1);
	sv_test_post(test, completions, 2);
	expect_full(test, completions);
	sv_completions_take(completions, 0, SV_TEST_ALL, &taken);
	expect_full(test, completions);
	sv_completions_free(completions, &taken);
	KUNIT_EXPECT_EQ(test, completions->nr, 1);
	sv_test_post(test, completions, 3);
	expect_full(test, completions);
	sv_completion_forget(late);
	sv_test_post(test, completions, 4);
	expect_full(test, completions);
	KUNIT_EXPECT_EQ(test, completions->nr, 2);
	sv_test_reap(test, completions, 3, 2);
	KUNIT_EXPECT_EQ(test, completions->nr, 0);
	sv_completions_close(completions);
}

static void what_has_not_begun_can_be_called_off(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *called = sv_test_reserve(test, completions, PUSH, 1);
	struct sv_completion *other = sv_test_reserve(test, completions, PUSH, 2);
	struct sv_completion *same = sv_test_reserve(test, completions, PUSH, 1);
	u32 nr = 0;

	KUNIT_EXPECT_EQ(test, sv_completions_cancel(completions, 1, &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, 2);
	KUNIT_EXPECT_EQ(test, sv_completions_cancel(completions, 1, &nr),
			-EALREADY);
	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, sv_completion_begin(called), -ECANCELED);
	KUNIT_EXPECT_EQ(test, sv_completion_begin(same), -ECANCELED);
	KUNIT_EXPECT_EQ(test, sv_completion_begin(other), 0);
	sv_completion_forget(called);
	sv_completion_forget(same);
	sv_completion_tell(other, 1);
	sv_test_reap(test, completions, 2, 1);
	KUNIT_EXPECT_EQ(test, completions->nr, 0);
	sv_completions_close(completions);
}

static void what_has_begun_cannot_be_called_off(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *begun = sv_test_reserve(test, completions, PUSH, 1);
	struct sv_completion *pull = sv_test_reserve(test, completions, NOTIFY, 1);
	u32 nr;

	KUNIT_EXPECT_EQ(test, sv_completion_begin(begun), 0);
	KUNIT_EXPECT_EQ(test, sv_completions_cancel(completions, 1, &nr),
			-EALREADY);
	/* it may offer more */
	KUNIT_EXPECT_EQ(test, sv_completion_begin(begun), 0);
	sv_completion_tell(begun, 1);
	KUNIT_EXPECT_EQ(test, sv_completions_cancel(completions, 1, &nr),
			-EALREADY);
	sv_test_reap(test, completions, 1, 1);
	sv_completion_forget(pull);
	sv_completions_close(completions);
}

static void take_has_as_many_as_asked_or_none(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	LIST_HEAD(taken);
	u64 i;

	KUNIT_EXPECT_TRUE(test, sv_completions_take(completions, 0, SV_TEST_ALL, &taken));
	for (i = 0; i < 3; i++)
		sv_test_post(test, completions, i);
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 4, SV_TEST_ALL, &taken));
	KUNIT_EXPECT_TRUE(test, list_empty(&taken));
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 3);
	KUNIT_EXPECT_TRUE(test, sv_completions_take(completions, 2, 2, &taken));
	sv_test_expect_records(test, &taken, 0, 2);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 1);
	/* those are not forgotten before they were delivered */
	KUNIT_EXPECT_EQ(test, completions->nr, 3);
	sv_completions_free(completions, &taken);
	KUNIT_EXPECT_TRUE(test, list_empty(&taken));
	KUNIT_EXPECT_EQ(test, completions->nr, 1);
	sv_test_reap(test, completions, 2, 1);
	sv_completions_close(completions);
}

static void what_is_put_back_comes_first(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	LIST_HEAD(taken);
	u64 i;

	for (i = 0; i < 3; i++)
		sv_test_post(test, completions, i);
	sv_completions_take(completions, 0, 2, &taken);
	sv_test_post(test, completions, 3);
	sv_completions_return(completions, &taken);
	KUNIT_EXPECT_TRUE(test, list_empty(&taken));
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 4);
	KUNIT_EXPECT_EQ(test, completions->nr, 4);
	/* nothing is no records */
	sv_completions_return(completions, &taken);
	KUNIT_EXPECT_EQ(test, sv_completions_ready(completions), 4);
	sv_test_reap(test, completions, 0, 4);
	KUNIT_EXPECT_EQ(test, completions->nr, 0);
	sv_completions_close(completions);
}

/* Somebody who waits, and how often they were woken. */
struct sleeper {
	struct wait_queue_entry entry;
	int woken;
};

static int count_wake(struct wait_queue_entry *entry, unsigned int mode,
		      int flags, void *key)
{
	container_of(entry, struct sleeper, entry)->woken++;
	return 0;
}

static void begin_to_wait(struct sleeper *sleeper, struct wait_queue_head *where)
{
	sleeper->woken = 0;
	init_waitqueue_func_entry(&sleeper->entry, count_wake);
	add_wait_queue(where, &sleeper->entry);
}

/* Who waits for two is not woken for one. */
static void those_who_wait_for_the_fewest_are_woken(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sleeper reaper, poller;
	LIST_HEAD(taken);

	begin_to_wait(&reaper, &completions->wait);
	begin_to_wait(&poller, &completions->poll);
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 3, SV_TEST_ALL, &taken));
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 2, SV_TEST_ALL, &taken));
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 4, SV_TEST_ALL, &taken));
	KUNIT_EXPECT_EQ(test, completions->wake_at, 2);
	sv_test_post(test, completions, 0);
	KUNIT_EXPECT_EQ(test, reaper.woken, 0);
	sv_test_post(test, completions, 1);
	KUNIT_EXPECT_EQ(test, reaper.woken, 1);
	KUNIT_EXPECT_EQ(test, completions->wake_at, U32_MAX);
	/* until they say so again nobody waits for any */
	sv_test_post(test, completions, 2);
	KUNIT_EXPECT_EQ(test, reaper.woken, 1);
	KUNIT_EXPECT_EQ(test, poller.woken, 3);
	remove_wait_queue(&completions->wait, &reaper.entry);
	remove_wait_queue(&completions->poll, &poller.entry);
	sv_test_reap(test, completions, 0, 3);
	sv_completions_close(completions);
}

/* What one could not deliver may be what another waits for. */
static void what_is_put_back_wakes(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sleeper reaper;
	LIST_HEAD(others);
	LIST_HEAD(taken);

	sv_test_post(test, completions, 0);
	sv_completions_take(completions, 0, SV_TEST_ALL, &taken);
	begin_to_wait(&reaper, &completions->wait);
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 1, SV_TEST_ALL, &others));
	sv_completions_return(completions, &taken);
	KUNIT_EXPECT_EQ(test, reaper.woken, 1);
	remove_wait_queue(&completions->wait, &reaper.entry);
	sv_test_reap(test, completions, 0, 1);
	sv_completions_close(completions);
}

static struct kunit_case records_cases[] = {
	KUNIT_CASE(a_vector_has_so_many_records),
	KUNIT_CASE(what_has_not_begun_can_be_called_off),
	KUNIT_CASE(what_has_begun_cannot_be_called_off),
	KUNIT_CASE(take_has_as_many_as_asked_or_none),
	KUNIT_CASE(what_is_put_back_comes_first),
	KUNIT_CASE(those_who_wait_for_the_fewest_are_woken),
	KUNIT_CASE(what_is_put_back_wakes),
	{}
};

struct kunit_suite sv_records_suite = {
	.name = "records",
	.init = records_init,
	.exit = records_exit,
	.test_cases = records_cases,
};
