// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two that wait for each other, each for something in a vector. If a wakeup is lost
 * the wait ends when its time is over, and it is seen what has been there long since.
 */
#include "stress_jobs.h"

#include <poll.h>
#include <splicevec.h>
#include <unistd.h>

/* How long is too long, even where two processors do the work of thirty. */
#define LATE	4

struct letter {
	uint64_t number;
	uint64_t sent;		/* when, in nanoseconds */
};

static int vecs[2];

static void send_letter(int vec, uint64_t number)
{
	struct letter letter = { .number = number, .sent = nanoseconds() };

	check_eq(sizeof(letter),
		 persist(write_vector(vec, &letter, sizeof(letter))));
}

static uint64_t receive_letter(int vec)
{
	uint64_t late = LATE * slower() * 1000000000ULL, age;
	struct pollfd there = { .fd = vec, .events = POLLIN };
	struct letter letter;

	if (must(poll(&there, 1, 2 * late / 1000000)) == 0) {
		check(false, "no letter came");
		return 0;
	}
	check_eq(sizeof(letter),
		 persist(read_vector(vec, &letter, sizeof(letter))));
	age = nanoseconds() - letter.sent;
	check(age < late, "woken %llu ms late",
	      (unsigned long long)age / 1000000);
	return letter.number;
}

static void answer(struct hand *hand)
{
	int own = hand->arg == &vecs[0] ? 0 : 1;
	uint64_t number = own;

	/* the first of all is sent by neither */
	while (crew_goes_on(hand)) {
		check_eq(number, receive_letter(vecs[own]));
		number += 2;
		/* asleep already, or about to be */
		if (chance(hand, 2))
			usleep(chance(hand, 500));
		send_letter(vecs[!own], number - 1);
	}
	/* so that the other one finds out */
	send_letter(vecs[!own], number + 1);
}

void wake_begin(void)
{
	vecs[0] = new_vector();
	vecs[1] = new_vector();
	crew_hire("wait", answer, &vecs[0]);
	crew_hire("wait", answer, &vecs[1]);
	send_letter(vecs[0], 0);
}

void wake_end(void)
{
	close(vecs[0]);
	close(vecs[1]);
}
