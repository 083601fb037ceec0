// SPDX-License-Identifier: GPL-2.0-only
/* The structs of the commands: growth, results, and checks. */
#include "args.h"

#include <linux/errno.h>
#include <linux/uaccess.h>

#include "helpers.h"
#include "suites.h"

#define JUNK	0x5a5a5a5a5a5a5a5aULL

/* A command that has grown by an argument and two results since its first version. */
struct grown {
	u32 size;
	u32 flags;
	u64 in;
	u64 out;
	u64 new_in;
	u64 new_out[2];
};

static const struct sv_args_layout grown_layout = {
	.size = sizeof(struct grown),
	.min = offsetof(struct grown, new_in),
	.out = offsetof(struct grown, out),
	.more = offsetof(struct grown, new_in),
	.more_out = offsetof(struct grown, new_out),
};

/* The caller's struct, and room for one that knows more. */
struct caller {
	struct grown args;
	u64 more[2];
};

static const struct caller full = {
	.args = { sizeof(struct grown), 7, 8, JUNK, 9, { JUNK, JUNK } },
	.more = { JUNK, JUNK },
};

/* Copy in what a caller gave, and look at what the caller has then. */
static int copy_in(struct kunit *test, const struct caller *given,
		   struct grown *args, struct caller *after)
{
	void __user *user = sv_test_enter(test);
	int err;

	memset(args, 0xff, sizeof(*args));
	KUNIT_EXPECT_EQ(test, copy_to_user(user, given, sizeof(*given)), 0);
	err = sv_args_copy_in(args, &grown_layout, user);
	KUNIT_EXPECT_EQ(test, copy_from_user(after, user, sizeof(*after)), 0);
	sv_test_leave();
	return err;
}

static void results_are_cleared_on_the_way_in(struct kunit *test)
{
	struct caller after;
	struct grown args;

	KUNIT_EXPECT_EQ(test, copy_in(test, &full, &args, &after), 0);
	KUNIT_EXPECT_EQ(test, args.size, sizeof(args));
	KUNIT_EXPECT_EQ(test, args.flags, 7);
	KUNIT_EXPECT_EQ(test, args.in, 8);
	KUNIT_EXPECT_EQ(test, args.out, 0);
	KUNIT_EXPECT_EQ(test, args.new_in, 9);
	KUNIT_EXPECT_EQ(test, args.new_out[0], 0);
	KUNIT_EXPECT_EQ(test, args.new_out[1], 0);
	/* the same in the caller's, and nothing else */
	KUNIT_EXPECT_EQ(test, memcmp(&after.args, &args, sizeof(args)), 0);
	KUNIT_EXPECT_EQ(test, after.more[0], JUNK);
}

static void an_older_struct_is_as_if_its_tail_were_zero(struct kunit *test)
{
	struct caller given = full, after;
	struct grown args;

	given.args.size = grown_layout.min;
	KUNIT_EXPECT_EQ(test, copy_in(test, &given, &args, &after), 0);
	KUNIT_EXPECT_EQ(test, args.in, 8);
	KUNIT_EXPECT_EQ(test, args.out, 0);
	KUNIT_EXPECT_EQ(test, args.new_in, 0);
	KUNIT_EXPECT_EQ(test, args.new_out[1], 0);
	KUNIT_EXPECT_EQ(test, after.args.out, 0);
	KUNIT_EXPECT_EQ(test, after.args.new_in, 9);
	/* what the caller does not know of is not the caller's struct */
	KUNIT_EXPECT_EQ(test, after.args.new_out[0], JUNK);
	KUNIT_EXPECT_EQ(test, after.args.new_out[1], JUNK);
}

static void a_newer_struct_has_to_have_a_tail_of_zero(struct kunit *test)
{
	struct caller given = full, after;
	struct grown args;

	given.args.size = sizeof(given);
	KUNIT_EXPECT_EQ(test, copy_in(test, &given, &args, &after), -E2BIG);
	KUNIT_EXPECT_EQ(test, memcmp(&after, &given, sizeof(given)), 0);
	given.more[0] = 0;
	KUNIT_EXPECT_EQ(test, copy_in(test, &given, &args, &after), -E2BIG);
	given.more[1] = 0;
	KUNIT_EXPECT_EQ(test, copy_in(test, &given, &args, &after), 0);
	KUNIT_EXPECT_EQ(test, args.size, sizeof(given));
	KUNIT_EXPECT_EQ(test, args.in, 8);
	KUNIT_EXPECT_EQ(test, after.args.out, 0);
	KUNIT_EXPECT_EQ(test, after.args.new_out[1], 0);
}

