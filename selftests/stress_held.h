/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that one thread of the stress test has: vectors, mappings of them, flights. Who of
 * them has bytes that came with a pull says when its record is due.
 */
#ifndef _SELFTEST_STRESS_HELD_H
#define _SELFTEST_STRESS_HELD_H

#include "stress_flights.h"
#include "stress_records.h"
#include "stress_shown.h"

#define HELD	4
#define SHOWN	3

/* A vector. */
struct held {
	int vec;
	struct extents e;
	struct promised promised;
};

struct holdings {
	struct hand *hand;
	struct held held[HELD];
	struct shown shown[SHOWN];
	struct flights flights;
};

void holdings_begin(struct holdings *own, struct hand *hand);
/* All goes, and each record that is owed comes before its vector does. */
void holdings_end(struct holdings *own);

size_t held_len(const struct held *h);
/* There may be room for no more bytes, or for nobody to be told of them. */
bool held_full(const struct held *h);
/* Take some of its records, waiting for @min. */
void held_take_records(struct holdings *own, struct held *h, unsigned int min);
/* And all that can be there. */
void held_take_all_records(struct holdings *own, struct held *h);
/* @vec is there in its place, and holds nothing yet. */
void held_renew(struct holdings *own, struct held *h, int vec);

#endif
