// SPDX-License-Identifier: GPL-2.0-only
/* Lists of spans: append, find, share, consume, cut. */
#include "helpers.h"

#include "suites.h"

static const struct sv_test_run one_run[] = { { 0, 1000 } };

static struct sv_loan *small_loan(struct kunit *test)
{
	return sv_test_loan(test, one_run, 1);
}

/* Three loans of 1000 bytes, a span of each. Their references are the list's. */
static void three_spans(struct kunit *test, struct sv_spans *spans,
			struct sv_loan **loans)
{
	int i;

	for (i = 0; i < 3; i++) {
		loans[i] = small_loan(test);
		sv_test_append(test, spans, loans[i], 0, 1000);
		sv_loan_put(loans[i]);
	}
}

static void appended_spans_are_numbered_and_counted(struct kunit *test)
{
	struct sv_loan *a = small_loan(test);
	struct sv_loan *b = small_loan(test);
	struct sv_spans spans = {};

	sv_test_append(test, &spans, a, 0, 10);
	sv_test_append(test, &spans, a, 500, 20);
	sv_test_append(test, &spans, b, 0, 30);
	sv_test_append(test, &spans, a, 0, 40);
	KUNIT_EXPECT_EQ(test, spans.nr, 4);
	KUNIT_EXPECT_EQ(test, spans.tail, 100);
	/* neighbours of one loan count once */
	KUNIT_EXPECT_EQ(test, spans.loans, 3);
	KUNIT_EXPECT_EQ(test, spans.pages, 3);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 0)->at, 0);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 1)->at, 10);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 2)->at, 30);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 3)->at, 60);
	sv_spans_free(&spans);
	sv_loan_put(a);
	sv_loan_put(b);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 2);
}

static void one_lazy_loan_makes_the_list_lazy(struct kunit *test)
{
	struct sv_loan *a = small_loan(test);
	struct sv_loan *b = small_loan(test);
	struct sv_spans spans = {};

	b->lazy = true;
	sv_test_append(test, &spans, a, 0, 10);
	KUNIT_EXPECT_FALSE(test, spans.lazy);
	sv_test_append(test, &spans, b, 0, 10);
	sv_test_append(test, &spans, a, 0, 10);
	KUNIT_EXPECT_TRUE(test, spans.lazy);
	/* what comes into an empty list is what counts */
	sv_spans_drop(&spans, U64_MAX);
	sv_test_append(test, &spans, a, 0, 10);
	KUNIT_EXPECT_FALSE(test, spans.lazy);
	sv_spans_free(&spans);
	sv_loan_put(a);
	sv_loan_put(b);
}

static void a_list_that_grows_keeps_its_order(struct kunit *test)
{
	struct sv_loan *loan = small_loan(test);
	struct sv_spans spans = {};
	u32 i;

	/* one always goes in front, so that the ring is wrapped when it grows */
	sv_test_append(test, &spans, loan, 0, 1);
	for (i = 1; i < 40; i++) {
		sv_test_append(test, &spans, loan, i, 1);
		sv_test_append(test, &spans, loan, 100 + i, 1);
		sv_spans_drop(&spans, 1);
	}
	KUNIT_EXPECT_EQ(test, spans.nr, 40);
	KUNIT_EXPECT_EQ(test, spans.head, 39);
	KUNIT_EXPECT_EQ(test, spans.tail, 79);
	for (i = 0; i < spans.nr; i++) {
		u64 at = 39 + i;

		KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, i)->at, at);
		KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, i)->skip,
				at % 2 ? (at + 1) / 2 : 100 + at / 2);
	}
	sv_spans_free(&spans);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

static void a_position_is_found_in_its_span(struct kunit *test)
{
	struct sv_loan *loans[3];
	struct sv_spans spans = {};

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 0), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 999), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 1000), 1);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 1999), 1);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 2000), 2);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 2999), 2);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 3000), 3);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, U64_MAX), 3);
	sv_spans_drop(&spans, 1500);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 1500), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 2000), 1);
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, 3000), 0);
}

/* A window over the end of the first span, the second, a part of the third. */
static void a_shared_window_has_references_of_its_own(struct kunit *test)
{
	struct sv_spans spans = {}, window = {};
	struct sv_loan *loans[3];
	int i;

	three_spans(test, &spans, loans);
	KUNIT_ASSERT_EQ(test, sv_spans_reserve(&window, 3), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 999, 1011, U32_MAX, &window), 0);
	KUNIT_ASSERT_EQ(test, window.nr, 3);
	KUNIT_EXPECT_EQ(test, window.tail, 1011);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 0)->skip, 999);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 0)->len, 1);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 1)->skip, 0);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 1)->len, 1000);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 2)->skip, 0);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 2)->len, 10);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, refcount_read(&loans[i]->refs), 2);
	/* either may go first */
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_spans_free(&window);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

