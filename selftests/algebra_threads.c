// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors made of vectors that others use meanwhile. They hold words, numbered
 * from 0 on, so that what is lost, doubled or mixed shows.
 */
#include "kselftest_harness.h"

#include "common.h"

#include <splicevec.h>
#include <stdatomic.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

LEDGER_FIXTURE(algebra_threads)

/* Words of a test, and of a span. */
#define WORDS	200000UL
#define BLOCK	50UL

static struct {
	int vec;
	int to;
	atomic_bool stop;
	atomic_uchar *seen;
} shared;

static void append_block(int vec, uint64_t first)
{
	uint64_t words[BLOCK];
	size_t i;

	for (i = 0; i < BLOCK; i++)
		words[i] = first + i;
	check_eq(sizeof(words), sv_pull_mem(vec, words, sizeof(words),
					    SPLICEVEC_COPY));
}

static uint64_t spans_of(int vec)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	return info.spans;
}

static void *keep_appending(void *arg)
{
	uint64_t at;

	(void)arg;
	for (at = 0; at < WORDS && !shared.stop; at += BLOCK) {
		append_block(shared.vec, at);
		/* the other end keeps up with it */
		while (spans_of(shared.vec) > 40 && !shared.stop)
			sched_yield();
	}
	shared.stop = true;
	return NULL;
}

static void *keep_dropping(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; !shared.stop; i++)
		must_sv(sv_drop(shared.vec, 8 * (i % 97)));
	return NULL;
}

static pthread_t start(void *(*fn)(void *arg))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, NULL))
		die("no thread");
	return thread;
}

/* Return: words; they are numbered without a gap, or it is said. */
static size_t check_words(int vec, uint64_t *first)
{
	static uint64_t words[WORDS];
	int64_t len = must_sv(sv_push_mem(vec, words, sizeof(words), 0));
	size_t i;

	for (i = 1; i < (size_t)len / 8; i++)
		if (!check_eq(words[0] + i, words[i]))
			break;
	*first = words[0];
	return len / 8;
}

/* What a duplicate holds was in the vector at one moment. */
TEST_F(algebra_threads, vector_that_others_use_can_be_duplicated)
{
	pthread_t threads[2];
	size_t some = 0;
	uint64_t first;
	int dup, other;

	shared.vec = new_vector();
	threads[0] = start(keep_appending);
	threads[1] = start(keep_dropping);
	while (!shared.stop && !failures()) {
		dup = sv_dup(shared.vec);
		other = new_vector();
		must_sv(sv_concat(other, shared.vec));
		some += check_words(must_sv(dup), &first) > 0;
		some += check_words(other, &first) > 0;
		close(dup);
		close(other);
	}
	shared.stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	check(some > 10, "only %zu times was there anything", some);
}

static void *keep_splitting(void *arg)
{
	uint64_t words[BLOCK * 8];
	size_t n, i;
	int head;

	(void)arg;
	do {
		head = must_sv(sv_split(shared.vec, 8 * BLOCK * 7 + 8));
		n = must_sv(sv_push_mem(head, words, sizeof(words), 0)) / 8;
		for (i = 0; i < n; i++)
			check_eq(0, atomic_exchange(&shared.seen[words[i]], 1));
		close(head);
	} while (n);
	return NULL;
}

TEST_F(algebra_threads, of_several_that_split_each_gets_others)
{
	pthread_t threads[3];
	uint64_t at;
	size_t i;

	shared.vec = new_vector();
	shared.seen = map_pages(WORDS);
	for (at = 0; at < WORDS; at += BLOCK)
		append_block(shared.vec, at);
	for (i = 0; i < ARRAY_LEN(threads); i++)
		threads[i] = start(keep_splitting);
	for (i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	for (at = 0; at < WORDS; at++)
		if (!check(shared.seen[at], "word %lu is lost", at))
			break;
}

static void *keep_concatenating(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 300; i++)
		check_eq(8 * BLOCK * 8, sv_concat(shared.to, shared.vec));
	return NULL;
}

/* What two append at once does not mix. */
TEST_F(algebra_threads, concatenations_do_not_mix)
{
	uint64_t words[8 * BLOCK], i;
	pthread_t threads[2];
	int n;

	shared.vec = new_vector();
	shared.to = new_vector();
	for (i = 0; i < 8; i++)
		append_block(shared.vec, i * BLOCK);
	threads[0] = start(keep_concatenating);
	threads[1] = start(keep_concatenating);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	for (n = 0; n < 600; n++) {
		check_eq(sizeof(words), sv_push_mem(shared.to, words,
						    sizeof(words), 0));
		for (i = 0; i < 8 * BLOCK; i++)
			if (!check_eq(i, words[i]))
				return;
	}
	check_eq(0, spans_of(shared.to));
}

/* Return: spans that follow each other, or it is said. */
static int check_listed(int vec, uint64_t start)
{
	struct splicevec_span spans[64];
	int nr = must_sv(sv_spans(vec, start, spans, ARRAY_LEN(spans))), i;

	for (i = 0; i < nr; i++) {
		check_eq(SPLICEVEC_OWNED, spans[i].kind);
		check(spans[i].len && spans[i].len <= 8 * BLOCK, "%llu bytes",
		      (unsigned long long)spans[i].len);
		if (i)
			check_eq(spans[i - 1].offset + spans[i - 1].len,
				 spans[i].offset);
	}
	return nr;
}

/* What is listed was in the vector at one moment. */
TEST_F(algebra_threads, spans_that_others_use_can_be_listed)
{
	struct splicevec_info info;
	pthread_t threads[2];
	size_t some = 0;

	shared.vec = new_vector();
	threads[0] = start(keep_appending);
	threads[1] = start(keep_dropping);
	while (!shared.stop && !failures()) {
		must_sv(sv_info(shared.vec, &info));
		some += check_listed(shared.vec, info.head) > 1;
	}
	shared.stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	check(some > 10, "only %zu times were there some", some);
}

TEST_HARNESS_MAIN
