/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rivers: vectors that many append to and many push from, all into one sink. There
 * the words of each stream have to arrive one after the other and all of them: a
 * sink gets what the vector held, in its order, whoever pushes, and whoever is killed
 * meanwhile.
 */
#ifndef _SELFTEST_STRESS_RIVERS_H
#define _SELFTEST_STRESS_RIVERS_H

#include "places.h"
#include "stress_crew.h"
#include "stress_rings.h"
#include "stress_words.h"

#define RIVERS	4

struct river {
	const char *name;
	int vec;
	int sink;		/* to push to; a stream, or a vector */
	int mouth;		/* where it comes out */
	bool vector;		/* the sink is one */
	bool swapped;		/* now and then another vector is in its place */
	_Atomic bool dry;	/* nothing comes any more */
	struct tracks *tracks;
	pthread_t drain;
	struct seer seer;	/* of the drain */
};

/* Somebody at work on the rivers, a thread or a process. */
struct boat {
	struct hand *hand;
	struct river *rivers;
	struct stream streams[RIVERS];
	struct seer seers[RIVERS];
	uint64_t *buf;
	struct frail_ring frail;
};

struct river *rivers_open(void);
bool rivers_have_room(const struct river *rivers);
/* Let all run out, and check that it is all. */
void rivers_close(struct river *rivers);

void boat_begin(struct boat *boat, struct hand *hand, struct river *rivers);
void boat_end(struct boat *boat);
/* One command on one of them. */
void boat_step(struct boat *boat);

/* Jobs; the hand's argument is the scene. Anything, on any of them ... */
void sail(struct hand *hand);
/* ... or a little at a time, all on one, as fast as can be. */
void rush(struct hand *hand);

#endif
