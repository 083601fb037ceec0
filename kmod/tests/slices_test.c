// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of slices: advance, measure, take to pieces, iterate. */
#include "helpers.h"

#include "suites.h"

/* Runs that begin and end within pages, at their edges, and over several. */
static const struct sv_test_run odd_runs[] = {
	{ 0, PAGE_SIZE },
	{ 100, 1 },
	{ PAGE_SIZE - 1, 2 },
	{ 1, PAGE_SIZE - 1 },
	{ 4000, 3 * PAGE_SIZE },
	{ 0, 5 },
};

static size_t bytes_of(const struct sv_test_run *runs, unsigned int nr)
{
	size_t bytes = 0;

	while (nr--)
		bytes += runs[nr].len;
	return bytes;
}

static void advancing_ends_in_the_right_run(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, odd_runs, ARRAY_SIZE(odd_runs));
	struct sv_span span = sv_span_whole(loan);

	sv_span_advance(&span, 0);
	KUNIT_EXPECT_EQ(test, span.run, 0);
	sv_span_advance(&span, PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, span.run, 0);
	KUNIT_EXPECT_EQ(test, span.skip, PAGE_SIZE - 1);
	/* the first byte of a run is no byte of the run before it */
	sv_span_advance(&span, 1);
	KUNIT_EXPECT_EQ(test, span.run, 1);
	KUNIT_EXPECT_EQ(test, span.skip, 0);
	sv_span_advance(&span, 2);
	KUNIT_EXPECT_EQ(test, span.run, 2);
	KUNIT_EXPECT_EQ(test, span.skip, 1);
	sv_span_advance(&span, PAGE_SIZE + 10);
	KUNIT_EXPECT_EQ(test, span.run, 4);
	KUNIT_EXPECT_EQ(test, span.skip, 10);
	KUNIT_EXPECT_EQ(test, span.at, 2 * PAGE_SIZE + 12);
	KUNIT_EXPECT_EQ(test, span.len, loan->len - span.at);
	sv_loan_put(loan);
}

static void a_slice_knows_how_far_in_it_begins(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, odd_runs, ARRAY_SIZE(odd_runs));
	size_t skip;

	KUNIT_ASSERT_EQ(test, loan->len, bytes_of(odd_runs, ARRAY_SIZE(odd_runs)));
	for (skip = 0; skip < loan->len; skip++) {
		struct sv_span span = sv_span_whole(loan);

		sv_span_advance(&span, skip);
		if (sv_span_before(&span) != skip ||
		    span.skip >= odd_runs[span.run].len ||
		    span.len != loan->len - skip)
			break;
	}
	KUNIT_EXPECT_EQ(test, skip, loan->len);
	sv_loan_put(loan);
}

/* It does not matter in how many steps one gets there. */
static void two_steps_are_as_good_as_one(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, odd_runs, ARRAY_SIZE(odd_runs));
	size_t skip;

	for (skip = 0; skip < loan->len - 7; skip++) {
		struct sv_span once = sv_span_whole(loan);
		struct sv_span twice = sv_span_whole(loan);

		sv_span_advance(&once, skip + 7);
		sv_span_advance(&twice, skip);
		sv_span_advance(&twice, 7);
		if (memcmp(&once, &twice, sizeof(once)))
			break;
	}
	KUNIT_EXPECT_EQ(test, skip, loan->len - 7);
	sv_loan_put(loan);
}

