/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of a program about pinned pages: files of both filesystems that have them.
 * After kselftest_harness.h; the program may add variants.
 */
#ifndef _SELFTEST_HELD_FIXTURE_H
#define _SELFTEST_HELD_FIXTURE_H

#include "held.h"

/* Seconds: each test may wait for several deadlines. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

FIXTURE(held)
{
	struct ledger before;
	struct held held;
};

FIXTURE_VARIANT(held)
{
	enum place place;
	const char *options;	/* what the filesystem is mounted with, or NULL */
};

FIXTURE_VARIANT_ADD(held, ext4) { .place = EXT4, };
FIXTURE_VARIANT_ADD(held, xfs) { .place = XFS, };

FIXTURE_SETUP(held)
{
	const char *missing = held_missing(variant->place);

	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	held_begin(&self->held, variant->place, variant->options);
}

FIXTURE_TEARDOWN(held)
{
	held_end(&self->held);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#endif
