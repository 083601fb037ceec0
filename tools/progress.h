/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - a line on stderr that tells how far we are
 * @shown: there is a line to wipe
 * @wanted: show it at all
 * @total: bytes to come, 0 if nobody knows
 * @start: when it began, in seconds
 * @next: when to write it again
 */
struct progress {
	bool shown;
	bool wanted;
	uint64_t total;
	double start;
	double next;
};

/* Begins to count; nothing is written unless stderr is a terminal. */
void progress_start(struct progress *p, uint64_t total, bool wanted);

/* Writes the line again if it is time to. */
void progress_update(struct progress *p, uint64_t bytes);

/* Wipes the line. */
void progress_end(struct progress *p);

#endif /* PROGRESS_H */