/* Runs have 32 bits of length, slices more. */
static void a_slice_passes_four_gigabytes(struct kunit *test)
{
	const struct sv_test_run runs[] = {
		{ 0, SZ_1G }, { 0, SZ_1G }, { 0, SZ_1G },
		{ 0, SZ_1G }, { 0, SZ_1G }, { 0, SZ_1G },
	};
	struct sv_loan *loan = sv_test_loan(test, runs, ARRAY_SIZE(runs));
	struct sv_span span = sv_span_whole(loan);

	KUNIT_EXPECT_EQ(test, span.len, 6ULL * SZ_1G);
	sv_span_advance(&span, U32_MAX);
	KUNIT_EXPECT_EQ(test, span.run, 3);
	KUNIT_EXPECT_EQ(test, span.skip, SZ_1G - 1);
	sv_span_advance(&span, 1);
	KUNIT_EXPECT_EQ(test, span.run, 4);
	KUNIT_EXPECT_EQ(test, span.skip, 0);
	KUNIT_EXPECT_EQ(test, span.at, 1ULL << 32);
	KUNIT_EXPECT_EQ(test, sv_span_before(&span), 1ULL << 32);
	KUNIT_EXPECT_EQ(test, span.len, 2ULL * SZ_1G);
	sv_loan_put(loan);
}

static void a_long_slice_is_iterated_over_whole(struct kunit *test)
{
	const struct sv_test_run runs[] = {
		{ 0, SZ_1G }, { 0, SZ_1G }, { 0, SZ_1G },
		{ 0, SZ_1G }, { 0, SZ_1G }, { 0, SZ_1G },
	};
	struct sv_loan *loan = sv_test_loan(test, runs, ARRAY_SIZE(runs));
	struct sv_span span = sv_span_whole(loan);
	struct iov_iter iter;

	sv_span_advance(&span, SZ_1G + 1);
	span.len = (1ULL << 32) + 1;
	sv_span_iter(&span, ITER_SOURCE, &iter);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), (1ULL << 32) + 1);
	KUNIT_EXPECT_EQ(test, iter.nr_segs, 5);
	KUNIT_EXPECT_EQ(test, iov_iter_single_seg_count(&iter), SZ_1G - 1);
	sv_loan_put(loan);
}

struct expected_piece {
	unsigned int run, page, offset, len;
};

static void pieces_stay_within_their_pages(struct kunit *test)
{
	static const struct expected_piece expected[] = {
		{ 0, 0, 4095, 1 }, { 1, 0, 100, 1 }, { 2, 0, 4095, 1 },
		{ 2, 1, 0, 1 }, { 3, 0, 1, 4095 }, { 4, 0, 4000, 96 },
		{ 4, 1, 0, 4096 }, { 4, 2, 0, 4096 }, { 4, 3, 0, 1 },
	};
	struct sv_loan *loan = sv_test_loan(test, odd_runs, ARRAY_SIZE(odd_runs));
	struct sv_span span = sv_span_whole(loan);
	struct sv_piece piece;
	int i = 0;

	sv_span_advance(&span, PAGE_SIZE - 1);
	span.len = 1 + 1 + 2 + 4095 + 96 + 2 * 4096 + 1;
	while (sv_span_next_piece(&span, &piece)) {
		const struct expected_piece *this = &expected[i];

		KUNIT_ASSERT_LT(test, i++, ARRAY_SIZE(expected));
		KUNIT_EXPECT_PTR_EQ(test, piece.page,
				    sv_test_page(this->run) + this->page);
		KUNIT_EXPECT_EQ(test, piece.offset, this->offset);
		KUNIT_EXPECT_EQ(test, piece.len, this->len);
	}
	KUNIT_EXPECT_EQ(test, i, ARRAY_SIZE(expected));
	KUNIT_EXPECT_EQ(test, span.len, 0);
	sv_loan_put(loan);
}

/* Do these bytes lie @at bytes into a loan of sv_test_filled()? */
static bool bytes_are(const u8 *bytes, size_t len, size_t at)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i] != sv_test_byte(at + i))
			return false;
	return true;
}

