// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which folios are pinned, and which were so a moment ago: who waits for one has ten
 * times as long to get at it as it was pinned.
 *
 * A table of fixed size: nothing is allocated, listed or aged. A folio is known by where
 * it is in which file, and has its place in one row and in no other. Two that look alike,
 * or one more than a row is wide, just cannot be pinned at a time.
 */
#include "pin_slots.h"

#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>

/* A row is a cache line. */
#define ROW_BITS	11
#define WIDTH		8

/* A pin keeps its folio from being pinned for so many times as long as it was. */
#define COOLING	10

/*
 * A slot: what is left of the folio's key without the row, above the time in jiffies
 * before which it must not be pinned: 34 years at 1000 a second. Zero is free.
 */
#define BUSY		BIT_ULL(63)
#define TIME_BITS	40
#define TIME_MASK	GENMASK_ULL(TIME_BITS - 1, 0)
#define TAG_MASK	GENMASK_ULL(62, TIME_BITS)

static atomic64_t slots[1 << ROW_BITS][WIDTH] __cacheline_aligned;

static u64 now(void)
{
	return get_jiffies_64() & TIME_MASK;
}

static atomic64_t *row_of(u64 key)
{
	return slots[key >> (64 - ROW_BITS)];
}

static u64 tag_of(u64 key)
{
	return (key << ROW_BITS >> 1) & TAG_MASK;
}

static bool is_held(u64 slot)
{
	return (slot & BUSY) || (slot & TIME_MASK) > now();
}

/**
 * sv_pin_slot_key - what a folio is known by
 * @mapping: that it is in
 * @generation: of the inode: neither its address nor its number is its own for good
 * @index: of the folio
 *
 * Not its page number: the next file that has the page is another matter.
 *
 * Return: the key.
 */
u64 sv_pin_slot_key(const void *mapping, u32 generation, u64 index)
{
	u64 key = ((uintptr_t)mapping ^ index) * GOLDEN_RATIO_64;

	return (key ^ key >> 32 ^ ((u64)generation << 32)) * GOLDEN_RATIO_64;
}

/**
 * sv_pin_slot_take - take the place of a folio that is to be pinned
 * @key: of it; the caller has it locked, so nobody else takes it
 *
 * Context: any.
 * Return: the slot, for sv_pin_slot_return() or sv_pin_slot_cool(); NULL: the folio is
 * pinned, or was not long ago, or there is no place.
 */
atomic64_t *sv_pin_slot_take(u64 key)
{
	atomic64_t *row = row_of(key);
	atomic64_t *found = NULL;
	u64 tag = tag_of(key);
	s64 old, was = 0;
	int i;

	for (i = 0; i < WIDTH; i++) {
		old = atomic64_read(&row[i]);
		if (is_held(old)) {
			if ((old & TAG_MASK) == tag)
				return NULL;
		} else if (!found) {
			found = &row[i];
			was = old;
		}
	}
	/* somebody has just taken it for another folio: so that will do */
	if (!found || atomic64_cmpxchg(found, was, BUSY | tag) != was)
		return NULL;
	return found;
}

/**
 * sv_pin_slot_return - the folio was not pinned after all
 * @slot: from sv_pin_slot_take()
 *
 * Context: any.
 */
void sv_pin_slot_return(atomic64_t *slot)
{
	atomic64_set(slot, 0);
}

/**
 * sv_pin_slot_cool - the folio is about to be pinned no more
 * @slot: from sv_pin_slot_take()
 * @since: of when it was pinned, as get_jiffies_64()
 *
 * Context: any.
 */
void sv_pin_slot_cool(atomic64_t *slot, u64 since)
{
	u64 end = get_jiffies_64();
	u64 until = end + COOLING * max(end - since, 1ULL);

	atomic64_set_release(slot, (atomic64_read(slot) & TAG_MASK) |
				   (until & TIME_MASK));
}
