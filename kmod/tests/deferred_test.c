// SPDX-License-Identifier: GPL-2.0-only
/* What has ended where nobody may sleep: who finishes it, when, and in which order. */
#include "completion.h"

#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "helpers.h"
#include "suites.h"

#define MANY	5

/**
 * struct part - a part of the work
 * @deferred: when it has ended
 * @of: a vector's, whose reference on the module does for all
 * @another: ends while this one is being finished, or NULL
 * @completion: told when it is finished, or NULL; one reference
 * @place: how many were finished before it; -1: it was not
 */
struct part {
	struct sv_deferred deferred;
	struct sv_completions *of;
	struct part *another;
	struct sv_completion *completion;
	int place;
};

static int nr_finished;

static void part_finish(struct sv_deferred *deferred)
{
	struct part *part = container_of(deferred, struct part, deferred);

	WRITE_ONCE(part->place, nr_finished++);
	if (part->another)
		sv_completions_defer(part->of, &part->another->deferred, false);
	if (part->completion)
		sv_completion_put(part->completion);
}

static void part_init(struct part *part, struct sv_completions *of)
{
	*part = (struct part) {
		.deferred.finish = part_finish,
		.of = of,
		.place = -1,
	};
}

/*
 * It ends where no tick of the clock can get in between.
 *
 * Return: was it left for the next tick?
 */
static bool left_to_the_clock(struct part *part, bool hurry)
{
	bool left;

	local_irq_disable();
	sv_completions_defer(part->of, &part->deferred, hurry);
	left = timer_pending(&part->of->flush.timer);
	local_irq_enable();
	return left;
}

static void finish(struct sv_completions *completions)
{
	sv_completions_close(completions);
	sv_test_wait_for_releases();
}

static int deferred_init(struct kunit *test)
{
	nr_finished = 0;
	return sv_test_init(test);
}

static void what_nobody_waits_for_is_left_to_the_next_command(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	int modules = module_refcount(THIS_MODULE);
	struct part part;

	part_init(&part, completions);
	KUNIT_EXPECT_TRUE(test, left_to_the_clock(&part, false));
	sv_completions_flush(completions);
	/* should the clock have been at it already */
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, part.place, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&completions->nr_deferred), 0);
	finish(completions);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules);
}

/* Nobody calls, and it is finished soon all the same. */
static void the_clock_comes_for_it(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	unsigned long end = jiffies + 60 * HZ;
	struct part part;

	part_init(&part, completions);
	KUNIT_EXPECT_TRUE(test, left_to_the_clock(&part, false));
	while (READ_ONCE(part.place) < 0 && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, READ_ONCE(part.place), 0);
	finish(completions);
}

static void parts_are_finished_in_the_order_of_their_ends(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part parts[MANY];
	int i;

	local_irq_disable();
	for (i = 0; i < MANY; i++) {
		part_init(&parts[i], completions);
		sv_completions_defer(completions, &parts[i].deferred, false);
	}
	local_irq_enable();
	finish(completions);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, parts[i].place, i);
}

static void who_has_to_have_it_at_once_does_not_wait_for_the_clock(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part patient, hurried;

	part_init(&patient, completions);
	part_init(&hurried, completions);
	KUNIT_EXPECT_FALSE(test, left_to_the_clock(&hurried, true));
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, hurried.place, 0);
	/* and takes along what others have left */
	part_init(&hurried, completions);
	KUNIT_EXPECT_TRUE(test, left_to_the_clock(&patient, false));
	KUNIT_EXPECT_FALSE(test, left_to_the_clock(&hurried, true));
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, patient.place, 1);
	KUNIT_EXPECT_EQ(test, hurried.place, 2);
	finish(completions);
}

/* Of those to come there may be fewer records, never more. */
static void a_reaper_waits_for_as_many_as_he_asked_for(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part first, second;
	bool left, still_left;
	LIST_HEAD(taken);

	part_init(&first, completions);
	part_init(&second, completions);
	KUNIT_EXPECT_FALSE(test, sv_completions_take(completions, 2, 2, &taken));
	local_irq_disable();
	sv_completions_defer(completions, &first.deferred, false);
	left = timer_pending(&completions->flush.timer);
	sv_completions_defer(completions, &second.deferred, false);
	still_left = timer_pending(&completions->flush.timer);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_EXPECT_FALSE(test, still_left);
	finish(completions);
	KUNIT_EXPECT_EQ(test, second.place, 1);
}