static void an_iterator_reads_the_slice_and_no_more(struct kunit *test)
{
	static const size_t edges[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 11999 };
	struct sv_loan *loan = sv_test_filled(test, 12000);
	u8 *bytes = kunit_kzalloc(test, 12000, GFP_KERNEL);
	int i, j;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		for (j = i; j < ARRAY_SIZE(edges); j++) {
			struct sv_span span = sv_span_whole(loan);
			size_t len = edges[j] + 1 - edges[i];
			struct iov_iter iter;

			sv_span_advance(&span, edges[i]);
			span.len = len;
			sv_span_iter(&span, ITER_SOURCE, &iter);
			KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), len);
			KUNIT_EXPECT_EQ(test, copy_from_iter(bytes, 12000, &iter), len);
			KUNIT_EXPECT_TRUE(test, bytes_are(bytes, len, edges[i]));
		}
	sv_loan_put(loan);
}

static void an_iterator_over_one_span_needs_no_memory(struct kunit *test)
{
	struct sv_loan *loan = sv_test_filled(test, 9000);
	struct sv_spans spans = {};
	struct bio_vec *runs;
	struct iov_iter iter;

	sv_test_append(test, &spans, loan, 0, 5000);
	sv_test_append(test, &spans, loan, 6000, 100);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, sv_spans_iter(&spans, 5000, ITER_SOURCE, &iter, &runs), 0);
	KUNIT_EXPECT_NULL(test, runs);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 5000);
	sv_spans_free(&spans);
}

static void an_iterator_over_a_list_joins_its_spans(struct kunit *test)
{
	static const size_t skips[] = { 4000, 0, 8191 }, lens[] = { 5000, 1, 700 };
	struct sv_loan *loan = sv_test_filled(test, 12000);
	u8 *bytes = kunit_kzalloc(test, 8192, GFP_KERNEL), *at = bytes;
	struct sv_spans spans = {};
	struct bio_vec *runs;
	struct iov_iter iter;
	int i;

	for (i = 0; i < 3; i++)
		sv_test_append(test, &spans, loan, skips[i], lens[i]);
	sv_loan_put(loan);
	/* all but the last 100 bytes */
	KUNIT_ASSERT_EQ(test, sv_spans_iter(&spans, 5601, ITER_SOURCE, &iter, &runs), 0);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 5601);
	KUNIT_EXPECT_EQ(test, copy_from_iter(bytes, 8192, &iter), 5601);
	for (i = 0; i < 3; i++) {
		size_t len = i == 2 ? 600 : lens[i];

		KUNIT_EXPECT_TRUE(test, bytes_are(at, len, skips[i]));
		at += len;
	}
	kvfree(runs);
	sv_spans_free(&spans);
}

static void the_front_is_no_longer_than_its_span(struct kunit *test)
{
	struct sv_loan *loan = sv_test_loan(test, odd_runs, 1);
	struct sv_spans spans = {};

	sv_test_append(test, &spans, loan, 10, 20);
	sv_test_append(test, &spans, loan, 0, 5);
	sv_loan_put(loan);
	KUNIT_EXPECT_EQ(test, sv_spans_front(&spans, 7).len, 7);
	KUNIT_EXPECT_EQ(test, sv_spans_front(&spans, 25).len, 20);
	KUNIT_EXPECT_EQ(test, sv_spans_front(&spans, 25).skip, 10);
	sv_spans_free(&spans);
}

static struct kunit_case slices_cases[] = {
	KUNIT_CASE(advancing_ends_in_the_right_run),
	KUNIT_CASE(a_slice_knows_how_far_in_it_begins),
	KUNIT_CASE(two_steps_are_as_good_as_one),
	KUNIT_CASE(a_slice_passes_four_gigabytes),
	KUNIT_CASE(a_long_slice_is_iterated_over_whole),
	KUNIT_CASE(pieces_stay_within_their_pages),
	KUNIT_CASE(an_iterator_reads_the_slice_and_no_more),
	KUNIT_CASE(an_iterator_over_one_span_needs_no_memory),
	KUNIT_CASE(an_iterator_over_a_list_joins_its_spans),
	KUNIT_CASE(the_front_is_no_longer_than_its_span),
	{}
};

struct kunit_suite sv_slices_suite = {
	.name = "slices",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = slices_cases,
};
