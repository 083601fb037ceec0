/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of vectors, as several programs make and compare them. */
#ifndef _SELFTEST_MAPS_H
#define _SELFTEST_MAPS_H

#include "common.h"
#include "places.h"

/* Seed of what filled_vector() pulls. */
#define MAP_SEED	29

size_t pages_of(size_t len);
/* Map @len bytes from position @pos on; @flags: MAP_SHARED or MAP_PRIVATE. */
char *map_vector(int vec, size_t pos, size_t len, int flags);
/* Return: 0 if it can be mapped, or the negative errno. */
int map_error(int vec, size_t pos, size_t len);

void check_zero(const char *from, size_t len);
/* @map shows @len bytes of the pattern, and zeroes to the end of the page. */
void check_shows(const char *map, uint64_t seed, uint64_t pos, size_t len);

/* A vector with @len bytes of a file that begin at @offset there. */
int filled_vector(enum place place, size_t offset, size_t len);

#endif
