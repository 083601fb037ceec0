// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of vectors. */
#include "stress_shown.h"
#include "maps.h"
#include "stress_faults.h"

#include <sys/mman.h>

int shown_begin(struct shown *s, int vec, uint64_t start, size_t len,
		const struct extents *e)
{
	void *map;

	faults_on();
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, vec, start);
	faults_off();
	if (map == MAP_FAILED)
		return -errno;
	*s = (struct shown){
		.map = map,
		.start = start,
		.len = len,
		.e = *e,
		.vec = vec,
	};
	return 0;
}

void shown_inherit(struct shown *s, int vec, const struct extents *e)
{
	if (!s->map || s->vec != vec)
		return;
	s->vec = -1;
	s->kept = *e;
}

static void look_at(const struct shown *s)
{
	touch_mapping(s->map, s->len);
	extents_check(&s->e, s->start, s->map, s->len);
	check_zero(s->map + s->len, pages_of(s->len) * PAGE - s->len);
}

static void look_too(void *arg)
{
	look_at(arg);
	faults_forget();
}

void shown_look(const struct shown *s, struct hand *hand)
{
	struct worker workers[2];
	unsigned int n = chance(hand, 3), i;

	for (i = 0; i < n; i++)
		worker_start(&workers[i], look_too, (void *)s);
	look_at(s);
	for (i = 0; i < n; i++)
		worker_finish(&workers[i]);
}

bool shown_notify(const struct shown *s, uint64_t notify)
{
	return s->map && (extents_notify(&s->e, s->start, s->len, notify) ||
			  extents_notify(&s->kept, s->kept.head,
					 s->kept.tail - s->kept.head, notify));
}

void shown_end(struct shown *s)
{
	if (s->map)
		unmap_pages(s->map, pages_of(s->len) * PAGE);
	s->map = NULL;
}
