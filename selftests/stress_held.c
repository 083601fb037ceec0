// SPDX-License-Identifier: GPL-2.0-only
/* What one thread has, and who is to be told when it is gone. */
#include "stress_held.h"
#include "stress_faults.h"

#include <splicevec.h>
#include <string.h>
#include <unistd.h>

size_t held_len(const struct held *h)
{
	return h->e.tail - h->e.head;
}

bool held_full(const struct held *h)
{
	return extents_full(&h->e, 2) || promised_full(&h->promised);
}

/* Is there anybody left who has what came with a pull? Flights are no longer, perhaps. */
static bool has_users(const struct holdings *own, uint64_t notify)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < HELD; i++)
		found |= extents_notify(&own->held[i].e, own->held[i].e.head,
					held_len(&own->held[i]), notify);
	for (i = 0; i < SHOWN; i++)
		found |= shown_notify(&own->shown[i], notify);
	return found;
}

/* What was pushed strictly has been read, or was nothing. */
static bool is_over(const struct holdings *own, const struct promise *promise)
{
	return promise->kind == SPLICEVEC_COMPLETION_PUSH ||
	       (!has_users(own, promise->user_data) &&
		!flights_notify(&own->flights, promise->user_data));
}

static unsigned int count_over(const struct holdings *own, const struct promised *p)
{
	unsigned int found = 0, i;

	for (i = 0; i < p->nr; i++)
		found += is_over(own, &p->list[i]);
	return found;
}

void held_take_records(struct holdings *own, struct held *h, unsigned int min)
{
	struct splicevec_completion records[REAPED];
	int n = promised_reap(&h->promised, h->vec, min, records), i;

	for (i = 0; i < n; i++)
		check(records[i].kind != SPLICEVEC_COMPLETION_NOTIFY ||
		      !has_users(own, records[i].user_data),
		      "NOTIFY %llu has users yet",
		      (unsigned long long)records[i].user_data);
}

void held_take_all_records(struct holdings *own, struct held *h)
{
	unsigned int min;

	while ((min = count_over(own, &h->promised)) && !failures())
		held_take_records(own, h, min);
	/* nor is there one more */
	held_take_records(own, h, 0);
}

/* What is owed yet goes with the vector; mostly all that is over was told of before. */
void held_renew(struct holdings *own, struct held *h, int vec)
{
	unsigned int i;

	if (chance(own->hand, 4))
		held_take_all_records(own, h);
	for (i = 0; i < SHOWN; i++)
		shown_inherit(&own->shown[i], h->vec, &h->e);
	close(h->vec);
	h->vec = vec;
	h->promised = (struct promised){};
	memset(&h->e, 0, offsetof(struct extents, list));
}

void holdings_begin(struct holdings *own, struct hand *hand)
{
	unsigned int i;

	own->hand = hand;
	for (i = 0; i < HELD; i++)
		own->held[i].vec = new_vector();
	flights_begin(&own->flights, hand);
}

static void empty(struct held *h)
{
	check_eq(held_len(h), persist(sv_drop(h->vec, SV_ALL)));
	extents_drop(&h->e, held_len(h));
}

/* When nobody has anything any more all that was promised is over. */
void holdings_end(struct holdings *own)
{
	unsigned int i;

	flights_end(&own->flights);
	for (i = 0; i < SHOWN; i++) {
		if (own->shown[i].map)
			shown_look(&own->shown[i], own->hand);
		shown_end(&own->shown[i]);
	}
	for (i = 0; i < HELD; i++)
		empty(&own->held[i]);
	for (i = 0; i < HELD; i++) {
		held_take_all_records(own, &own->held[i]);
		close(own->held[i].vec);
	}
}