static void no_size_is_beyond_the_rule(struct kunit *test)
{
	static const struct {
		u32 size;
		int err;
	} sizes[] = {
		{ 0, -EINVAL }, { 4, -EINVAL },
		{ offsetof(struct grown, new_in) - 1, -EINVAL },
		{ PAGE_SIZE + 1, -E2BIG }, { 1U << 31, -E2BIG },
		{ U32_MAX, -E2BIG },
	};
	struct caller given = full, after;
	struct grown args;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		given.args.size = sizes[i].size;
		KUNIT_EXPECT_EQ_MSG(test, copy_in(test, &given, &args, &after),
				    sizes[i].err, "size %u", sizes[i].size);
		KUNIT_EXPECT_EQ(test, memcmp(&after, &given, sizeof(given)), 0);
	}
}

/* The largest struct of all fits a page, if it is zero from the known part on. */
static void a_struct_of_a_page_is_taken(struct kunit *test)
{
	u32 __user *user = sv_test_enter(test);
	struct grown args;

	KUNIT_EXPECT_EQ(test, put_user(PAGE_SIZE, user), 0);
	KUNIT_EXPECT_EQ(test, sv_args_copy_in(&args, &grown_layout, user), 0);
	KUNIT_EXPECT_EQ(test, args.size, PAGE_SIZE);
	sv_test_leave();
}

static void a_struct_that_cannot_be_reached_is_a_fault(struct kunit *test)
{
	void __user *user = sv_test_enter(test);
	void __user *end = user + SV_TEST_USER_SIZE;
	struct grown args = {};
	size_t kept;

	KUNIT_EXPECT_EQ(test, sv_args_copy_in(&args, &grown_layout, end), -EFAULT);
	KUNIT_EXPECT_EQ(test, sv_args_copy_in(&args, &grown_layout, NULL), -EFAULT);
	for (kept = sizeof(u64); kept < sizeof(args); kept += sizeof(u64)) {
		void __user *at = end - kept;

		KUNIT_EXPECT_EQ(test, put_user((u32)sizeof(args), (u32 __user *)at), 0);
		KUNIT_EXPECT_EQ(test, sv_args_copy_in(&args, &grown_layout, at), -EFAULT);
		args.size = sizeof(args);
		KUNIT_EXPECT_EQ(test, sv_args_copy_out(&args, &grown_layout, at), -EFAULT);
	}
	/* the caller's struct ends where the memory does */
	KUNIT_EXPECT_EQ(test, put_user(grown_layout.min,
				       (u32 __user *)(end - grown_layout.min)), 0);
	KUNIT_EXPECT_EQ(test, sv_args_copy_in(&args, &grown_layout,
					      end - grown_layout.min), 0);
	sv_test_leave();
}

/*
 * Results go to the caller, as far as the caller knows them; inputs never do. The first
 * one is known to all, of the new ones so many bytes are @written.
 */
static void copy_out(struct kunit *test, u32 size, size_t written)
{
	const size_t at = offsetof(struct grown, new_out);
	struct grown args = { size, 1, 2, 3, 6, { 4, 5 } };
	void __user *user = sv_test_enter(test);
	struct caller after;

	KUNIT_EXPECT_EQ(test, copy_to_user(user, &full, sizeof(full)), 0);
	KUNIT_EXPECT_EQ(test, sv_args_copy_out(&args, &grown_layout, user), 0);
	KUNIT_EXPECT_EQ(test, copy_from_user(&after, user, sizeof(after)), 0);
	sv_test_leave();
	KUNIT_EXPECT_EQ(test, memcmp(&after, &full, grown_layout.out), 0);
	KUNIT_EXPECT_EQ(test, after.args.out, 3);
	KUNIT_EXPECT_EQ(test, after.args.new_in, 9);
	KUNIT_EXPECT_EQ(test, memcmp(&after.args.new_out, &args.new_out, written), 0);
	KUNIT_EXPECT_EQ(test, memcmp((void *)&after + at + written,
				     (void *)&full + at + written,
				     sizeof(full) - at - written), 0);
}

static void results_are_written_as_far_as_the_caller_knows(struct kunit *test)
{
	copy_out(test, sizeof(struct grown), 16);
	copy_out(test, sizeof(struct grown) + 8, 16);
	copy_out(test, grown_layout.min, 0);
	copy_out(test, grown_layout.more_out, 0);
	copy_out(test, grown_layout.more_out + 8, 8);
	/* sizes are any number of bytes */
	copy_out(test, grown_layout.min + 3, 0);
	copy_out(test, grown_layout.more_out + 11, 11);
}

