// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the test suites share: an account of their own, loans of any shape, records
 * of a vector, and user memory.
 */
#include "helpers.h"

#include <linux/cred.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "release.h"
#include "stable.h"

/* Pages a made-up run may have, so that no two of them touch. */
#define RUN_PAGES	((2UL << 30) >> PAGE_SHIFT)

/* The release of a loan is told nothing but the loan. Cases run one by one. */
static atomic_t *returned;

/* Whoever runs the tests has memory, the threads of the cases have none. */
static struct mm_struct *user_mm;
static unsigned long user_addr;

/**
 * sv_test_init - begin a case: a suite's init
 * @test: case
 *
 * Return: 0 or -ENOMEM.
 */
int sv_test_init(struct kunit *test)
{
	struct sv_test *own = kunit_kzalloc(test, sizeof(*own), GFP_KERNEL);

	if (!own)
		return -ENOMEM;
	refcount_set(&own->account.refs, 1);
	own->account.user = &own->user;
	returned = &own->returned;
	test->priv = own;
	return 0;
}

/**
 * sv_test_exit - end a case: a suite's exit
 * @test: case; fails if its account still has anything
 */
void sv_test_exit(struct kunit *test)
{
	struct sv_test *own = test->priv;
	struct sv_account *account = &own->account;
	int kind;

	KUNIT_EXPECT_EQ(test, refcount_read(&account->refs), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pages), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pinned), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->pushes), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->completions), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->user.locked_vm), 0);
	for (kind = 0; kind < SPLICEVEC_KINDS; kind++)
		KUNIT_EXPECT_EQ(test, atomic_long_read(&account->loans[kind]), 0);
}

/**
 * sv_test_page - the first page of a run of sv_test_loan()
 * @run: its index
 *
 * Return: an address to compare with; nothing need be there.
 */
struct page *sv_test_page(unsigned int run)
{
	return ZERO_PAGE(0) + run * RUN_PAGES;
}

static void count_return(struct sv_loan *loan)
{
	if (in_task() && !irqs_disabled())
		atomic_inc(returned);
}

/**
 * sv_test_loan - a loan with made-up pages
 * @test: case, whose account pays a page for each run
 * @runs: what shape it has
 * @nr: number of runs
 *
 * Return: the loan with one reference.
 */
struct sv_loan *sv_test_loan(struct kunit *test, const struct sv_test_run *runs,
			     unsigned int nr)
{
	struct sv_loan *loan;
	unsigned int i;

	loan = sv_loan_alloc(sv_test_account(test), SPLICEVEC_CACHE, nr);
	KUNIT_ASSERT_FALSE(test, IS_ERR(loan));
	for (i = 0; i < nr; i++) {
		loan->bv[i] = (struct bio_vec) {
			.bv_page = sv_test_page(i),
			.bv_offset = runs[i].offset,
			.bv_len = runs[i].len,
		};
		loan->len += runs[i].len;
	}
	loan->nr = nr;
	loan->release = count_return;
	return loan;
}

/**
 * sv_test_byte - what a loan of sv_test_filled() holds
 * @at: bytes before it
 *
 * Return: the byte; no two pages are the same.
 */
u8 sv_test_byte(size_t at)
{
	return at % 251;
}

/**
 * sv_test_filled - a loan of real pages with known contents
 * @test: case, whose account pays
 * @len: bytes, at most 64 KiB
 *
 * Return: the loan with one reference.
 */
struct sv_loan *sv_test_filled(struct kunit *test, size_t len)
{
	u8 *bytes = kunit_kzalloc(test, len, GFP_KERNEL);
	struct kvec vec = { .iov_base = bytes, .iov_len = len };
	struct sv_loan *loan;
	struct iov_iter from;
	struct sv_span room;
	size_t i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	for (i = 0; i < len; i++)
		bytes[i] = sv_test_byte(i);
	loan = sv_owned_alloc(sv_test_account(test), len);
	KUNIT_ASSERT_FALSE(test, IS_ERR(loan));
	room = sv_span_whole(loan);
	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, len);
	KUNIT_ASSERT_EQ(test, sv_owned_fill(&room, &from), len);
	sv_owned_trim(loan, len);
	KUNIT_ASSERT_EQ(test, sv_loan_settle(loan, true), 0);
	return loan;
}

/**
 * sv_test_append - put a slice of a loan into a list
 * @test: case
 * @spans: list; made larger if it has to be
 * @loan: the list gets a reference of its own
 * @skip: bytes of the loan before the slice
 * @len: bytes of the slice
 */
void sv_test_append(struct kunit *test, struct sv_spans *spans,
		    struct sv_loan *loan, size_t skip, size_t len)
{
	struct sv_span span = sv_span_whole(sv_loan_get(loan));

	sv_span_advance(&span, skip);
	span.len = len;
	KUNIT_ASSERT_EQ(test, sv_spans_reserve(spans, 1), 0);
	sv_spans_append(spans, &span);
}

/**
 * sv_test_drop_rights - go on as an ordinary user
 * @test: case, whose thread it is for
 */