static void what_was_left_comes_as_soon_as_somebody_waits(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part part;
	LIST_HEAD(taken);
	bool left;

	part_init(&part, completions);
	local_irq_disable();
	sv_completions_defer(completions, &part.deferred, false);
	sv_completions_take(completions, 1, 1, &taken);
	left = timer_pending(&completions->flush.timer);
	local_irq_enable();
	KUNIT_EXPECT_FALSE(test, left);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, part.place, 0);
	finish(completions);
}

static void pollers_do_not_wait_for_the_clock(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	DEFINE_WAIT(poller);
	struct part part;

	part_init(&part, completions);
	add_wait_queue(&completions->poll, &poller);
	KUNIT_EXPECT_FALSE(test, left_to_the_clock(&part, false));
	remove_wait_queue(&completions->poll, &poller);
	finish(completions);
	KUNIT_EXPECT_EQ(test, part.place, 0);
}

/* As nobody will give it a command any more. */
static void a_closed_vector_leaves_nothing_to_the_clock(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part before, after;

	part_init(&before, completions);
	part_init(&after, completions);
	/* as what has yet to end */
	sv_completions_get(completions);
	left_to_the_clock(&before, false);
	finish(completions);
	KUNIT_EXPECT_EQ(test, before.place, 0);
	KUNIT_EXPECT_FALSE(test, left_to_the_clock(&after, false));
	sv_completions_put(completions);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, after.place, 1);
}

static void what_has_no_vector_is_finished_at_once(struct kunit *test)
{
	struct part part;

	part_init(&part, NULL);
	sv_completions_defer(NULL, &part.deferred, false);
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, part.place, 0);
}

/* Who is at it looks once more, so nothing is left behind. */
static void what_ends_meanwhile_is_finished_too(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct part first, second;

	part_init(&first, completions);
	part_init(&second, completions);
	first.another = &second;
	left_to_the_clock(&first, false);
	sv_completions_flush(completions);
	/* the second time for what the first one has told the queue */
	sv_test_wait_for_releases();
	sv_test_wait_for_releases();
	KUNIT_EXPECT_EQ(test, first.place, 0);
	KUNIT_EXPECT_EQ(test, second.place, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&completions->nr_deferred), 0);
	finish(completions);
}

/* However it ended, and though nobody has come for the others yet. */
static void records_come_behind_what_ended_before(struct kunit *test)
{
	struct sv_completions *completions = sv_test_completions(test);
	struct sv_completion *second;
	struct part first;

	part_init(&first, completions);
	first.completion = sv_test_reserve(test, completions,
					   SPLICEVEC_COMPLETION_PUSH, 1);
	second = sv_test_reserve(test, completions, SPLICEVEC_COMPLETION_PUSH, 2);
	sv_completion_get(first.completion);
	sv_completion_tell(first.completion, 1);
	left_to_the_clock(&first, false);
	sv_completion_tell(second, 1);
	sv_test_wait_for_releases();
	sv_test_reap(test, completions, 1, 2);
	finish(completions);
}

static struct kunit_case deferred_cases[] = {
	KUNIT_CASE(what_nobody_waits_for_is_left_to_the_next_command),
	KUNIT_CASE(the_clock_comes_for_it),
	KUNIT_CASE(parts_are_finished_in_the_order_of_their_ends),
	KUNIT_CASE(who_has_to_have_it_at_once_does_not_wait_for_the_clock),
	KUNIT_CASE(a_reaper_waits_for_as_many_as_he_asked_for),
	KUNIT_CASE(what_was_left_comes_as_soon_as_somebody_waits),
	KUNIT_CASE(pollers_do_not_wait_for_the_clock),
	KUNIT_CASE(a_closed_vector_leaves_nothing_to_the_clock),
	KUNIT_CASE(what_has_no_vector_is_finished_at_once),
	KUNIT_CASE(what_ends_meanwhile_is_finished_too),
	KUNIT_CASE(records_come_behind_what_ended_before),
	{}
};

struct kunit_suite sv_deferred_suite = {
	.name = "deferred",
	.init = deferred_init,
	.exit = sv_test_exit,
	.test_cases = deferred_cases,
};
