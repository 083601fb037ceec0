// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors closed while others work on them: in the place of each comes another one,
 * under the same fd, so that a command finds the one or the other.
 */
#include "stress_jobs.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <unistd.h>

static struct river swapped[RIVERS];
static struct scene scene_of_swaps;

static void swap_vectors(struct hand *hand)
{
	while (crew_goes_on(hand)) {
		int vec = new_vector();

		must(dup3(vec, swapped[chance(hand, RIVERS)].vec, O_CLOEXEC));
		close(vec);
		usleep(chance(hand, 10000));
	}
}

/* What is pushed goes nowhere: what has been swapped away is lost as well. */
void swap_begin(struct scene *scene)
{
	unsigned int r;

	for (r = 0; r < RIVERS; r++)
		swapped[r] = (struct river){
			.name = "nowhere",
			.vec = new_vector(),
			.sink = SPLICEVEC_FD_NONE,
			.swapped = true,
			.tracks = tracks_new(),
		};
	scene_of_swaps = *scene;
	scene_of_swaps.rivers = swapped;
	crew_hire("sail on what is closed", sail, &scene_of_swaps);
	crew_hire("sail on what is closed", sail, &scene_of_swaps);
	crew_hire("close", swap_vectors, NULL);
}

void swap_end(void)
{
	unsigned int r;

	for (r = 0; r < RIVERS; r++) {
		close(swapped[r].vec);
		tracks_free(swapped[r].tracks);
	}
}
