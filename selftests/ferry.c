// SPDX-License-Identifier: GPL-2.0-only
/* Pages of a stamped file on their way to a sink. */
#include "ferry.h"

#include "pins.h"
#include "records.h"
#include "stamps.h"

#include <stdlib.h>
#include <unistd.h>

static struct boat *boat_of(struct ferry *ferry, unsigned long nr)
{
	return &ferry->boats[nr % FERRY_BOATS];
}

/* Sums tell no difference if it was zeroes, something else, and zeroes again. */
bool boat_may_be_other(const struct ferry *ferry, unsigned int boat, unsigned int nr)
{
	return ferry->flags & SPLICEVEC_VERIFY && !ferry->boats[boat].generation[nr];
}

void boat_check(struct ferry *ferry, unsigned int boat, unsigned int nr,
		const void *page)
{
	struct boat *b = &ferry->boats[boat];
	uint64_t generation;
	bool whole = stamp_whole(page, b->first + nr, &generation);

	if (whole && generation == b->generation[nr])
		return;
	if (boat_may_be_other(ferry, boat, nr))
		return;
	b->wrong++;
	b->torn += !whole;
}

/* Read all of a page, or see that there is none. */
static bool read_page(struct ferry *ferry, char *page)
{
	size_t got = 0;
	ssize_t n;

	while (got < PAGE) {
		n = read(ferry->peer, page + got, PAGE - got);
		if (n <= 0) {
			ferry->err = n ? errno : 0;
			check(!got, "the stream ends within a page");
			return false;
		}
		got += n;
	}
	return true;
}

/* The pages may be here before their push has returned. */
static bool await_sent(struct ferry *ferry)
{
	bool there;

	pthread_mutex_lock(&ferry->lock);
	while (ferry->arrived == ferry->sent && !ferry->over)
		pthread_cond_wait(&ferry->changed, &ferry->lock);
	there = ferry->arrived < ferry->sent;
	pthread_mutex_unlock(&ferry->lock);
	return there;
}

static void boat_arrived(struct ferry *ferry)
{
	pthread_mutex_lock(&ferry->lock);
	ferry->arrived++;
	pthread_cond_broadcast(&ferry->changed);
	pthread_mutex_unlock(&ferry->lock);
}

void ferry_read_stream(void *arg)
{
	struct ferry *ferry = arg;
	char *page = map_pages(PAGE);
	unsigned int i = 0;

	while (read_page(ferry, page)) {
		struct boat *b = boat_of(ferry, ferry->arrived);

		if (!check(await_sent(ferry), "more arrives than was sent"))
			break;
		boat_check(ferry, ferry->arrived % FERRY_BOATS, i, page);
		if (++i == b->nr) {
			boat_arrived(ferry);
			i = 0;
		}
	}
	unmap_pages(page, PAGE);
	/* nobody shall wait for the rest */
	pthread_mutex_lock(&ferry->lock);
	ferry->over = true;
	pthread_cond_broadcast(&ferry->changed);
	pthread_mutex_unlock(&ferry->lock);
}

void ferry_begin(struct ferry *ferry, const struct shore *shore, struct stamped *file,
		 unsigned int flags)
{
	*ferry = (struct ferry){
		.shore = shore,
		.file = file,
		.flags = flags,
		.vec = new_vector(),
		.sink = -1,
		.peer = -1,
		.second = -1,
	};
	pthread_mutex_init(&ferry->lock, NULL);
	pthread_cond_init(&ferry->changed, NULL);
	shore->open(ferry);
	if (shore->read)
		worker_start(&ferry->reader, shore->read, ferry);
}

/* Its bytes were taken and its record is here: sum up, and let it be used again. */
static void settle(struct ferry *ferry, struct boat *b, unsigned int flags)
{
	ferry->pages += b->nr;
	ferry->pinned += b->pinned / PAGE;
	check(b->pinned || !(flags & SPLICEVEC_UNSTABLE),
	      "nothing was pinned, and is UNSTABLE");
	check(ferry->flags & SPLICEVEC_VERIFY || !(flags & SPLICEVEC_CHANGED),
	      "nobody asked, and it has CHANGED");
	if (flags & (SPLICEVEC_UNSTABLE | SPLICEVEC_CHANGED)) {
		ferry->doubted += b->nr;
		ferry->spoilt += b->wrong;
	} else {
		ferry->wrong += b->wrong;
		ferry->torn += b->torn;
	}
	b->away = false;
	ferry->back++;
}

