// SPDX-License-Identifier: GPL-2.0-only
/* Pages that describe themselves. */
#include "stamps.h"

#include "common.h"

#include <string.h>

#define LINES	(PAGE / sizeof(struct line))

struct line {
	uint64_t generation;
	uint64_t page;
	uint64_t line;
	uint64_t noise[4];
	uint64_t sum;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ (b >> 29)) * 0x9e3779b97f4a7c15 + b;

	return (x ^ (x >> 32)) * 0xd1342543de82ef95;
}

static uint64_t sum(const struct line *line)
{
	uint64_t all = mix(line->generation, line->page);
	size_t i;

	all = mix(all, line->line);
	for (i = 0; i < ARRAY_LEN(line->noise); i++)
		all = mix(all, line->noise[i]);
	return all;
}

void stamp_fill(void *page, uint64_t index, uint64_t generation)
{
	struct line *lines = page;
	size_t i, j;

	memset(page, 0, PAGE);
	for (i = 0; generation && i < LINES; i++) {
		lines[i].generation = generation;
		lines[i].page = index;
		lines[i].line = i;
		for (j = 0; j < ARRAY_LEN(lines[i].noise); j++)
			lines[i].noise[j] = mix(generation * LINES + i, j);
		lines[i].sum = sum(&lines[i]);
	}
}

static bool is_empty(const struct line *line)
{
	static const struct line empty;

	return !memcmp(line, &empty, sizeof(empty));
}

static bool is_sound(const struct line *line, uint64_t index, uint64_t nr)
{
	if (is_empty(line))
		return true;
	return line->page == index && line->line == nr && line->generation &&
	       line->sum == sum(line);
}

bool stamp_whole(const void *page, uint64_t index, uint64_t *generation)
{
	const struct line *lines = page;
	size_t i;

	*generation = lines[0].generation;
	for (i = 0; i < LINES; i++)
		if (!is_sound(&lines[i], index, i) ||
		    lines[i].generation != *generation)
			return false;
	return true;
}
