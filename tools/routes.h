/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ROUTES_H
#define ROUTES_H

#include <splicevec.h>

/**
 * struct route_row - how pages reach one sink
 * @sink: its name
 * @error: why it could not be asked, negative errno, or 0
 * @features: the kernel's answer
 */
struct route_row {
	const char *sink;
	int error;
	struct splicevec_features features;
};

/**
 * ask_routes - make a sink of each common sort and ask the kernel about it
 * @vec: vector
 * @nr: result: how many rows
 *
 * Return: a static array.
 */
const struct route_row *ask_routes(int vec, size_t *nr);

#endif /* ROUTES_H */
