/* SPDX-License-Identifier: GPL-2.0-only */
/* The example of a module that lends to vectors; loaded for a test, and unloaded. */
#ifndef _SELFTEST_LENDER_H
#define _SELFTEST_LENDER_H

#include "common.h"

#include "../examples/lender/lender.h"

/* Return: why it is not to be had, or NULL. */
const char *lender_missing(void);
int lender_load(void);
/* Return: 0 or a negative errno. */
int lender_unload(void);
/* Wait, within bounds, until it can be unloaded; else a failure. */
void lender_unloads(void);

/* Return: fd of the device. */
int lender_open(void);
/* Lend @len bytes from @from. Return: 0 or a negative errno. */
int lender_lend(int lender, int vec, enum lender_sort sort, const void *from,
		size_t len, size_t skip);
/* The same, promised to stay as it is. */
int lender_lend_stable(int lender, int vec, enum lender_sort sort, const void *from,
		       size_t len);
/* The same for @len bytes of a pattern from @pos on; it has to work. */
void lender_lend_pattern(int lender, int vec, enum lender_sort sort,
			 uint64_t seed, uint64_t pos, size_t len);
const char *lender_sort_name(enum lender_sort sort);

struct lender_counts lender_counts(int lender);
/* So many destructors have been called, and no more come for a while. */
void check_not_returned(int lender, uint64_t returned);
/* So many are called sooner or later, each for a buffer that was out. */
void check_returned(int lender, uint64_t returned);

/* As LEDGER_FIXTURE(), with a lender that has lent nothing yet. */
#define LENDER_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct ledger before;					\
		int lender;						\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		if (lender_missing())					\
			SKIP(return, "%s", lender_missing());		\
		ledger_read(&self->before);				\
		must_sv(lender_load());					\
		self->lender = lender_open();				\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		close_all();						\
		ledger_settle(&self->before);				\
		lender_unloads();					\
		EXPECT_EQ(0, failures());				\
	}

#endif
