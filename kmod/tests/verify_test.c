// SPDX-License-Identifier: GPL-2.0-only
/* Sums of bytes: what is seen of a change, and where a push was cut. */
#include "verify.h"

#include <linux/crc32c.h>
#include <linux/err.h>
#include <linux/highmem.h>

#include "helpers.h"
#include "suites.h"

#define BLOCK	((size_t)SV_VERIFY_BLOCK)
#define LEN	(3 * BLOCK + 100)

/* Change a byte of a loan, or change it back. */
static void poke(struct sv_loan *loan, size_t at)
{
	struct sv_span span = sv_span_whole(loan);
	struct sv_piece piece;
	u8 *bytes;

	sv_span_advance(&span, at);
	sv_span_next_piece(&span, &piece);
	bytes = kmap_local_page(piece.page);
	bytes[piece.offset] ^= 1;
	kunmap_local(bytes);
}

/* All of a loan, in slices whose borders are none of blocks or pages. */
static void slice_up(struct kunit *test, struct sv_spans *spans,
		     struct sv_loan *loan)
{
	size_t at = 0, n = 1;

	for (; at < loan->len; at += n, n = min(3 * n, loan->len - at))
		sv_test_append(test, spans, loan, at, n);
}

static struct sv_verify *verify_of(struct kunit *test,
				   const struct sv_spans *spans, size_t len)
{
	struct sv_verify *verify = sv_verify_begin(spans, len);

	KUNIT_ASSERT_FALSE(test, IS_ERR(verify));
	return verify;
}

static void sums_are_those_of_the_library(struct kunit *test)
{
	struct sv_loan *loan = sv_test_filled(test, LEN);
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct sv_spans spans = {};
	struct sv_verify *verify;
	size_t i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	for (i = 0; i < LEN; i++)
		bytes[i] = sv_test_byte(i);
	slice_up(test, &spans, loan);
	verify = verify_of(test, &spans, LEN);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, verify->sums[i],
				crc32c(~0U, bytes + i * BLOCK, BLOCK));
	KUNIT_EXPECT_EQ(test, verify->sums[3],
			crc32c(~0U, bytes + 3 * BLOCK, 100));
	KUNIT_EXPECT_FALSE(test, sv_verify_changed(verify));
	sv_verify_free(verify);
	sv_spans_free(&spans);
	sv_loan_put(loan);
}

static void any_byte_shows_and_no_other(struct kunit *test)
{
	static const size_t places[] = {
		0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 7, 3 * BLOCK, LEN - 2,
	};
	struct sv_loan *loan = sv_test_filled(test, LEN);
	struct sv_spans spans = {};
	struct sv_verify *verify;
	int i;

	slice_up(test, &spans, loan);
	verify = verify_of(test, &spans, LEN - 1);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		poke(loan, places[i]);
		KUNIT_EXPECT_TRUE_MSG(test, sv_verify_changed(verify), "%zu",
				      places[i]);
		poke(loan, places[i]);
		KUNIT_EXPECT_FALSE_MSG(test, sv_verify_changed(verify), "%zu",
				       places[i]);
	}
	poke(loan, LEN - 1);
	KUNIT_EXPECT_FALSE(test, sv_verify_changed(verify));
	sv_verify_free(verify);
	sv_spans_free(&spans);
	sv_loan_put(loan);
}

static void a_cut_leaves_what_is_before_it(struct kunit *test)
{
	static const size_t cuts[] = {
		1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 99, LEN,
	};
	struct sv_loan *loan = sv_test_filled(test, LEN);
	struct sv_spans spans = {};
	int i;

	slice_up(test, &spans, loan);
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct sv_verify *verify = verify_of(test, &spans, LEN);

		sv_verify_cut(verify, cuts[i]);
		KUNIT_EXPECT_EQ(test, verify->len, cuts[i]);
		KUNIT_EXPECT_EQ(test, verify->spans.tail - verify->spans.head,
				cuts[i]);
		if (cuts[i] < LEN)
			poke(loan, cuts[i]);
		KUNIT_EXPECT_FALSE_MSG(test, sv_verify_changed(verify), "%zu",
				       cuts[i]);
		poke(loan, cuts[i] - 1);
		KUNIT_EXPECT_TRUE_MSG(test, sv_verify_changed(verify), "%zu",
				      cuts[i]);
		poke(loan, cuts[i] - 1);
		if (cuts[i] < LEN)
			poke(loan, cuts[i]);
		sv_verify_free(verify);
	}
	sv_spans_free(&spans);
	sv_loan_put(loan);
}

