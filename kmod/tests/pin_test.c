// SPDX-License-Identifier: GPL-2.0-only
/* Pins: which folios may be pinned again, and what mappings are told of it. */
#include "pin_slots.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "helpers.h"
#include "pin_mapping.h"
#include "suites.h"

/* Of no inode: tests and what is pinned meanwhile do not meet. */
#define ROW	((u64)1 << 53)	/* keys of neighbouring rows lie so far apart */
#define TAG	((u64)1 << 30)	/* and those of one row, which look different, so far */
#define WIDTH	8

static u64 key_in(unsigned int row, unsigned int nr)
{
	return row * ROW + nr * TAG;
}

/* As if it had been pinned for so many jiffies. */
static void cool_after(atomic64_t *slot, u64 pinned)
{
	sv_pin_slot_cool(slot, get_jiffies_64() - pinned);
}

static void what_is_pinned_is_not_pinned_again(struct kunit *test)
{
	atomic64_t *slot = sv_pin_slot_take(key_in(7, 1));

	KUNIT_ASSERT_NOT_NULL(test, slot);
	KUNIT_EXPECT_NULL(test, sv_pin_slot_take(key_in(7, 1)));
	sv_pin_slot_return(slot);
	slot = sv_pin_slot_take(key_in(7, 1));
	KUNIT_ASSERT_NOT_NULL(test, slot);
	sv_pin_slot_return(slot);
}

static void it_has_to_cool_for_ten_times_as_long(struct kunit *test)
{
	atomic64_t *slot = sv_pin_slot_take(key_in(8, 1));
	u64 begin = get_jiffies_64();

	KUNIT_ASSERT_NOT_NULL(test, slot);
	cool_after(slot, 2);
	while (!(slot = sv_pin_slot_take(key_in(8, 1))))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_GE(test, get_jiffies_64() - begin, 20);
	sv_pin_slot_return(slot);
}

/* Less than a jiffy is one: nobody starves because clocks are coarse. */
static void the_shortest_pin_cools_too(struct kunit *test)
{
	atomic64_t *slot = sv_pin_slot_take(key_in(9, 1));

	KUNIT_ASSERT_NOT_NULL(test, slot);
	cool_after(slot, 0);
	KUNIT_EXPECT_NULL(test, sv_pin_slot_take(key_in(9, 1)));
	while (!(slot = sv_pin_slot_take(key_in(9, 1))))
		schedule_timeout_uninterruptible(1);
	sv_pin_slot_return(slot);
}

static void a_row_has_room_for_some(struct kunit *test)
{
	atomic64_t *slots[WIDTH], *other;
	int i;

	for (i = 0; i < WIDTH; i++) {
		slots[i] = sv_pin_slot_take(key_in(10, i + 1));
		KUNIT_EXPECT_NOT_NULL(test, slots[i]);
	}
	KUNIT_EXPECT_NULL(test, sv_pin_slot_take(key_in(10, WIDTH + 1)));
	other = sv_pin_slot_take(key_in(11, 1));
	KUNIT_EXPECT_NOT_NULL(test, other);
	if (other)
		sv_pin_slot_return(other);
	for (i = 0; i < WIDTH; i++)
		if (slots[i])
			sv_pin_slot_return(slots[i]);
}

static void what_cools_gives_way_to_nobody(struct kunit *test)
{
	atomic64_t *slots[WIDTH];
	int i;

	for (i = 0; i < WIDTH; i++) {
		slots[i] = sv_pin_slot_take(key_in(12, i + 1));
		KUNIT_ASSERT_NOT_NULL(test, slots[i]);
	}
	cool_after(slots[3], 1000);
	KUNIT_EXPECT_NULL(test, sv_pin_slot_take(key_in(12, WIDTH + 1)));
	KUNIT_EXPECT_NULL(test, sv_pin_slot_take(key_in(12, 4)));
	for (i = 0; i < WIDTH; i++)
		sv_pin_slot_return(slots[i]);
}

static void keys_tell_files_and_places_apart(struct kunit *test)
{
	static const char one, other;
	u64 key = sv_pin_slot_key(&one, 1, 1);

	KUNIT_EXPECT_EQ(test, sv_pin_slot_key(&one, 1, 1), key);
	KUNIT_EXPECT_NE(test, sv_pin_slot_key(&one, 1, 2), key);
	KUNIT_EXPECT_NE(test, sv_pin_slot_key(&one, 2, 1), key);
	KUNIT_EXPECT_NE(test, sv_pin_slot_key(&other, 1, 1), key);
}

/* Mappings of nothing: all that is looked at is their flags. */
static struct address_space *new_mapping(struct kunit *test)
{
	struct address_space *mapping;

	mapping = kunit_kzalloc(test, sizeof(*mapping), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mapping);
	return mapping;
}

static void a_mapping_is_stable_as_long_as_one_is_pinned(struct kunit *test)
{
	struct address_space *mapping = new_mapping(test);
	struct sv_pin_mapping first, second;

	sv_pin_mapping_begin(&first, mapping);
	KUNIT_EXPECT_TRUE(test, mapping_stable_writes(mapping));
	sv_pin_mapping_begin(&second, mapping);
	sv_pin_mapping_end(&first);
	KUNIT_EXPECT_TRUE(test, mapping_stable_writes(mapping));
	sv_pin_mapping_end(&second);
	KUNIT_EXPECT_FALSE(test, mapping_stable_writes(mapping));
}

static void what_was_stable_stays_so(struct kunit *test)
{
	struct address_space *mapping = new_mapping(test);
	struct sv_pin_mapping first, second;

	mapping_set_stable_writes(mapping);
	sv_pin_mapping_begin(&first, mapping);
	sv_pin_mapping_begin(&second, mapping);
	sv_pin_mapping_end(&first);
	sv_pin_mapping_end(&second);
	KUNIT_EXPECT_TRUE(test, mapping_stable_writes(mapping));
}

/* However they are hashed: more than there are lists. */
static void mappings_do_not_mind_each_other(struct kunit *test)
{
	const int nr = 200;
	struct address_space **mappings;
	struct sv_pin_mapping *shares;
	int i;

	mappings = kunit_kzalloc(test, nr * sizeof(*mappings), GFP_KERNEL);
	shares = kunit_kzalloc(test, nr * sizeof(*shares), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mappings);
	KUNIT_ASSERT_NOT_NULL(test, shares);
	for (i = 0; i < nr; i++) {
		mappings[i] = new_mapping(test);
		sv_pin_mapping_begin(&shares[i], mappings[i]);
	}
	for (i = 0; i < nr; i += 2)
		sv_pin_mapping_end(&shares[i]);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, mapping_stable_writes(mappings[i]), i % 2);
	for (i = 1; i < nr; i += 2)
		sv_pin_mapping_end(&shares[i]);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_FALSE(test, mapping_stable_writes(mappings[i]));
}

static struct kunit_case pin_cases[] = {
	KUNIT_CASE(what_is_pinned_is_not_pinned_again),
	KUNIT_CASE(it_has_to_cool_for_ten_times_as_long),
	KUNIT_CASE(the_shortest_pin_cools_too),
	KUNIT_CASE(a_row_has_room_for_some),
	KUNIT_CASE(what_cools_gives_way_to_nobody),
	KUNIT_CASE(keys_tell_files_and_places_apart),
	KUNIT_CASE(a_mapping_is_stable_as_long_as_one_is_pinned),
	KUNIT_CASE(what_was_stable_stays_so),
	KUNIT_CASE(mappings_do_not_mind_each_other),
	{}
};

struct kunit_suite sv_pin_suite = {
	.name = "pin",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = pin_cases,
};
