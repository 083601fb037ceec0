/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that one has been promised, of strict pushes and of NOTIFY pulls. */
#ifndef _SELFTEST_STRESS_RECORDS_H
#define _SELFTEST_STRESS_RECORDS_H

#include "stress_crew.h"

#include <splicevec.h>

/* In user_data: the push may find that somebody has changed its bytes. */
#define MAY_CHANGE	(1ULL << 63)

/* The most that one vector owes. */
#define PROMISES	32

struct promise {
	enum splicevec_completion_kind kind;
	uint64_t user_data;
};

/* Those of one vector that are still to be kept. */
struct promised {
	unsigned int nr;
	struct promise list[PROMISES];
};

bool promised_full(const struct promised *p);
void promised_add(struct promised *p, enum splicevec_completion_kind kind,
		  uint64_t user_data);

/* The most that are taken at once. */
#define REAPED	4

/*
 * As sv_reap(), waiting for @min of which nothing is in the way any more, even if io_uring
 * has work for the thread meanwhile.
 */
int reap_in_time(int vec, struct splicevec_completion *records, unsigned int nr,
		 unsigned int min);

/*
 * Take some, waiting for @min, or REAPED. Each must have been promised, and come once.
 * Return: how many, or a negative errno.
 */
int promised_reap(struct promised *p, int vec, unsigned int min,
		  struct splicevec_completion records[REAPED]);

#endif
