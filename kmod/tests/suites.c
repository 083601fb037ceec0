// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running the test suites: whoever writes to /sys/kernel/debug/splicevec/kunit
 * runs all of them and waits until they are done. The results are in the kernel
 * log, in KTAP.
 *
 * They are not announced to KUnit by kunit_test_suites(), which would run them
 * when the module is loaded: before 6.8 that is before the module is initialised,
 * and where KUnit is not enabled on the kernel's command line not at all. And a
 * test that loads the module again wants it as it is.
 */
#include "suites.h"

#include <kunit/test.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>

static struct kunit_suite *const suites[] = {
	&sv_args_suite,
	&sv_spans_suite,
	&sv_slices_suite,
	&sv_vector_suite,
	&sv_loan_suite,
	&sv_account_suite,
	&sv_tracked_suite,
	&sv_completion_suite,
	&sv_records_suite,
	&sv_deferred_suite,
	&sv_verify_suite,
	&sv_pin_suite,
	&sv_lend_suite,
	&sv_tables_suite,
};

static DEFINE_MUTEX(running);	/* a suite keeps its results in itself */

static void run_suite(struct kunit_suite *suite)
{
	struct kunit_case *test_case;

	suite->suite_init_err = 0;
	kunit_suite_for_each_test_case(suite, test_case)
		test_case->status = KUNIT_SUCCESS;
	kunit_run_tests(suite);
}

static ssize_t run_suites(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	int i;

	if (mutex_lock_interruptible(&running))
		return -EINTR;
	pr_info("KTAP version 1\n");
	pr_info("1..%zu\n", ARRAY_SIZE(suites));
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		run_suite(suites[i]);
	mutex_unlock(&running);
	return len;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_suites,
};

/**
 * sv_suites_init - offer the tests beside the ledger, with which they go; without
 * it they would stay behind
 */
void sv_suites_init(void)
{
	struct dentry *dir = debugfs_lookup("splicevec", NULL);

	if (!dir)
		return;
	debugfs_create_file("kunit", 0200, dir, NULL, &run_fops);
	dput(dir);
}
