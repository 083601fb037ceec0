// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger: what is alive, and whose it is. /sys/kernel/debug/splicevec/ledger
 */
#include "ledger.h"

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "account.h"
#include "pin.h"

static const char * const kind_names[SPLICEVEC_KINDS] = {
	[SPLICEVEC_OWNED] = "owned",
	[SPLICEVEC_CACHE] = "cache",
	[SPLICEVEC_FOREIGN] = "foreign",
	[SPLICEVEC_PINNED] = "lent_memory",
	[SPLICEVEC_LENT] = "lent",
};

static struct dentry *dir;

static long all_loans(const struct sv_usage *usage)
{
	long loans = 0;
	int kind;

	for (kind = 0; kind < SPLICEVEC_KINDS; kind++)
		loans += usage->loans[kind];
	return loans;
}

static void add_usage(uid_t uid, const struct sv_usage *usage, void *data)
{
	struct sv_usage *sum = data;
	int kind;

	sum->pages += usage->pages;
	sum->pinned += usage->pinned;
	sum->pushes += usage->pushes;
	sum->completions += usage->completions;
	sum->vectors += usage->vectors;
	for (kind = 0; kind < SPLICEVEC_KINDS; kind++)
		sum->loans[kind] += usage->loans[kind];
}

static void show_user(uid_t uid, const struct sv_usage *usage, void *data)
{
	seq_printf(data, "user %u: vectors %ld loans %ld pushes %ld completions %ld pages %ld pinned %ld\n",
		   uid, usage->vectors, all_loans(usage), usage->pushes,
		   usage->completions, usage->pages, usage->pinned);
}

static int ledger_show(struct seq_file *seq, void *unused)
{
	struct sv_usage sum = {};
	long pins, pin_pages;
	int kind;

	sv_pin_read(&pins, &pin_pages);
	sv_account_for_each(add_usage, &sum);
	seq_printf(seq, "vectors %ld\nloans %ld\npushes %ld\ncompletions %ld\npages %ld\npinned %ld\n",
		   sum.vectors, all_loans(&sum), sum.pushes, sum.completions,
		   sum.pages, sum.pinned);
	seq_printf(seq, "pins %ld\npin_pages %ld\n", pins, pin_pages);
	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++)
		seq_printf(seq, "%s %ld\n", kind_names[kind], sum.loans[kind]);
	sv_account_for_each(show_user, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ledger);

/**
 * sv_ledger_init - show the ledger; without debugfs there is none
 */
void sv_ledger_init(void)
{
	dir = debugfs_create_dir("splicevec", NULL);
	debugfs_create_file("ledger", 0444, dir, NULL, &ledger_fops);
}

/**
 * sv_ledger_exit - take it away
 */
void sv_ledger_exit(void)
{
	debugfs_remove(dir);
}