static void sharing_without_room_tells_how_much_it_takes(struct kunit *test)
{
	struct sv_spans spans = {}, window = {};
	struct sv_loan *loans[3];
	int i;

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 0, 2001, U32_MAX, &window), 3);
	KUNIT_EXPECT_EQ(test, window.nr, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, refcount_read(&loans[i]->refs), 1);
	/* exactly two spans: they fit without an array */
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 0, 2000, U32_MAX, &window), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 2);
	sv_spans_free(&window);
	sv_spans_free(&spans);
}

static void a_window_has_no_more_spans_than_asked_for(struct kunit *test)
{
	struct sv_spans spans = {}, window = {};
	struct sv_loan *loans[3];

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 500, 3000, 2, &window), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 2);
	KUNIT_EXPECT_EQ(test, window.tail, 1500);
	KUNIT_EXPECT_EQ(test, refcount_read(&loans[2]->refs), 1);
	sv_spans_free(&window);
	sv_spans_free(&spans);
}

static void a_window_ends_where_the_list_ends(struct kunit *test)
{
	struct sv_spans spans = {}, window = {};
	struct sv_loan *loans[3];

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 3000, 1, 9, &window), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 2500, 0, 9, &window), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 0);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 2999, SZ_1G, 9, &window), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 1);
	KUNIT_EXPECT_EQ(test, window.tail, 1);
	/* nor does the sum of position and length wrap */
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 2998, U64_MAX, 9, &window), 0);
	KUNIT_EXPECT_EQ(test, window.nr, 2);
	KUNIT_EXPECT_EQ(test, window.tail, 3);
	sv_spans_free(&window);
	sv_spans_free(&spans);
}

/* Positions are absolute: a busy vector's soon need more than 32 bits. */
static void positions_pass_four_gigabytes(struct kunit *test)
{
	u64 start = (u64)U32_MAX - 500;
	struct sv_spans spans = { .head = start, .tail = start };
	struct sv_spans window = {};
	struct sv_loan *loans[3];
	u64 len = 1001;
	struct sv_loan *gone[3];
	u32 nr = ARRAY_SIZE(gone);

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_EQ(test, spans.tail, start + 3000);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, sv_spans_find(&spans, start + 1000), 1);
	KUNIT_EXPECT_EQ(test, sv_spans_share(&spans, 1ULL << 32, 600, 9, &window), 0);
	KUNIT_ASSERT_EQ(test, window.nr, 2);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 0)->skip, 501);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 0)->len, 499);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&window, 1)->len, 101);
	sv_spans_free(&window);
	KUNIT_EXPECT_TRUE(test, sv_spans_consume(&spans, &len, gone, &nr));
	KUNIT_ASSERT_EQ(test, nr, 1);
	sv_loan_put(gone[0]);
	KUNIT_EXPECT_EQ(test, spans.head, start + 1001);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 0)->at, start + 1001);
	sv_spans_free(&spans);
}

static void consuming_hands_over_what_is_used_up(struct kunit *test)
{
	struct sv_loan *loans[3], *gone[3];
	struct sv_spans spans = {};
	u32 nr = ARRAY_SIZE(gone);
	u64 len = 999;

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_TRUE(test, sv_spans_consume(&spans, &len, gone, &nr));
	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, spans.loans, 3);
	nr = ARRAY_SIZE(gone);
	len = 1001;
	KUNIT_EXPECT_TRUE(test, sv_spans_consume(&spans, &len, gone, &nr));
	KUNIT_EXPECT_EQ(test, len, 0);
	KUNIT_ASSERT_EQ(test, nr, 2);
	KUNIT_EXPECT_PTR_EQ(test, gone[0], loans[0]);
	KUNIT_EXPECT_PTR_EQ(test, gone[1], loans[1]);
	KUNIT_EXPECT_EQ(test, spans.head, 2000);
	KUNIT_EXPECT_EQ(test, spans.loans, 1);
	KUNIT_EXPECT_EQ(test, spans.pages, 1);
	/* they are the caller's to put */
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_loan_put(gone[0]);
	sv_loan_put(gone[1]);
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

