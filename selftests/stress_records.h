/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that one has been promised, of strict pushes and of NOTIFY pulls. */
#ifndef _SELFTEST_STRESS_RECORDS_H
#define _SELFTEST_STRESS_RECORDS_H

#include "stress_crew.h"

#include <splicevec.h>

/* In user_data: the push may find that somebody has changed its bytes. */
#define MAY_CHANGE	(1ULL << 63)

/* How many by their kind, of one vector. */
struct promised {
	unsigned int asked[SPLICEVEC_COMPLETION_NOTIFY + 1];
	unsigned int told[SPLICEVEC_COMPLETION_NOTIFY + 1];
};

/* The most that are taken at once. */
#define REAPED	4

/*
 * Take some, perhaps waiting for those of pushes: nothing keeps them any more. What is
 * wrong with them is said. Return: how many.
 */
int promised_reap(struct promised *p, int vec, struct hand *hand,
		  struct splicevec_completion records[REAPED]);

#endif
