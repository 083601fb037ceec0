/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * splicevec for other modules: lend pages to a vector and get them back by a
 * destructor. Documentation/lending.rst says what may be lent, and what may be done
 * with it meanwhile.
 */
#ifndef _LINUX_SPLICEVEC_H
#define _LINUX_SPLICEVEC_H

#include <linux/types.h>
#include <uapi/linux/splicevec.h>

struct bio_vec;
struct file;
struct module;
struct page;

/* What one lend may have: runs, and bytes in all (MAX_RW_COUNT). */
#define SPLICEVEC_LEND_RUNS	65536U

/**
 * struct splicevec_lender - who lends
 * @owner: THIS_MODULE; it cannot be unloaded until @release has returned from its
 *	last call
 * @release: the pages are the lender's again: no sink, no mapping and no vector
 *	reads them any more. Called once for each lend that succeeded, in process
 *	context with no lock held, by a queue that reclaim may wait for: it may
 *	sleep, but shall neither wait for an allocation nor for the end of another
 *	lend or push
 * @stable: nobody writes to the pages before that, so a STABLE push need not copy
 *	them
 */
struct splicevec_lender {
	struct module *owner;
	void (*release)(void *private);
	bool stable;
};

int splicevec_lend(struct file *vector, const struct bio_vec *bvecs,
		   unsigned int nr, const struct splicevec_lender *lender,
		   void *private);
int splicevec_lend_range(struct file *vector, struct page *page, size_t offset,
			 size_t len, const struct splicevec_lender *lender,
			 void *private);

#endif /* _LINUX_SPLICEVEC_H */
