// SPDX-License-Identifier: GPL-2.0-only
/* Words that name themselves. */
#include "stress_words.h"

#include <stdatomic.h>
#include <sys/mman.h>

/*
 * Of each word that is taken its number, the number's square and one are added up.
 * If one is lost or doubled, or one lost and another doubled, this is not what
 * the first so many numbers amount to.
 */
struct track {
	_Atomic uint64_t begun;		/* words that may have been appended */
	_Atomic uint64_t done;		/* words that were */
	_Atomic uint64_t taken;
	_Atomic uint64_t sum;
	_Atomic uint64_t squares;
};

struct tracks {
	_Atomic unsigned int nr;
	struct track track[STREAMS];
};

/* 16 bits each of a checksum and the stream, 32 of the number. */
static uint64_t make_word(unsigned int id, uint64_t number)
{
	uint64_t x = (uint64_t)id << 32 | (uint32_t)number;
	uint64_t sum = (x + 1) * 0x9e3779b97f4a7c15;

	return (sum >> 48) << 48 | x;
}

static unsigned int word_stream(uint64_t word)
{
	return word >> 32 & 0xffff;
}

static uint32_t word_number(uint64_t word)
{
	return word;
}

struct tracks *tracks_new(void)
{
	void *map = mmap(NULL, sizeof(struct tracks), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	return map;
}

struct stream stream_new(struct tracks *tracks)
{
	unsigned int id = atomic_fetch_add(&tracks->nr, 1);

	if (id >= STREAMS)
		die("no more than %d streams", STREAMS);
	return (struct stream){ .tracks = tracks, .id = id };
}

bool streams_left(const struct tracks *tracks)
{
	return tracks->nr < STREAMS - STREAMS / 8;
}

void stream_words(struct stream *s, uint64_t *words, size_t n)
{
	struct track *track = &s->tracks->track[s->id];
	size_t i;

	for (i = 0; i < n; i++)
		words[i] = make_word(s->id, s->next + i);
	if (track->begun < s->next + n)
		track->begun = s->next + n;
}

void stream_appended(struct stream *s, size_t n)
{
	s->next += n;
	s->tracks->track[s->id].done = s->next;
}

void seer_begin(struct seer *seer, struct tracks *tracks, bool alone)
{
	*seer = (struct seer){
		.tracks = tracks,
		.alone = alone,
		.sights = map_pages(STREAMS * sizeof(struct sight)),
	};
}

void seer_end(struct seer *seer)
{
	unmap_pages(seer->sights, STREAMS * sizeof(struct sight));
}

static bool check_word(struct seer *seer, uint64_t word)
{
	unsigned int id = word_stream(word);
	uint32_t number = word_number(word);

	if (!check(word == make_word(id, number) &&
		   id < seer->tracks->nr && id < STREAMS,
		   "%#llx is no word", (unsigned long long)word))
		return false;
	return check(number < seer->tracks->track[id].begun,
		     "word %u of stream %u, which has but %llu", number, id,
		     (unsigned long long)seer->tracks->track[id].begun);
}

/* In one piece each stream goes on where it was; over pieces, if all are ours. */
static bool check_order(struct seer *seer, struct sight *sight, uint64_t word)
{
	unsigned int number = word_number(word);
	bool good;

	if (seer->alone || sight->look == seer->look)
		good = number == sight->next;
	else
		good = number >= sight->next;
	return check(good, "word %u of stream %u after %llu", number,
		     word_stream(word), (unsigned long long)sight->next - 1);
}

static bool see(struct seer *seer, const uint64_t *words, size_t n, bool take)
{
	size_t i;

	seer->look++;
	for (i = 0; i < n; i++) {
		struct sight *sight = &seer->sights[word_stream(words[i]) % STREAMS];

		if (!check_word(seer, words[i]))
			return false;
		/* windows may lie further back than those seen before */
		if (!take && sight->look != seer->look)
			*sight = (struct sight){};
		if (!check_order(seer, sight, words[i]))
			return false;
		sight->look = seer->look;
		sight->next = word_number(words[i]) + 1;
	}
	return true;
}

bool seer_look(struct seer *seer, const uint64_t *words, size_t n)
{
	return see(seer, words, n, false);
}

bool seer_take(struct seer *seer, const uint64_t *words, size_t n)
{
	size_t i;

	if (!see(seer, words, n, true))
		return false;
	for (i = 0; i < n; i++) {
		struct track *track = &seer->tracks->track[word_stream(words[i])];
		uint64_t number = word_number(words[i]);

		atomic_fetch_add(&track->taken, 1);
		atomic_fetch_add(&track->sum, number);
		atomic_fetch_add(&track->squares, number * number);
	}
	return true;
}

static uint64_t sum_below(uint64_t n)
{
	return n ? n * (n - 1) / 2 : 0;
}

static uint64_t squares_below(uint64_t n)
{
	uint64_t sum = 0, i;

	for (i = 0; i < n; i++)
		sum += i * i;
	return sum;
}

static void check_track(const struct track *track, unsigned int id)
{
	uint64_t taken = track->taken;

	check(taken >= track->done && taken <= track->begun,
	      "stream %u: %llu words came out of %llu that went in and %llu begun",
	      id, (unsigned long long)taken, (unsigned long long)track->done,
	      (unsigned long long)track->begun);
	check(track->sum == sum_below(taken) &&
	      track->squares == squares_below(taken),
	      "stream %u: %llu words came out, but not each once", id,
	      (unsigned long long)taken);
}

void tracks_check(const struct tracks *tracks)
{
	unsigned int i;

	for (i = 0; i < tracks->nr; i++)
		check_track(&tracks->track[i], i);
}

void tracks_free(struct tracks *tracks)
{
	unmap_pages(tracks, sizeof(*tracks));
}
