/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel says in its log if something is wrong with it. */
#ifndef _SELFTEST_ALARMS_H
#define _SELFTEST_ALARMS_H

#include <stdbool.h>

/* Where in its log one who reads it is; all zero at first. */
struct alarms {
	bool in_race;		/* within what is said of a race */
	unsigned int frame;	/* of one of its stacks, the innermost is the first */
	char title[256];
};

/*
 * Judge the next line. Kernels have races of their own, on purpose or known: one is
 * an alarm if the accesses are splicevec's, or of what it called for them.
 *
 * Return: what gives the alarm, this line or the title above it; or NULL.
 */
const char *alarm_in(struct alarms *log, const char *line);

#endif
