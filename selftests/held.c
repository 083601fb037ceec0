// SPDX-License-Identifier: GPL-2.0-only
/* A file with pages that are pinned by a push that gets nowhere. */
#include "held.h"

#include "netem.h"
#include "pins.h"
#include "volumes.h"

#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

/* Milliseconds of a pin: enough to begin something meanwhile. */
#define AT_FIRST	400
/*
 * And how late what waits for its end may notice, on a machine that does something else.
 * Whoever got the longest time of all in place of AT_FIRST is later.
 */
#define LATE		5000
/* Tries to have a pin that is still there when the push has returned. */
#define TRIES		4

const char *held_missing(enum place place)
{
	return pins_missing() ?: stall_missing() ?: volume_missing(place);
}

void held_begin(struct held *held, enum place place, const char *options)
{
	*held = (struct held){ .msec = AT_FIRST + 100 * slower() };
	pins_allow(PINS_LONGEST, PINS_PLENTY);
	volume_unmount(place);
	must_sv(volume_mount(place, options));
	stamped_make(&held->file, place, HELD_PAGES);
	held->vec = new_vector();
	stalled_pair(held->fds);
}

void held_end(struct held *held)
{
	struct linger reset = { .l_onoff = 1 };
	struct stamped *file = &held->file;
	enum place place = file->place;

	netem_clear();
	/* or TCP would keep the pages, and try again after as long as it has tried so far */
	must(setsockopt(held->fds[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(held->fds[0]);
	close(held->fds[1]);
	close(held->vec);
	stamped_check(file);
	stamped_close(file);
	volume_check(place);
	stamped_open(file);
	stamped_check(file);
	stamped_remove(file);
	pins_as_before();
}

/* Return: how many bytes were pinned. */
static size_t try_at(struct held *held, unsigned int first, unsigned int nr)
{
	check_eq(nr * PAGE, sv_pull(held->vec, held->file.file, first * PAGE,
				    nr * PAGE, 0));
	held->since = msec_now();
	return push_pinning(held->vec, held->fds[0], SV_POSITION, nr * PAGE,
			    held->msec, first).pinned;
}

void held_pin_at(struct held *held, unsigned int first, unsigned int nr)
{
	check_eq(nr * PAGE, try_at(held, first, nr));
}

/* Now and then somebody else has a folio at that moment, and it is copied. */
unsigned int held_pin(struct held *held, unsigned int nr)
{
	unsigned int i, first = held->next;
	size_t pinned = 0;

	for (i = 0; i < TRIES && !failures(); i++, held->msec *= 2) {
		first = held->next;
		held->next += HELD_APART;
		if (held->next > HELD_PAGES)
			die("no page is left that was not pinned");
		pinned = try_at(held, first, nr);
		if (pinned == nr * PAGE && page_is_writeback(held_page(held, first)))
			break;
	}
	check_eq(nr * PAGE, pinned);
	return first;
}

void held_push_by_ring(struct held *held, struct io_uring *ring,
		       struct splicevec_push *push, uint64_t user_data,
		       unsigned int flags)
{
	struct splicevec_info info = {};

	*push = (struct splicevec_push){
		.fd = held->fds[0],
		.flags = SPLICEVEC_STRICT | SPLICEVEC_STABLE,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.user_data = user_data,
		.stable_ms = held->msec,
	};
	held->since = msec_now();
	ring_push(ring, held->vec, push, user_data, flags);
	ring_submit(ring, 1);
	do {
		must_sv(sv_info(held->vec, &info));
		usleep(1000);
	} while (info.head < info.tail);
}

void held_check_time(const struct held *held, const char *what)
{
	double took = msec_now() - held->since;

	check(took <= held->msec + LATE,
	      "%s: %.0f ms, and no pin lasts longer than %u", what, took, held->msec);
}
