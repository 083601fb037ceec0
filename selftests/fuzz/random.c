// SPDX-License-Identifier: GPL-2.0-only
/* Numbers that repeat with their seed. */
#include "fuzz.h"

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t random_word(struct random *random)
{
	random->state += 0x9e3779b97f4a7c15;
	return mix(random->state);
}

void random_seed(struct random *random, uint64_t seed, unsigned int process,
		 unsigned int generation, unsigned int thread)
{
	random->state = mix(seed ^ mix((uint64_t)generation << 16 |
				       process << 8 | thread));
}

uint64_t random_below(struct random *random, uint64_t n)
{
	return random_word(random) % n;
}

bool one_in(struct random *random, unsigned int n)
{
	return !random_below(random, n);
}

unsigned int random_weighted(struct random *random, const unsigned int *weights,
			     unsigned int n)
{
	unsigned int sum = 0, at, i;

	for (i = 0; i < n; i++)
		sum += weights[i];
	at = random_below(random, sum);
	for (i = 0; at >= weights[i]; i++)
		at -= weights[i];
	return i;
}

uint64_t random_edge(struct random *random)
{
	static const uint64_t edges[] = {
		0, 1, 511, 512, PAGE - 1, PAGE, PAGE + 1, 65535, 65536,
		MIB(1), MIB(2), 0x7ffff000, 0x7ffff001, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 1ULL << 44, 1ULL << 62,
		INT64_MAX - PAGE, INT64_MAX, 1ULL << 63, -PAGE, -2, -1,
	};

	return edges[random_below(random, ARRAY_LEN(edges))];
}

/* Mostly little: a lot takes long and shows no more. */
uint64_t random_len(struct random *random)
{
	switch (random_below(random, 24)) {
	case 0:
		return random_edge(random);
	case 1:
		return random_below(random, MIB(1));
	case 2 ... 5:
		return random_below(random, KIB(64));
	default:
		return random_below(random, 2 * PAGE);
	}
}

int64_t random_offset(struct random *random)
{
	switch (random_below(random, 16)) {
	case 0:
		return random_edge(random);
	case 1:
		return random_below(random, 64) * PAGE;
	case 2:
		return random_below(random, KIB(512));
	case 3:
		return random_below(random, PAGE);
	default:
		return -1;
	}
}
