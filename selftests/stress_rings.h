/* SPDX-License-Identifier: GPL-2.0-only */
/* Rings whose calls fail now and then, as commands do. */
#ifndef _SELFTEST_STRESS_RINGS_H
#define _SELFTEST_STRESS_RINGS_H

#include "rings.h"

/* Filled with zeroes: not there yet. */
struct frail_ring {
	struct io_uring ring;
	bool open;
};

/* Return: is it there? Memory may be too short for one. */
bool frail_ring_open(struct frail_ring *frail);
/* It need not be there. */
void frail_ring_close(struct frail_ring *frail);
/* Submit all that was prepared, however often that takes. */
void frail_ring_submit(struct frail_ring *frail);

#endif