static void consuming_stops_when_the_array_is_full(struct kunit *test)
{
	struct sv_loan *loans[3], *gone[3];
	struct sv_spans spans = {};
	u64 len = 2500;
	u32 nr = 1;

	three_spans(test, &spans, loans);
	KUNIT_EXPECT_FALSE(test, sv_spans_consume(&spans, &len, gone, &nr));
	KUNIT_EXPECT_EQ(test, nr, 1);
	KUNIT_EXPECT_EQ(test, len, 1500);
	sv_loan_put(gone[0]);
	nr = 2;
	KUNIT_EXPECT_TRUE(test, sv_spans_consume(&spans, &len, gone, &nr));
	KUNIT_EXPECT_EQ(test, nr, 1);
	sv_loan_put(gone[0]);
	KUNIT_EXPECT_EQ(test, spans.head, 2500);
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

static void slices_of_one_loan_leave_one_by_one(struct kunit *test)
{
	struct sv_loan *loan = small_loan(test);
	struct sv_spans spans = {};

	sv_test_append(test, &spans, loan, 0, 10);
	sv_test_append(test, &spans, loan, 10, 10);
	sv_loan_put(loan);
	sv_spans_drop(&spans, 10);
	KUNIT_EXPECT_EQ(test, spans.loans, 1);
	KUNIT_EXPECT_EQ(test, spans.pages, 1);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_spans_drop(&spans, 10);
	KUNIT_EXPECT_EQ(test, spans.loans, 0);
	KUNIT_EXPECT_EQ(test, spans.pages, 0);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
	sv_spans_free(&spans);
}

static void a_list_is_cut_within_a_span(struct kunit *test)
{
	struct sv_loan *loans[3];
	struct sv_spans spans = {};

	three_spans(test, &spans, loans);
	sv_spans_drop(&spans, 100);
	sv_spans_cut(&spans, 1400);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
	KUNIT_EXPECT_EQ(test, spans.nr, 2);
	KUNIT_EXPECT_EQ(test, spans.tail, 1500);
	KUNIT_EXPECT_EQ(test, spans.loans, 2);
	KUNIT_EXPECT_EQ(test, spans.pages, 2);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 1)->len, 500);
	sv_spans_free(&spans);
}

static void a_list_is_cut_between_spans(struct kunit *test)
{
	struct sv_loan *loans[3];
	struct sv_spans spans = {};

	three_spans(test, &spans, loans);
	sv_spans_cut(&spans, 3000);
	KUNIT_EXPECT_EQ(test, spans.nr, 3);
	sv_spans_cut(&spans, 1000);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 2);
	KUNIT_EXPECT_EQ(test, spans.nr, 1);
	KUNIT_EXPECT_EQ(test, sv_spans_at(&spans, 0)->len, 1000);
	sv_spans_cut(&spans, 0);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
	KUNIT_EXPECT_EQ(test, spans.nr, 0);
	KUNIT_EXPECT_EQ(test, spans.tail, 0);
	KUNIT_EXPECT_EQ(test, spans.loans, 0);
	sv_spans_free(&spans);
}

static void moved_spans_change_the_list(struct kunit *test)
{
	struct sv_spans spans = {}, from = {};
	struct sv_loan *loans[3];

	three_spans(test, &from, loans);
	sv_spans_drop(&from, 500);
	KUNIT_ASSERT_EQ(test, sv_spans_reserve(&spans, 3), 0);
	sv_spans_move(&spans, &from);
	KUNIT_EXPECT_EQ(test, from.nr, 0);
	KUNIT_EXPECT_EQ(test, from.loans, 0);
	KUNIT_EXPECT_EQ(test, from.pages, 0);
	KUNIT_EXPECT_EQ(test, from.head, from.tail);
	KUNIT_EXPECT_EQ(test, spans.nr, 3);
	KUNIT_EXPECT_EQ(test, spans.tail, 2500);
	KUNIT_EXPECT_EQ(test, refcount_read(&loans[0]->refs), 1);
	sv_spans_free(&from);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 3);
}

static struct kunit_case spans_cases[] = {
	KUNIT_CASE(appended_spans_are_numbered_and_counted),
	KUNIT_CASE(one_lazy_loan_makes_the_list_lazy),
	KUNIT_CASE(a_list_that_grows_keeps_its_order),
	KUNIT_CASE(a_position_is_found_in_its_span),
	KUNIT_CASE(a_shared_window_has_references_of_its_own),
	KUNIT_CASE(sharing_without_room_tells_how_much_it_takes),
	KUNIT_CASE(a_window_has_no_more_spans_than_asked_for),
	KUNIT_CASE(a_window_ends_where_the_list_ends),
	KUNIT_CASE(positions_pass_four_gigabytes),
	KUNIT_CASE(consuming_hands_over_what_is_used_up),
	KUNIT_CASE(consuming_stops_when_the_array_is_full),
	KUNIT_CASE(slices_of_one_loan_leave_one_by_one),
	KUNIT_CASE(a_list_is_cut_within_a_span),
	KUNIT_CASE(a_list_is_cut_between_spans),
	KUNIT_CASE(moved_spans_change_the_list),
	{}
};

struct kunit_suite sv_spans_suite = {
	.name = "spans",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = spans_cases,
};