static void pull_knows_its_flags(struct kunit *test)
{
	static const u32 fine[] = {
		0, SPLICEVEC_NONBLOCK, SPLICEVEC_COPY, SPLICEVEC_UNCACHED,
		SPLICEVEC_LAZY, SPLICEVEC_LAZY | SPLICEVEC_NONBLOCK,
		SPLICEVEC_NOTIFY, SPLICEVEC_NOTIFY | SPLICEVEC_COPY,
	};
	static const u32 wrong[] = {
		SPLICEVEC_KEEP, SPLICEVEC_NOCOPY, SPLICEVEC_MORE,
		SPLICEVEC_STRICT, SPLICEVEC_STABLE, SPLICEVEC_VERIFY, 1U << 31,
		SPLICEVEC_COPY | SPLICEVEC_LAZY, SPLICEVEC_COPY | SPLICEVEC_UNCACHED,
		SPLICEVEC_LAZY | SPLICEVEC_UNCACHED,
	};
	struct splicevec_pull args = { .size = sizeof(args) };
	int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++) {
		args.flags = fine[i];
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_pull(&args), 0, "%#x", fine[i]);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		args.flags = wrong[i];
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_pull(&args), -EINVAL, "%#x",
				    wrong[i]);
	}
}

static void push_knows_its_flags(struct kunit *test)
{
	static const u32 fine[] = {
		0, SPLICEVEC_NONBLOCK, SPLICEVEC_KEEP, SPLICEVEC_NOCOPY,
		SPLICEVEC_MORE, SPLICEVEC_KEEP | SPLICEVEC_NOCOPY | SPLICEVEC_MORE,
		SPLICEVEC_STRICT, SPLICEVEC_STRICT | SPLICEVEC_KEEP,
		SPLICEVEC_STABLE, SPLICEVEC_STABLE | SPLICEVEC_NOCOPY,
		SPLICEVEC_VERIFY | SPLICEVEC_STRICT,
		SPLICEVEC_VERIFY | SPLICEVEC_STRICT | SPLICEVEC_STABLE,
	};
	static const u32 wrong[] = {
		SPLICEVEC_COPY, SPLICEVEC_UNCACHED, SPLICEVEC_LAZY,
		SPLICEVEC_NOTIFY, 1 << 11, 1U << 31, SPLICEVEC_VERIFY,
		SPLICEVEC_VERIFY | SPLICEVEC_STABLE,
	};
	struct splicevec_push args = { .size = sizeof(args) };
	int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++) {
		args.flags = fine[i];
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_push(&args), 0, "%#x", fine[i]);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		args.flags = wrong[i];
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_push(&args), -EINVAL, "%#x",
				    wrong[i]);
	}
}

static void splice_knows_its_flags_and_no_memory(struct kunit *test)
{
	struct splicevec_splice args = { .size = sizeof(args) };
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		bool fine = BIT(bit) & (SPLICEVEC_NONBLOCK | SPLICEVEC_NOCOPY |
					SPLICEVEC_STABLE);

		args.flags = BIT(bit);
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_splice(&args),
				    fine ? 0 : -EINVAL, "bit %u", bit);
	}
	args.flags = 0;
	args.in = SPLICEVEC_FD_MEM;
	KUNIT_EXPECT_EQ(test, sv_args_check_splice(&args), -EINVAL);
	args.in = 0;
	args.out = SPLICEVEC_FD_MEM;
	KUNIT_EXPECT_EQ(test, sv_args_check_splice(&args), -EINVAL);
	args.out = SPLICEVEC_FD_NONE;
	KUNIT_EXPECT_EQ(test, sv_args_check_splice(&args), 0);
}

static void only_memory_has_an_address_and_pieces(struct kunit *test)
{
	static const s32 fds[] = { SPLICEVEC_FD_MEM, SPLICEVEC_FD_NONE, -1, 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		int err = fds[i] == SPLICEVEC_FD_MEM ? 0 : -EINVAL;
		struct splicevec_pull pull = { .fd = fds[i] };
		struct splicevec_push push = { .fd = fds[i] };

		KUNIT_EXPECT_EQ(test, sv_args_check_pull(&pull), 0);
		KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), 0);
		pull.iovs = 1;
		push.iovs = 1;
		KUNIT_EXPECT_EQ(test, sv_args_check_pull(&pull), err);
		KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), err);
		pull = (struct splicevec_pull) { .fd = fds[i], .addr = 1ULL << 32 };
		push = (struct splicevec_push) { .fd = fds[i], .addr = 1ULL << 32 };
		KUNIT_EXPECT_EQ(test, sv_args_check_pull(&pull), err);
		KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), err);
	}
}

