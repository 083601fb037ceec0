/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "endpoint.h"
#include "progress.h"

/**
 * struct transfer - sources one after another, each byte to every sink
 * @opts: command line
 * @sources: in this order
 * @nr_sources: how many
 * @sinks: each gets everything
 * @nr_sinks: how many
 * @align: windows are multiples of this until the end: O_DIRECT goes straight
 *	to the device only in whole blocks
 * @head: absolute position of the first byte the vector holds
 * @held: bytes it holds
 * @pulled: bytes that came from the sources
 * @copied: how many of them were copied when they were pulled
 * @estimated: the kernel guessed a count of copied bytes
 * @failed: the source that ended it, or NULL
 * @error: why, positive errno
 * @seconds: how long it took, until every sink was finished
 * @progress: progress line
 */
struct transfer {
	const struct options *opts;
	struct source *sources;
	size_t nr_sources;
	struct sink *sinks;
	size_t nr_sinks;
	unsigned int align;
	uint64_t head;
	uint64_t held;
	uint64_t pulled;
	uint64_t copied;
	bool estimated;
	const struct source *failed;
	int error;
	double seconds;
	struct progress progress;
};

/* Bytes that arrived at the sink that got most. */
uint64_t transfer_arrived(const struct transfer *t);

/**
 * transfer - move everything, finish the sinks, report
 * @t: options, sources and sinks set, all else 0; closes them
 *
 * A sink that fails is reported and left out; the others go on.
 *
 * Return: the exit status.
 */
int transfer(struct transfer *t);

#endif /* TRANSFER_H */
