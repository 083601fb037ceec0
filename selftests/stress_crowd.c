// SPDX-License-Identifier: GPL-2.0-only
/* Very many vectors at once, all with a part of the same pages. */
#include "stress_jobs.h"

#include <splicevec.h>
#include <unistd.h>

#define CROWD	10000
#define SEED	41
#define SHARED	KIB(64)
#define PART	5000

static struct {
	unsigned int nr;	/* every day a part of them */
	int base;
	struct member {
		int vec;
		uint32_t at;	/* its first byte in the pattern */
		uint32_t len;
	} members[CROWD];
} crowd;

static void fill(struct member *m, size_t at, size_t len)
{
	m->vec = new_vector();
	m->at = at;
	m->len = len;
	check_eq(len, sv_pull(m->vec, crowd.base, at, len, 0));
}

static void look(struct member *m)
{
	/* its pages are there, as those of present_pages() */
	char buf[PART] = "";
	int64_t n = command(sv_push_mem(m->vec, buf, PART, SPLICEVEC_KEEP));

	if (excused(n))
		return;
	if (check_eq(m->len, n))
		check_eq(-1, pattern_check(buf, SEED, m->at, n));
}

static void drop(struct hand *hand, struct member *m)
{
	size_t len = chance(hand, m->len + 1);
	int64_t n = command(sv_drop(m->vec, len));

	if (excused(n))
		return;
	check_eq(len, n);
	m->at += len;
	m->len -= len;
}

static void work(struct hand *hand)
{
	while (crew_goes_on(hand)) {
		struct member *m = &crowd.members[chance(hand, crowd.nr)];

		usleep(1000);
		look(m);
		drop(hand, m);
		if (chance(hand, 4))
			continue;
		close(m->vec);
		fill(m, chance(hand, SHARED - PART), 1 + chance(hand, PART));
	}
}

void crowd_open(void)
{
	char *map = map_pages(SHARED);
	unsigned int i;

	crowd.base = new_vector();
	pattern_fill(map, SEED, 0, SHARED);
	check_eq(SHARED, write(crowd.base, map, SHARED));
	unmap_pages(map, SHARED);
	crowd.nr = daily(CROWD);
	for (i = 0; i < crowd.nr; i++)
		fill(&crowd.members[i], i % (SHARED - PART), 1 + i % PART);
}

void crowd_begin(void)
{
	crew_hire("many vectors", work, NULL);
}

void crowd_end(void)
{
	unsigned int i;

	for (i = 0; i < crowd.nr; i++) {
		if (!failures())
			look(&crowd.members[i]);
		close(crowd.members[i].vec);
	}
	close(crowd.base);
}
