// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: threads and processes pull, push, slice, map, read, write,
 * close and are killed, on vectors of their own and on shared ones, while files
 * change, connections break, memory is short and somebody wants the module gone.
 * What each byte must be is known all the time; see the stress_*.h.
 *
 * SEED= repeats what a run chose, if not when it happened; STRESS_SECONDS= is how
 * long each variant lasts.
 */
#include "kselftest_harness.h"

#include "lender.h"
#include "stress_jobs.h"

#include <stdio.h>
#include <unistd.h>

/* Longer than anybody wants to wait: who is stuck is found otherwise. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 100000

#define FDS	20000

LEDGER_FIXTURE(stress)

FIXTURE_VARIANT(stress)
{
	bool rush;
	bool squeeze;
	bool faults;
};

FIXTURE_VARIANT_ADD(stress, calm) { };

/* Two processors, and few that share them: what is not locked is found here. */
FIXTURE_VARIANT_ADD(stress, rush)
{
	.rush = true,
};

FIXTURE_VARIANT_ADD(stress, little_memory)
{
	.squeeze = true,
};

FIXTURE_VARIANT_ADD(stress, failing_memory)
{
	.faults = true,
};

static void hire(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		crew_hire_process("kill", kill_workers, scene);
	crew_hire_process("page out", page_out_files, scene);
	for (i = 0; i < FILES; i++)
		crew_hire("rewrite", rewrite, &scene->files[i]);
	for (i = 0; i < 3; i++)
		crew_hire("juggle", juggle, scene);
	for (i = 0; i < 4; i++)
		crew_hire("sail", sail, scene);
	for (i = 0; i < 2; i++)
		crew_hire("reset", reset, scene);
	crowd_begin();
	swap_begin(scene);
	wake_begin();
	crew_hire("unload", unload, scene);
}

/* One vector, all for itself; a third of the time is enough. */
static void work_in_a_rush(void)
{
	struct scene scene = { .vec = -1, .lender = -1 };
	unsigned int i;

	crew_begin(false);
	crew->seconds = (crew->seconds + 2) / 3;
	scene.rivers = rivers_open();
	for (i = 0; i < 5; i++)
		crew_hire("rush", rush, &scene);
	/* nobody but those at work keeps it here */
	crew_hire("unload", unload, &scene);
	crew_go();
	crew_join();
	rivers_close(scene.rivers);
}

static int find_lender(void)
{
	if (lender_missing())
		return -1;
	must_sv(lender_load());
	return lender_open();
}

/* Of all that jugglers were lent each buffer has come home, and once. */
static void lender_goes(int lender)
{
	struct lender_counts counts;

	if (lender < 0)
		return;
	counts = lender_counts(lender);
	check_returned(lender, counts.lent);
	check_not_returned(lender, counts.lent);
	fprintf(stderr, "# lent: %llu\n", (unsigned long long)counts.lent);
	close(lender);
	lender_unloads();
}

static void work(bool squeeze, bool faults)
{
	struct scene scene = { .vec = new_vector(), .lender = find_lender() };

	crew_begin(faults);
	scene.files = files_open();
	scene.rivers = rivers_open();
	crowd_open();
	reclaim_begin();
	pageout_begin();
	if (squeeze)
		limit_set();
	hire(&scene);
	if (squeeze || faults)
		crew_hire("reclaim", reclaim, &scene);
	crew_go();
	crew_join();
	rivers_close(scene.rivers);
	swap_end();
	wake_end();
	crowd_end();
	pageout_end();
	reclaim_end();
	files_close(scene.files);
	check_eq(0, crew->failures);
	close(scene.vec);
	lender_goes(scene.lender);
}

TEST_F(stress, no_byte_is_lost_doubled_or_foreign)
{
	const char *missing = NULL;

	raise_nofile(FDS);
	if (variant->squeeze)
		missing = limit_begin();
	if (variant->faults)
		missing = faults_begin();
	if (missing)
		SKIP(return, "%s", missing);
	if (variant->rush)
		work_in_a_rush();
	else
		work(variant->squeeze, variant->faults);
	if (variant->faults)
		faults_end();
	if (variant->squeeze)
		limit_end();
}

TEST_HARNESS_MAIN
