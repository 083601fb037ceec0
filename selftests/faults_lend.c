// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below a lend, and below a push of what was lent, that can fail does so
 * once: all of a buffer is lent or nothing, and each that was lent comes home once.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "faults_work.h"
#include "lender.h"
#include "places.h"
#include "vectors.h"

#include <splicevec.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* More pages than one loan has runs. */
#define LARGE	(300 * PAGE)

struct lending {
	int lender;
	enum lender_sort sort;
	size_t len;
	void (*sink)(int fds[2]);
	int vec;
	int fds[2];
	char *from;
	struct lender_counts before;
};

static void lend_prepare(void *arg)
{
	struct lending *l = arg;

	l->vec = new_vector();
	l->from = map_pages(l->len);
	pattern_fill(l->from, SEED, 0, l->len);
	l->before = lender_counts(l->lender);
}

static long lend_run(void *arg)
{
	struct lending *l = arg;

	return lender_lend(l->lender, l->vec, l->sort, l->from, l->len, 0);
}

static void lend_finish(void *arg, long ret)
{
	struct lending *l = arg;
	struct lender_counts now = lender_counts(l->lender);

	check_eq(l->before.lent + !ret, now.lent);
	check_eq(l->before.returned, now.returned);
	check_held(l->vec, SEED, 0, ret ? 0 : l->len);
	if (ret)
		check_errno(0, lend_run(l));
	read_pattern(l->vec, SEED, 0, l->len);
	check_returned(l->lender, l->before.returned + 1);
	unmap_pages(l->from, l->len);
	close(l->vec);
}
SWEEP(lend);

static void push_prepare(void *arg)
{
	struct lending *l = arg;

	lend_prepare(l);
	check_errno(0, lend_run(l));
	l->sink(l->fds);
}

static long push_run(void *arg)
{
	struct lending *l = arg;

	return sv_push(l->vec, l->fds[0], SV_POSITION, SV_ALL, 0);
}

static void push_finish(void *arg, long ret)
{
	struct lending *l = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(l->vec, SEED, done, l->len - done);
	if (done < l->len)
		check_eq(l->len - done, push_run(l));
	check_arrives(l->fds[1], SEED, 0, l->len);
	check_returned(l->lender, l->before.returned + 1);
	unmap_pages(l->from, l->len);
	close(l->vec);
	close(l->fds[0]);
	close(l->fds[1]);
}
SWEEP(push);

LENDER_FIXTURE(faults)

#define LENT_OR_NOT(from, pages, bytes)					\
	TEST_F(faults, from##_is_lent_or_not)				\
	{								\
		struct lending l = {					\
			.lender = self->lender,				\
			.sort = LENDER_##pages,				\
			.len = (bytes),					\
		};							\
									\
		NEEDS_FAULTS();						\
		sweep_all(&lend_sweep, &l);				\
	}
LENT_OR_NOT(page, PAGES, LEN)
LENT_OR_NOT(vmalloc, VMALLOC, LEN)
LENT_OR_NOT(compound, COMPOUND, LEN)
LENT_OR_NOT(more_than_a_loan, PAGES, LARGE)

#define COMES_HOME(by)							\
	TEST_F(faults, buffer_pushed_to_##by##_comes_home_once)		\
	{								\
		struct lending l = {					\
			.lender = self->lender,				\
			.len = LEN,					\
			.sink = by##_ends,				\
		};							\
									\
		NEEDS_FAULTS();						\
		sweep_all(&push_sweep, &l);				\
	}
COMES_HOME(tcp)
COMES_HOME(unix_stream)
COMES_HOME(pipe)

TEST_COUNT(530)

TEST_HARNESS_MAIN
