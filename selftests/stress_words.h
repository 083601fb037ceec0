/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words that name themselves: each belongs to a stream and has a number in it. Many
 * may append streams of words to one vector. What is seen of it must then be words
 * that somebody began to append, of each stream one after the other.
 */
#ifndef _SELFTEST_STRESS_WORDS_H
#define _SELFTEST_STRESS_WORDS_H

#include "common.h"

/* Whoever appends has a stream; who is killed leaves it. */
#define STREAMS	4096

/* How many words may be on their way, and how many came out. */
struct tracks;

struct stream {
	struct tracks *tracks;
	unsigned int id;
	uint64_t next;
};

/* Seen by all processes. */
struct tracks *tracks_new(void);
struct stream stream_new(struct tracks *tracks);
/* Are there enough left for those who are killed? */
bool streams_left(const struct tracks *tracks);
/* The next @n words, which are about to be appended. */
void stream_words(struct stream *s, uint64_t *words, size_t n);
/* They were, at least the first @n of them. */
void stream_appended(struct stream *s, size_t n);

/* Somebody who sees words. */
struct seer {
	struct tracks *tracks;
	/* nobody else takes words out: each stream has to be whole */
	bool alone;
	unsigned int look;
	struct sight {
		unsigned int look;	/* when this stream was seen */
		uint64_t next;		/* number that comes next */
	} *sights;
};

void seer_begin(struct seer *seer, struct tracks *tracks, bool alone);
void seer_end(struct seer *seer);
/*
 * A piece of the vector, which stays there.
 * Return: false if something was wrong, which is said.
 */
bool seer_look(struct seer *seer, const uint64_t *words, size_t n);
/* Words that left the vector, and were in one piece there. */
bool seer_take(struct seer *seer, const uint64_t *words, size_t n);

/* When all was taken: each word that was appended came out, and once. */
void tracks_check(const struct tracks *tracks);
void tracks_free(struct tracks *tracks);

#endif