void sv_test_drop_rights(struct kunit *test)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cred);
	memset(&cred->cap_effective, 0, sizeof(cred->cap_effective));
	commit_creds(cred);
}

/**
 * sv_test_parameter - where a parameter of the module is kept
 * @test: case
 * @name: of the parameter
 *
 * Return: its address, of the type it has.
 */
void *sv_test_parameter(struct kunit *test, const char *name)
{
	const struct kernel_param *params = THIS_MODULE->kp;
	unsigned int i;

	for (i = 0; i < THIS_MODULE->num_kp; i++)
		if (!strcmp(params[i].name, name))
			return params[i].arg;
	KUNIT_ASSERT_TRUE_MSG(test, false, "no parameter %s", name);
	return NULL;
}

/**
 * sv_test_completions - a place for records, as a new vector has it
 * @test: case
 *
 * Return: it; sv_completions_close() ends it.
 */
struct sv_completions *sv_test_completions(struct kunit *test)
{
	struct sv_completions *completions = sv_completions_new();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, completions);
	return completions;
}

/**
 * sv_test_reserve - promise a record
 * @test: case, who pays
 * @completions: where it will be
 * @kind: of the record
 * @user_data: of the record
 *
 * Return: the completion with the command's reference.
 */
struct sv_completion *sv_test_reserve(struct kunit *test,
				      struct sv_completions *completions,
				      enum splicevec_completion_kind kind,
				      u64 user_data)
{
	struct sv_completion *completion =
		sv_completion_reserve(completions, sv_test_account(test), kind,
				      user_data);

	KUNIT_ASSERT_FALSE(test, IS_ERR(completion));
	return completion;
}

/**
 * sv_test_post - the record of a push that is done as soon as it is asked for
 * @test: case, who pays
 * @completions: where it will be
 * @user_data: of the record
 */
void sv_test_post(struct kunit *test, struct sv_completions *completions,
		  u64 user_data)
{
	sv_completion_tell(sv_test_reserve(test, completions,
					   SPLICEVEC_COMPLETION_PUSH, user_data), 1);
}

/**
 * sv_test_expect_records - these records were taken, and no other
 * @test: case
 * @taken: what was
 * @first: user_data of the first; each has one more
 * @nr: how many there shall be
 */
void sv_test_expect_records(struct kunit *test, struct list_head *taken,
			    u64 first, u32 nr)
{
	struct sv_completion *completion;
	u32 seen = 0;

	list_for_each_entry(completion, taken, node)
		KUNIT_EXPECT_EQ(test, completion->record.user_data,
				first + seen++);
	KUNIT_EXPECT_EQ(test, seen, nr);
}

/**
 * sv_test_reap - take all records, see that they are those, and free them
 * @test: case
 * @completions: where they are
 * @first: user_data of the first; each has one more
 * @nr: how many there shall be
 */
void sv_test_reap(struct kunit *test, struct sv_completions *completions,
		  u64 first, u32 nr)
{
	LIST_HEAD(taken);

	KUNIT_EXPECT_TRUE(test, sv_completions_take(completions, 0, SV_TEST_ALL,
						    &taken));
	sv_test_expect_records(test, &taken, first, nr);
	sv_completions_free(completions, &taken);
}

static void do_nothing(struct work_struct *work)
{
}

/**
 * sv_test_wait_for_releases - what the release queue had to do has been done
 *
 * It does one thing at a time, in the order in which it was told.
 */
void sv_test_wait_for_releases(void)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, do_nothing);
	sv_release_queue(&work);
	flush_work(&work);
	destroy_work_on_stack(&work);
}

/**
 * sv_test_map_user - a suite_init: map memory that cases can use as a user's
 * @suite: not used
 *
 * Two pages that can be written, then one nobody can touch.
 *
 * Context: a process, not a case.
 * Return: 0 or a negative errno.
 */
int sv_test_map_user(struct kunit_suite *suite)
{
	unsigned long size = SV_TEST_USER_SIZE + PAGE_SIZE;
	unsigned long addr;

	addr = vm_mmap(NULL, 0, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	vm_munmap(addr + SV_TEST_USER_SIZE, PAGE_SIZE);
	user_addr = addr;
	user_mm = current->mm;
	return 0;
}

/**
 * sv_test_unmap_user - a suite_exit: unmap that memory
 * @suite: not used
 */
void sv_test_unmap_user(struct kunit_suite *suite)
{
	vm_munmap(user_addr, SV_TEST_USER_SIZE);
}

/**
 * sv_test_enter - let a case use the suite's user memory
 * @test: case; between this and sv_test_leave() it may expect, but not assert
 *
 * Return: its address; SV_TEST_USER_SIZE bytes, all zero.
 */
void __user *sv_test_enter(struct kunit *test)
{
	void __user *user = (void __user *)user_addr;

	mmget(user_mm);
	kthread_use_mm(user_mm);
	KUNIT_EXPECT_EQ(test, clear_user(user, SV_TEST_USER_SIZE), 0);
	return user;
}

/**
 * sv_test_leave - end what sv_test_enter() began
 */
void sv_test_leave(void)
{
	kthread_unuse_mm(user_mm);
	mmput(user_mm);
}
