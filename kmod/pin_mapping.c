// SPDX-License-Identifier: GPL-2.0-only
/*
 * AS_STABLE_WRITES: what makes those who write to a mapping wait for writeback, and
 * with it for pins. It is the mapping's for as long as there is a pin, and then as it
 * was found: XFS for one copies what direct I/O moves to and from such a mapping.
 *
 * A mapping has as many shares as pins; each knows what the first one found.
 */
#include "pin_mapping.h"

#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/spinlock.h>

#define BITS	6

/* Ends come in softirq. A leaf. */
static DEFINE_SPINLOCK(lock);
static struct hlist_head shares[1 << BITS];

static struct hlist_head *bucket_of(const struct address_space *mapping)
{
	return &shares[hash_ptr(mapping, BITS)];
}

static const struct sv_pin_mapping *find(const struct address_space *mapping)
{
	const struct sv_pin_mapping *share;

	lockdep_assert_held(&lock);
	hlist_for_each_entry(share, bucket_of(mapping), node)
		if (share->mapping == mapping)
			return share;
	return NULL;
}

/**
 * sv_pin_mapping_begin - have writers to a mapping wait for writeback
 * @share: new
 * @mapping: a folio of it is locked by the caller, and not yet under writeback of ours
 *
 * Context: any. The caller ends the share while a folio is still under that writeback,
 * which keeps the mapping alive.
 */
void sv_pin_mapping_begin(struct sv_pin_mapping *share,
			  struct address_space *mapping)
{
	const struct sv_pin_mapping *other;
	unsigned long flags;

	share->mapping = mapping;
	spin_lock_irqsave(&lock, flags);
	other = find(mapping);
	share->was = other ? other->was : mapping_stable_writes(mapping);
	hlist_add_head(&share->node, bucket_of(mapping));
	mapping_set_stable_writes(mapping);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * sv_pin_mapping_end - let a mapping be what it was, if this was the last share
 * @share: from sv_pin_mapping_begin()
 *
 * Context: any.
 */
void sv_pin_mapping_end(struct sv_pin_mapping *share)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	hlist_del(&share->node);
	if (!share->was && !find(share->mapping))
		mapping_clear_stable_writes(share->mapping);
	spin_unlock_irqrestore(&lock, flags);
}
