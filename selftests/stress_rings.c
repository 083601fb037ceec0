// SPDX-License-Identifier: GPL-2.0-only
/* Rings whose calls fail now and then. */
#include "stress_rings.h"
#include "stress_faults.h"

#define ENTRIES	8

/* From so many requests on they are told by chance no more. */
#define MANY	40

bool frail_ring_open(struct frail_ring *frail)
{
	int err = 0;

	if (!frail->open)
		err = command(io_uring_queue_init(ENTRIES, &frail->ring, 0));
	check(!err || err == -ENOMEM, "a ring: %s", result_name(err));
	frail->open = !err;
	return frail->open;
}

void frail_ring_close(struct frail_ring *frail)
{
	if (frail->open)
		io_uring_queue_exit(&frail->ring);
	frail->open = false;
}

void frail_ring_end(struct frail_ring *frail)
{
	frail_ring_close(frail);
	check(frail->told < MANY || frail->good > frail->told / 4,
	      "of %lu requests %lu have worked", frail->told, frail->good);
}

void frail_ring_told(struct frail_ring *frail, int res)
{
	frail->told++;
	frail->good += res >= 0;
}

void frail_ring_submit(struct frail_ring *frail)
{
	while (io_uring_sq_ready(&frail->ring)) {
		int n = command_with_threads(io_uring_submit(&frail->ring));

		if (n <= 0 && !excused_request(n))
			die("submitting: %s", result_name(n));
	}
}