/* What changed while the sink was being asked: once seen it is never forgotten. */
static void a_change_before_the_cut_is_not_forgotten(struct kunit *test)
{
	struct sv_loan *loan = sv_test_filled(test, LEN);
	struct sv_spans spans = {};
	struct sv_verify *verify;

	slice_up(test, &spans, loan);
	verify = verify_of(test, &spans, LEN);
	poke(loan, BLOCK + 5);
	sv_verify_cut(verify, BLOCK + 10);
	poke(loan, BLOCK + 5);
	KUNIT_EXPECT_TRUE(test, sv_verify_changed(verify));
	sv_verify_free(verify);
	/* in a block that nothing was taken of */
	verify = verify_of(test, &spans, LEN);
	poke(loan, 2 * BLOCK);
	sv_verify_cut(verify, BLOCK + 10);
	KUNIT_EXPECT_FALSE(test, sv_verify_changed(verify));
	sv_verify_free(verify);
	sv_spans_free(&spans);
	sv_loan_put(loan);
}

static void sums_keep_the_bytes(struct kunit *test)
{
	static const struct sv_test_run run = { 100, 2 * PAGE_SIZE };
	struct sv_loan *loan = sv_test_loan(test, &run, 1);
	struct sv_spans spans = {};
	struct sv_verify *verify;

	sv_spans_append_loan(&spans, loan);
	verify = verify_of(test, &spans, 2 * PAGE_SIZE);
	sv_spans_free(&spans);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 0);
	sv_verify_free(verify);
	KUNIT_EXPECT_EQ(test, sv_test_returned(test), 1);
}

/* Look at it again when the push has ended. Return: what the record says. */
static u32 flags_of_record(struct kunit *test, struct sv_loan *loan, bool changed)
{
	struct sv_completions *completions = sv_completions_new();
	struct sv_completion *completion;
	struct sv_spans spans = {};
	LIST_HEAD(taken);
	u32 flags;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, completions);
	completion = sv_completion_reserve(completions, sv_test_account(test),
					   SPLICEVEC_COMPLETION_PUSH, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(completion));
	slice_up(test, &spans, loan);
	sv_verify_later(verify_of(test, &spans, 10), completion);
	sv_verify_later(verify_of(test, &spans, LEN), completion);
	sv_spans_free(&spans);
	if (changed)
		poke(loan, BLOCK);
	sv_completion_tell(completion, LEN);
	KUNIT_ASSERT_TRUE(test, sv_completions_take(completions, 1, 1, &taken));
	completion = list_first_entry(&taken, struct sv_completion, node);
	flags = completion->record.flags;
	sv_completions_free(completions, &taken);
	sv_completions_close(completions);
	return flags;
}

static void the_record_says_what_was_seen(struct kunit *test)
{
	struct sv_loan *loan = sv_test_filled(test, LEN);

	KUNIT_EXPECT_EQ(test, flags_of_record(test, loan, false), 0);
	KUNIT_EXPECT_EQ(test, flags_of_record(test, loan, true),
			SPLICEVEC_CHANGED);
	sv_loan_put(loan);
}

static void what_is_stable_is_known_span_by_span(struct kunit *test)
{
	struct sv_loan *ours = sv_test_filled(test, 10);
	struct sv_loan *other = sv_test_filled(test, 10);
	struct sv_spans spans = {};

	other->stable = false;
	KUNIT_EXPECT_FALSE(test, sv_spans_unstable(&spans, 100));
	sv_test_append(test, &spans, ours, 0, 10);
	sv_test_append(test, &spans, other, 0, 10);
	KUNIT_EXPECT_FALSE(test, sv_spans_unstable(&spans, 10));
	KUNIT_EXPECT_TRUE(test, sv_spans_unstable(&spans, 11));
	sv_spans_drop(&spans, 3);
	KUNIT_EXPECT_FALSE(test, sv_spans_unstable(&spans, 7));
	KUNIT_EXPECT_TRUE(test, sv_spans_unstable(&spans, 8));
	sv_spans_free(&spans);
	sv_loan_put(ours);
	sv_loan_put(other);
}

static struct kunit_case verify_cases[] = {
	KUNIT_CASE(sums_are_those_of_the_library),
	KUNIT_CASE(any_byte_shows_and_no_other),
	KUNIT_CASE(a_cut_leaves_what_is_before_it),
	KUNIT_CASE(a_change_before_the_cut_is_not_forgotten),
	KUNIT_CASE(sums_keep_the_bytes),
	KUNIT_CASE(the_record_says_what_was_seen),
	KUNIT_CASE(what_is_stable_is_known_span_by_span),
	{}
};

struct kunit_suite sv_verify_suite = {
	.name = "verify",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = verify_cases,
};
