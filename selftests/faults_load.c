// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below the module's own initialisation that can fail does so once: it is
 * loaded and works, or it is not loaded and nothing of it is left.
 */
#include "kselftest_harness.h"

#include "failnth.h"
#include "module.h"
#include "vectors.h"

#include <time.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	53
#define ENOUGH	10

LEDGER_FIXTURE(faults)

/* Whatever it did without, it moves bytes and goes. */
static void check_works(void)
{
	int vec = new_vector();

	write_pattern(vec, SEED, 0, 2 * PAGE);
	read_pattern(vec, SEED, 0, 2 * PAGE);
	close(vec);
	module_unloads();
}

/* ENOSPC is what shmem says that has no memory for an inode. */
static bool may_report(int err)
{
	return !err || err == -ENOMEM || err == -ENOSPC;
}

/* Return: is there nothing left to fail? */
static bool try(unsigned int nth, unsigned int *reported)
{
	bool fired;
	int err;

	context("load, fault %u", nth);
	fail_nth_arm(nth);
	err = module_load();
	fired = fail_nth_disarm();
	check(may_report(err), "%s is no error of it", errno_name(-err));
	check(!err || fired, "%s without a fault", errno_name(-err));
	if (!err)
		check_works();
	*reported += !!err;
	return !fired;
}

/* What the kernel does to load any module is not our affair. Another day other faults. */
TEST_F(faults, load_works_or_leaves_nothing)
{
	const char *missing = fail_nth_missing() ?: module_missing();
	unsigned int apart = faults_apart(), injected = 0, reported = 0, nth;

	if (missing)
		SKIP(return, "%s", missing);
	fail_nth_open();
	if (!fail_nth_modules_only())
		SKIP(return, "faults cannot be told by who calls");
	module_unloads();
	for (nth = 1 + time(NULL) % apart; !failures(); nth += apart) {
		if (try(nth, &reported))
			break;
		injected++;
	}
	fail_nth_open();
	EXPECT_EQ(0, module_load());
	TH_LOG("%u faults injected, %u of them reported", injected, reported);
	EXPECT_LE(ENOUGH, nth - 1);
}

TEST_HARNESS_MAIN
