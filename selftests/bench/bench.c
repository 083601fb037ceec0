// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench [WORD...]
 *
 * Runs all scenarios, or those the words narrow them to: names of scenarios,
 * paths, sizes and receivers; "profile" tells where the time goes. Prints a line
 * for each round of each method:
 *
 *	row SCENARIO PATH SIZE RECEIVER METHOD ROUND BYTES CPU BUSY ELAPSED
 *
 * and, where somebody writes to what was just sent, of how long each of that took:
 *
 *	waits SCENARIO PATH SIZE RECEIVER METHOD ROUND WAIT...
 *
 * with times in nanoseconds. See Documentation/bench.rst.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct scenario * const scenarios[] = {
	&file_tcp, &kept_tcp, &fanout_16, &serve, &serve_16, &proxy,
	&file_odirect, &gather, &strict, &strict_reap, &stable, &stable_write,
};

static const char * const paths[] = {
	[PATH_LO] = "lo",
	[PATH_NIC] = "nic",
	[PATH_DISK] = "disk",
	[PATH_NONE] = "none",
};

static const enum place places[] = {
	[PATH_LO] = TCP4,
	[PATH_NIC] = NIC4,
	[PATH_DISK] = EXT4,
	[PATH_NONE] = EXT4,
};

enum { DISCARD, TOUCH };

static const char * const receivers[] = {
	[DISCARD] = "discard",
	[TOUCH] = "touch",
};

/*
 * Bytes in a round: enough that a clock tick more or less does not show. Over
 * loopback nothing but the guest has a say and rounds repeat; the NICs' packets
 * wait for the host, so more rounds make a median there. Without any a size is not
 * measured.
 */
static const struct {
	const char *name;
	size_t size;
	size_t bytes;
	unsigned int rounds[ARRAY_LEN(paths)];
} sizes[] = {
	{ "4K", KIB(4), MIB(2), { 3, 15, 5, 3 } },
	{ "64K", KIB(64), MIB(4), { 3, 15, 5 } },
	{ "1M", MIB(1), MIB(8), { 3, 11, 5 } },
	{ "64M", MIB(64), MIB(64), { 3, 5, 5 } },
};

/* More than this in a round takes minutes: one round, where it is cheapest. */
#define HUGE_ROUND	MIB(256)

/* What there is to choose from, and what the command line chooses. */
enum dimension { SCENARIO, PATH, SIZE, RECEIVER, DIMENSIONS };

static bool chosen[DIMENSIONS][ARRAY_LEN(scenarios)];

static const char *name_of(enum dimension dimension, unsigned int i)
{
	switch (dimension) {
	case SCENARIO:
		return i < ARRAY_LEN(scenarios) ? scenarios[i]->name : NULL;
	case PATH:
		return i < ARRAY_LEN(paths) ? paths[i] : NULL;
	case SIZE:
		return i < ARRAY_LEN(sizes) ? sizes[i].name : NULL;
	default:
		return i < ARRAY_LEN(receivers) ? receivers[i] : NULL;
	}
}

/* "strict" is strict-reap, too, and "stable" stable-write. */
static bool is_meant(const char *word, const char *name)
{
	size_t len = strlen(word);

	return !strncmp(word, name, len) && (!name[len] || name[len] == '-');
}

static bool choose_word(const char *word)
{
	enum dimension dimension;
	bool known = false;
	unsigned int i;

	for (dimension = 0; dimension < DIMENSIONS; dimension++) {
		for (i = 0; name_of(dimension, i); i++) {
			if (!is_meant(word, name_of(dimension, i)))
				continue;
			chosen[dimension][i] = true;
			known = true;
		}
	}
	return known;
}

/* A dimension of which no word speaks is taken whole. */
static void choose(char **words, struct job *job)
{
	static const bool none[ARRAY_LEN(chosen[0])];
	enum dimension dimension;

	for (; *words; words++)
		if (!strcmp(*words, "profile"))
			job->profile = true;
		else if (!choose_word(*words))
			die("%s: no scenario, path, size or receiver", *words);
	for (dimension = 0; dimension < DIMENSIONS; dimension++)
		if (!memcmp(chosen[dimension], none, sizeof(none)))
			memset(chosen[dimension], true, sizeof(none));
}

static void run_size(struct job *job)
{
	unsigned int i;

	if (!job->scenario->peers) {
		job->receiver = "none";
		rounds_run(job);
		return;
	}
	for (i = 0; i < ARRAY_LEN(receivers); i++) {
		job->touch = i == TOUCH;
		job->receiver = receivers[i];
		if (chosen[RECEIVER][i])
			rounds_run(job);
	}
}

static void run_huge(struct job *job)
{
	if (job->place != TCP4 || !chosen[RECEIVER][DISCARD])
		return;
	job->touch = false;
	job->receiver = receivers[DISCARD];
	job->rounds = 1;
	rounds_run(job);
}

static void run_path(struct job *job, enum path path)
{
	unsigned int i, peers = job->scenario->peers ?: 1;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		if (!chosen[SIZE][i])
			continue;
		job->size = sizes[i].size;
		job->messages = job->scenario->messages ?:
				sizes[i].bytes / job->size / peers ?: 1;
		job->rounds = sizes[i].rounds[path];
		if (!job->rounds)
			continue;
		if (job->size * peers > HUGE_ROUND)
			run_huge(job);
		else
			run_size(job);
	}
}

static void run_scenario(struct job *job)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(paths); i++) {
		if (!chosen[PATH][i] || !(job->scenario->paths & 1U << i))
			continue;
		job->path = paths[i];
		job->place = places[i];
		if (place_missing(job->place)) {
			printf("%s: not run: %s\n", job->scenario->name,
			       place_missing(job->place));
			continue;
		}
		printf("measuring %s, %s\n", job->scenario->name, job->path);
		fflush(stdout);
		run_path(job, i);
	}
}

int main(int argc, char **argv)
{
	struct job job = { .buffer = map_pages(BUFFER_SIZE) };
	unsigned int i;

	(void)argc;
	choose(argv + 1, &job);
	nics_settle();
	memset(job.buffer, 1, BUFFER_SIZE);
	job.file = pattern_file(EXT4, 1, FILE_SIZE);
	must(fsync(job.file));
	for (i = 0; i < ARRAY_LEN(scenarios); i++) {
		job.scenario = scenarios[i];
		if (chosen[SCENARIO][i])
			run_scenario(&job);
	}
	return EXIT_SUCCESS;
}
