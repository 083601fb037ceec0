// SPDX-License-Identifier: GPL-2.0-only
/* The vector: promises of room, publishing, windows, consuming. */
#include "vector.h"

#include "helpers.h"
#include "suites.h"

static const struct sv_test_run one_run[] = { { 0, 1000 } };

static struct sv_vector *new_vector(struct kunit *test)
{
	struct sv_vector *vec = kunit_kzalloc(test, sizeof(*vec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vec);
	vec->account = sv_test_account(test);
	spin_lock_init(&vec->lock);
	mutex_init(&vec->consume);
	init_waitqueue_head(&vec->wait);
	return vec;
}

/* Publish a loan of 1000 bytes as one span. */
static struct sv_loan *publish_one(struct kunit *test, struct sv_vector *vec)
{
	struct sv_loan *loan = sv_test_loan(test, one_run, 1);
	struct sv_spans batch = {};

	KUNIT_ASSERT_EQ(test, sv_vector_reserve(vec, 1), 0);
	sv_test_append(test, &batch, loan, 0, 1000);
	sv_loan_put(loan);
	sv_vector_publish(vec, &batch, 1);
	KUNIT_EXPECT_EQ(test, batch.nr, 0);
	sv_spans_free(&batch);
	return loan;
}

static void promised_room_is_there_and_given_up(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	struct sv_spans none = {};

	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, 3), 0);
	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, 5), 0);
	KUNIT_EXPECT_EQ(test, vec->reserved, 8);
	KUNIT_EXPECT_GE(test, sv_spans_cap(&vec->spans), 8);
	/* another pull publishes in between, and leaves that room alone */
	publish_one(test, vec);
	KUNIT_EXPECT_EQ(test, vec->reserved, 8);
	KUNIT_EXPECT_GE(test, sv_spans_cap(&vec->spans), 9);
	sv_vector_publish(vec, &none, 8);
	KUNIT_EXPECT_EQ(test, vec->reserved, 0);
	KUNIT_EXPECT_EQ(test, vec->spans.nr, 1);
	sv_spans_free(&vec->spans);
}

static void a_vector_has_no_more_spans_than_it_may(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	struct sv_spans none = {};
	u32 limit = *(unsigned int *)sv_test_parameter(test, "vector_spans");

	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, U32_MAX), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, limit + 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, vec->reserved, 0);
	publish_one(test, vec);
	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, limit), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, limit - 1), 0);
	KUNIT_EXPECT_EQ(test, sv_vector_reserve(vec, 1), -ENOBUFS);
	sv_vector_publish(vec, &none, limit - 1);
	sv_spans_free(&vec->spans);
}

static int window_at(struct sv_vector *vec, s64 *start, u64 *len,
		     struct sv_spans *window)
{
	return sv_vector_window(vec, start, len, U32_MAX, window);
}

static void a_window_begins_at_the_head_or_where_it_is_told(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	struct sv_spans window = {};
	s64 start = -1;
	u64 len = 5000;
	int i;

	for (i = 0; i < 4; i++)
		publish_one(test, vec);
	sv_spans_drop(&vec->spans, 700);
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), 0);
	KUNIT_EXPECT_EQ(test, start, 700);
	KUNIT_EXPECT_EQ(test, len, 3300);
	KUNIT_EXPECT_EQ(test, window.nr, 4);
	sv_spans_free(&window);
	window = (struct sv_spans) {};
	start = 1999;
	len = 2;
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), 0);
	KUNIT_EXPECT_EQ(test, start, 1999);
	KUNIT_EXPECT_EQ(test, len, 2);
	KUNIT_EXPECT_EQ(test, window.nr, 2);
	sv_spans_free(&window);
	KUNIT_EXPECT_EQ(test, vec->spans.nr, 4);
	sv_spans_free(&vec->spans);
}

static void a_window_lies_in_what_the_vector_holds(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	struct sv_spans window = {};
	s64 start = 699;
	u64 len = 10;

	publish_one(test, vec);
	sv_spans_drop(&vec->spans, 700);
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), -ESTALE);
	start = -2;
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), -EINVAL);
	start = S64_MAX;
	len = U64_MAX;
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), 0);
	KUNIT_EXPECT_EQ(test, len, 0);
	start = 900;
	len = U64_MAX;
	KUNIT_EXPECT_EQ(test, window_at(vec, &start, &len, &window), 0);
	KUNIT_EXPECT_EQ(test, len, 100);
	sv_spans_free(&window);
	sv_spans_free(&vec->spans);
}

static void whole_spans_are_listed_from_any_position(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	struct sv_spans window = {};
	u64 at;
	int i;

	for (i = 0; i < 3; i++)
		publish_one(test, vec);
	KUNIT_EXPECT_EQ(test, sv_vector_window_spans(vec, 1500, 1, &window, &at), 0);
	KUNIT_EXPECT_EQ(test, at, 1000);
	KUNIT_EXPECT_EQ(test, window.nr, 1);
	KUNIT_EXPECT_EQ(test, window.tail, 1000);
	sv_spans_free(&window);
	window = (struct sv_spans) {};
	KUNIT_EXPECT_EQ(test, sv_vector_window_spans(vec, 2999, 9, &window, &at), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 1);
	sv_spans_free(&window);
	window = (struct sv_spans) {};
	KUNIT_EXPECT_EQ(test, sv_vector_window_spans(vec, 3000, 9, &window, &at), 0);
	KUNIT_EXPECT_EQ(test, at, 3000);
	KUNIT_EXPECT_EQ(test, window.nr, 0);
	sv_spans_free(&window);
	sv_spans_free(&vec->spans);
}

/* More loans than are put in one go. */
static void consuming_gives_every_loan_back(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);
	int i;

	for (i = 0; i < 40; i++)
		publish_one(test, vec);
	KUNIT_ASSERT_EQ(test, sv_vector_lock_consume(vec, false), 0);
	sv_vector_consume(vec, 38500);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 38);
	KUNIT_EXPECT_EQ(test, vec->spans.head, 38500);
	KUNIT_EXPECT_EQ(test, sv_vector_held(vec), 1500);
	sv_vector_consume(vec, 1500);
	sv_vector_unlock_consume(vec);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 40);
	KUNIT_EXPECT_EQ(test, sv_vector_held(vec), 0);
	sv_spans_free(&vec->spans);
}

static void one_consumes_at_a_time(struct kunit *test)
{
	struct sv_vector *vec = new_vector(test);

	KUNIT_EXPECT_EQ(test, sv_vector_lock_consume(vec, true), 0);
	KUNIT_EXPECT_EQ(test, sv_vector_lock_consume(vec, true), -EAGAIN);
	sv_vector_unlock_consume(vec);
	KUNIT_EXPECT_EQ(test, sv_vector_lock_consume(vec, true), 0);
	sv_vector_unlock_consume(vec);
}

static struct kunit_case vector_cases[] = {
	KUNIT_CASE(promised_room_is_there_and_given_up),
	KUNIT_CASE(a_vector_has_no_more_spans_than_it_may),
	KUNIT_CASE(a_window_begins_at_the_head_or_where_it_is_told),
	KUNIT_CASE(a_window_lies_in_what_the_vector_holds),
	KUNIT_CASE(whole_spans_are_listed_from_any_position),
	KUNIT_CASE(consuming_gives_every_loan_back),
	KUNIT_CASE(one_consumes_at_a_time),
	{}
};

struct kunit_suite sv_vector_suite = {
	.name = "vector",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = vector_cases,
};