static void await_arrived(struct ferry *ferry, unsigned long nr)
{
	pthread_mutex_lock(&ferry->lock);
	while (ferry->arrived <= nr && !ferry->over)
		pthread_cond_wait(&ferry->changed, &ferry->lock);
	pthread_mutex_unlock(&ferry->lock);
}

/* Records of one stream come in order, others as they like. */
static void reap_one(struct ferry *ferry)
{
	struct splicevec_completion record = {};
	struct boat *b;

	if (!check_eq(1, sv_reap(ferry->vec, &record, 1, 1, FOREVER)))
		return;
	b = boat_of(ferry, record.user_data);
	check(b->away, "%llu: a record twice", record.user_data);
	check_eq(0, record.status);
	check_eq(b->nr * PAGE, record.bytes);
	if (ferry->shore->read)
		await_arrived(ferry, record.user_data);
	else
		ferry->shore->look(ferry, record.user_data % FERRY_BOATS);
	settle(ferry, b, record.flags);
}

static void await_all(struct ferry *ferry)
{
	while (ferry->back < ferry->sent && !failures())
		reap_one(ferry);
}

/* A boat that is at home. There may be none at the place in turn. */
static struct boat *next_boat(struct ferry *ferry)
{
	struct boat *b = boat_of(ferry, ferry->sent);
	unsigned int together = ferry->shore->together;

	if (together && ferry->sent - ferry->back == together)
		await_all(ferry);

	while (b->away && !failures())
		reap_one(ferry);
	return b;
}

static int64_t offset_of(const struct ferry *ferry)
{
	if (ferry->shore->read)
		return SV_POSITION;
	return ferry->sent % FERRY_BOATS * FERRY_LOAD * PAGE;
}

static void foretell(struct ferry *ferry)
{
	struct sv_prediction prediction;

	must_sv(sv_predict(ferry->vec, ferry->sink, SPLICEVEC_STRICT | ferry->flags,
			   &prediction));
	ferry->foretold += prediction.pinned / PAGE;
}

static void hand_over(struct ferry *ferry, struct boat *b)
{
	struct splicevec_push push = {
		.fd = ferry->sink,
		.flags = SPLICEVEC_STRICT | ferry->flags,
		.offset = offset_of(ferry),
		.len = b->nr * PAGE,
		.user_data = ferry->sent,
	};

	check_eq(push.len, sv_pull(ferry->vec, ferry->file->file, b->first * PAGE,
				   push.len, 0));
	foretell(ferry);
	check_errno(0, sv_cmd_push(ferry->vec, &push));
	check_eq(b->nr * PAGE, push.bytes);
	/* over loopback what was pinned is copied, too */
	if (ferry->flags & SPLICEVEC_STABLE)
		check(push.pinned + push.copied >= push.bytes,
		      "neither pinned nor copied");
	b->pinned = push.pinned;
}

/* The locks are ours until the push has returned, not until it has ended. */
void ferry_push(struct ferry *ferry)
{
	struct boat *b = next_boat(ferry);
	unsigned int i;

	*b = (struct boat){
		.away = true,
		.nr = 1 + rand_r(&ferry->random) % FERRY_LOAD,
	};
	b->first = rand_r(&ferry->random) % (ferry->file->pages - b->nr);
	stamped_lock(ferry->file, b->first, b->nr);
	for (i = 0; i < b->nr; i++)
		b->generation[i] = ferry->file->page[b->first + i].generation;
	hand_over(ferry, b);
	pthread_mutex_lock(&ferry->lock);
	ferry->sent++;
	pthread_cond_broadcast(&ferry->changed);
	pthread_mutex_unlock(&ferry->lock);
	ferry->file->hot = b->first;
	stamped_unlock(ferry->file, b->first, b->nr);
}

void ferry_end(struct ferry *ferry)
{
	await_all(ferry);
	if (ferry->shore->read) {
		close(ferry->sink);
		worker_finish(&ferry->reader);
		check_eq(0, ferry->err);
	}
	if (ferry->shore->close)
		ferry->shore->close(ferry);
	close(ferry->vec);
}
