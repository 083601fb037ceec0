/* SPDX-License-Identifier: GPL-2.0-only */
/* Rings whose calls fail now and then, as commands do. */
#ifndef _SELFTEST_STRESS_RINGS_H
#define _SELFTEST_STRESS_RINGS_H

#include "rings.h"

/* Filled with zeroes: not there yet. */
struct frail_ring {
	struct io_uring ring;
	bool open;
	unsigned long told;	/* requests with a CQE */
	unsigned long good;	/* and one that was no failure */
};

/* Return: is it there? Memory may be too short for one. */
bool frail_ring_open(struct frail_ring *frail);
/* It need not be there, and may be opened again. */
void frail_ring_close(struct frail_ring *frail);
/* Close it for good. Of what it was told of much has worked. */
void frail_ring_end(struct frail_ring *frail);
/* Submit all that was prepared, however often that takes. */
void frail_ring_submit(struct frail_ring *frail);
/* A request's CQE says @res. */
void frail_ring_told(struct frail_ring *frail, int res);

#endif
