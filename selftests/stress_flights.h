/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flights: strict pushes through a ring, on their way while whoever sent them does
 * something else. They land, are called off, or their ring goes with all that are in
 * the air; what arrives is what was sent, from its beginning on.
 */
#ifndef _SELFTEST_STRESS_FLIGHTS_H
#define _SELFTEST_STRESS_FLIGHTS_H

#include "stress_extents.h"
#include "stress_rings.h"

#define FLIGHTS	3

/* Numbers that nobody is found by while requests may still look. */
#define PARKED	256

/* The most that one can be. */
#define FLIGHT_MOST	(EXTENTS * PIECE)

struct flight {
	bool there;
	bool pipe;		/* the sink is one */
	bool done;		/* its CQE came ... */
	int res;		/* ... and said this */
	size_t got;		/* bytes that came out so far */
	bool called_off;	/* it was tried */
	unsigned int how;	/* IOSQE_* flags */
	int vec;		/* -1: it was closed */
	int from;		/* what @pull pulls from, if there is one */
	bool pulled;		/* its CQE came too ... */
	int pull_res;		/* ... and said this */
	int fds[2];		/* the sink, and where it comes out */
	struct extents e;	/* what the vector held */
	struct splicevec_push *cmd;
	struct splicevec_pull *pull;	/* that goes before, in one chain, or NULL */
};

/* Those of one thread. */
struct flights {
	struct hand *hand;
	struct frail_ring frail;
	bool told;		/* by their CQEs, when sinks let go */
	char *buf;
	int nothing;		/* /dev/null */
	unsigned int nr_parked;	/* so far; the latest are in ... */
	int parked[PARKED];
	struct flight list[FLIGHTS];
};

void flights_begin(struct flights *all, struct hand *hand);
/* What is in the air goes with its ring. */
void flights_end(struct flights *all);
bool flights_have_room(const struct flights *all);
/*
 * Push @vec, which is the flight's from now on, or what the ring itself pulls from it; it
 * holds @e, from position 0 on.
 */
void flight_start(struct flights *all, int vec, const struct extents *e);
/* Wait for one of them. */
void flight_land(struct flights *all);
/* Call one of them off; it lands nevertheless, perhaps with a part. */
void flight_call_off(struct flights *all);
/* Close the ring. */
void flights_crash(struct flights *all);
/* Does any of them have bytes of whose end @notify tells? */
bool flights_notify(const struct flights *all, uint64_t notify);

#endif
