// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds: every method once, then every method again, so that whatever drifts
 * (windows, memory, congestion control) drifts for all of them alike.
 */
#include "bench.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One sample comes from several messages. */
#define PROFILE_ROUNDS	60

#define WAITS_A_LINE	32

static void make_pipe(int pipe[2])
{
	must(pipe2(pipe, O_CLOEXEC));
	must(fcntl(pipe[1], F_SETPIPE_SZ, MIB(1)));
}

static void setup(struct job *job)
{
	const struct scenario *s = job->scenario;
	unsigned int i;

	for (i = 0; i < s->peers; i++)
		peer_start(&job->peers[i], job->place,
			   job->touch ? TOUCHES : DISCARDS, -1);
	if (s->produced)
		peer_start(&job->producer, job->place, PRODUCES, job->file);
	make_pipe(job->pipe);
	make_pipe(job->copy);
	job->vec = new_vector();
	job->kept = new_vector();
	pull_all(job->kept, job->file, 0, job->size);
	job->waits = calloc(job->messages, sizeof(*job->waits));
	if (!job->waits)
		die("calloc: %s", errno_name(errno));
	if (s->setup)
		s->setup(job);
}

static void teardown(struct job *job)
{
	const struct scenario *s = job->scenario;
	unsigned int i;

	if (s->teardown)
		s->teardown(job);
	for (i = 0; i < s->peers; i++)
		peer_end(&job->peers[i]);
	if (s->produced)
		peer_end(&job->producer);
	for (i = 0; i < 2; i++) {
		close(job->pipe[i]);
		close(job->copy[i]);
	}
	close(job->vec);
	close(job->kept);
	free(job->waits);
}

static void send_message(struct job *job, const struct method *method, unsigned int i)
{
	off_t offset = i * job->size % FILE_SIZE;
	uint64_t start;

	method->send(job, offset);
	if (job->profile)
		profile_jitter();
	if (!job->scenario->writer)
		return;
	start = elapsed_ns();
	job->scenario->writer(job, offset);
	job->waits[i] = elapsed_ns() - start;
}

static struct moment measure(struct job *job, const struct method *method,
			     uint64_t bytes)
{
	const struct scenario *s = job->scenario;
	struct moment start, took;
	unsigned int i;
	uint64_t mine;

	if (s->prepare)
		s->prepare(job);
	start = moment_now();
	for (i = 0; i < s->peers; i++)
		peer_go(&job->peers[i], bytes, job->size);
	if (s->produced)
		peer_go(&job->producer, bytes, job->size);
	if (job->profile)
		profile_on();
	mine = thread_ns();
	for (i = 0; i < job->messages; i++)
		send_message(job, method, i);
	if (method->settle)
		method->settle(job);
	mine = thread_ns() - mine;
	if (job->profile)
		profile_off();
	for (i = 0; i < s->peers; i++)
		peer_wait(&job->peers[i]);
	if (s->produced)
		peer_wait(&job->producer);
	if (s->finish)
		s->finish(job);
	took = moment_since(&start);
	took.thread = mine;
	return took;
}

static void print_head(const char *keyword, const struct job *job,
		       const struct method *method, int round)
{
	printf("%s %s %s %zu %s %s %d", keyword, job->scenario->name, job->path,
	       job->size, job->receiver, method->name, round);
}

/* A line must not become too long. */
static void print_waits(const struct job *job, const struct method *method, int round)
{
	unsigned int i;

	for (i = 0; i < job->messages; i++) {
		if (i % WAITS_A_LINE == 0)
			print_head("waits", job, method, round);
		printf(" %llu", (unsigned long long)job->waits[i]);
		if (i % WAITS_A_LINE == WAITS_A_LINE - 1 || i == job->messages - 1)
			putchar('\n');
	}
	fflush(stdout);
}

static void print_row(const struct job *job, const struct method *method,
		      int round, uint64_t bytes, const struct moment *took)
{
	print_head("row", job, method, round);
	printf(" %llu %llu %llu %llu\n",
	       (unsigned long long)bytes, (unsigned long long)took->thread,
	       (unsigned long long)(took->elapsed - took->idle),
	       (unsigned long long)took->elapsed);
	fflush(stdout);
	if (job->scenario->writer)
		print_waits(job, method, round);
}

static void alternate(struct job *job, uint64_t bytes)
{
	const struct scenario *s = job->scenario;
	struct moment took;
	unsigned int i;
	int round;

	/* the first of several is for windows to open and caches to fill */
	for (round = job->rounds > 1 ? -1 : 0; round < (int)job->rounds; round++) {
		for (i = 0; i < s->nr_methods; i++) {
			took = measure(job, &s->methods[i], bytes);
			if (round >= 0)
				print_row(job, &s->methods[i], round,
					  bytes * (s->peers ?: 1), &took);
		}
	}
}

/* A method at a time: first what it takes, then where it goes. */
static void profile(struct job *job, uint64_t bytes)
{
	const struct scenario *s = job->scenario;
	struct moment took;
	unsigned int i, round;

	for (i = 0; i < s->nr_methods; i++) {
		job->profile = false;
		measure(job, &s->methods[i], bytes);
		took = measure(job, &s->methods[i], bytes);
		job->profile = true;
		profile_begin();
		for (round = 0; round < PROFILE_ROUNDS; round++)
			measure(job, &s->methods[i], bytes);
		profile_print(s->methods[i].name,
			      (double)took.thread / job->messages);
	}
}

void rounds_run(struct job *job)
{
	uint64_t bytes = job->messages * (job->size + job->scenario->extra);

	setup(job);
	if (job->profile)
		profile(job, bytes);
	else
		alternate(job, bytes);
	teardown(job);
}
