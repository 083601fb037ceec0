// SPDX-License-Identifier: GPL-2.0-only
/*
 * splicevec: pull page spans from any fd, push them to any fd.
 */
#include <linux/module.h>

#include "cdev.h"
#include "ledger.h"
#include "release.h"
#include "ring.h"
#include "tests/suites.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init sv_init(void)
{
	int err;

	err = sv_ring_init();
	if (err)
		return err;
	err = sv_release_init();
	if (err)
		return err;
	sv_ledger_init();
	sv_suites_init();
	err = sv_cdev_init();
	if (err)
		goto err_ledger;
	return 0;

err_ledger:
	sv_ledger_exit();
	sv_release_exit();
	return err;
}

/*
 * Every vector and every push holds the module, so by now there are none, and
 * with them no loan. Only last instructions of callbacks may still run.
 */
static void __exit sv_exit(void)
{
	sv_cdev_exit();
	sv_ledger_exit();
	sv_release_exit();
}

module_init(sv_init);
module_exit(sv_exit);

MODULE_DESCRIPTION("Pull page spans from any fd, push them to any fd");
MODULE_AUTHOR("The splicevec developers");
MODULE_LICENSE("GPL");