static void what_no_flag_asks_for_is_zero(struct kunit *test)
{
	struct splicevec_pull pull = { .user_data = 1ULL << 32 };
	struct splicevec_push push = { .user_data = 1ULL << 32 };

	KUNIT_EXPECT_EQ(test, sv_args_check_pull(&pull), -EINVAL);
	KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), -EINVAL);
	pull.flags = SPLICEVEC_NOTIFY;
	push.flags = SPLICEVEC_STRICT;
	KUNIT_EXPECT_EQ(test, sv_args_check_pull(&pull), 0);
	KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), 0);
	push = (struct splicevec_push) { .start = -1 };
	KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), -EINVAL);
	push.start = 1LL << 32;
	KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), -EINVAL);
	push.flags = SPLICEVEC_KEEP;
	KUNIT_EXPECT_EQ(test, sv_args_check_push(&push), 0);
}

static void reap_knows_what_fits(struct kunit *test)
{
	static const struct splicevec_reap fine[] = {
		{},
		{ .capacity = 1, .stride = 40, .timeout = U64_MAX },
		{ .capacity = U32_MAX, .min = 4096, .stride = PAGE_SIZE },
		{ .capacity = 2, .min = 2, .stride = 48 },
		{ .flags = SPLICEVEC_REAP_EVENTFD, .eventfd = -1 },
	};
	static const struct splicevec_reap wrong[] = {
		{ .min = 1 },
		{ .capacity = 5000, .min = 4097, .stride = 40 },
		{ .capacity = 1 },
		{ .capacity = 1, .stride = 32 },
		{ .capacity = 1, .stride = 44 },
		{ .capacity = 1, .stride = PAGE_SIZE + 8 },
		{ .eventfd = -1 },
		{ .flags = 2 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++)
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_reap(&fine[i]), 0, "%d", i);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_reap(&wrong[i]), -EINVAL,
				    "%d", i);
}

static void policy_sets_what_it_names(struct kunit *test)
{
	static const struct splicevec_policy fine[] = {
		{},
		{ .set = SPLICEVEC_STABLE },
		{ .set = SPLICEVEC_STABLE, .flags = SPLICEVEC_STABLE },
		{ .set = SPLICEVEC_STABLE | SPLICEVEC_VERIFY,
		  .flags = SPLICEVEC_VERIFY },
	};
	static const struct splicevec_policy wrong[] = {
		{ .flags = SPLICEVEC_STABLE },
		{ .set = SPLICEVEC_VERIFY, .flags = SPLICEVEC_STABLE },
		{ .set = SPLICEVEC_STRICT },
		{ .set = 1 << 11 },
		{ .reserved = 1 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++)
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_policy(&fine[i]), 0, "%d", i);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ_MSG(test, sv_args_check_policy(&wrong[i]), -EINVAL,
				    "%d", i);
}

static void cancel_has_no_flags(struct kunit *test)
{
	struct splicevec_cancel args = { .user_data = U64_MAX };

	KUNIT_EXPECT_EQ(test, sv_args_check_cancel(&args), 0);
	args.flags = 1;
	KUNIT_EXPECT_EQ(test, sv_args_check_cancel(&args), -EINVAL);
}

static struct kunit_case args_cases[] = {
	KUNIT_CASE(results_are_cleared_on_the_way_in),
	KUNIT_CASE(an_older_struct_is_as_if_its_tail_were_zero),
	KUNIT_CASE(a_newer_struct_has_to_have_a_tail_of_zero),
	KUNIT_CASE(no_size_is_beyond_the_rule),
	KUNIT_CASE(a_struct_of_a_page_is_taken),
	KUNIT_CASE(a_struct_that_cannot_be_reached_is_a_fault),
	KUNIT_CASE(results_are_written_as_far_as_the_caller_knows),
	KUNIT_CASE(pull_knows_its_flags),
	KUNIT_CASE(push_knows_its_flags),
	KUNIT_CASE(splice_knows_its_flags_and_no_memory),
	KUNIT_CASE(only_memory_has_an_address_and_pieces),
	KUNIT_CASE(what_no_flag_asks_for_is_zero),
	KUNIT_CASE(reap_knows_what_fits),
	KUNIT_CASE(policy_sets_what_it_names),
	KUNIT_CASE(cancel_has_no_flags),
	{}
};

struct kunit_suite sv_args_suite = {
	.name = "args",
	.suite_init = sv_test_map_user,
	.suite_exit = sv_test_unmap_user,
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = args_cases,
};
