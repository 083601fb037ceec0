// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of the module change, and are put back. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/splicevec/parameters/"

static struct limit {
	const char *path;
	unsigned long most;	/* not to run out of memory */
	unsigned long least;	/* and now and then one of */
	unsigned long few;	/* so many from there on */
	char before[32];
} limits[] = {
	{ PARAMETERS "user_pages_soft", .most = 16384, .least = 1, .few = 256 },
	{ PARAMETERS "user_pages_hard", .most = 32768, .least = 1, .few = 256 },
	{ PARAMETERS "vector_spans", .most = 65536, .least = 1, .few = 256 },
	{ PARAMETERS "vector_records", .most = 65536, .least = 1, .few = 256 },
	{ PARAMETERS "stable_pin", .most = 1, .least = 0, .few = 1 },
	{ PARAMETERS "stable_pin_pages", .most = 4096, .least = 0, .few = 256 },
	{ PARAMETERS "stable_timeout_ms", .most = 100, .least = 0, .few = 20 },
};

static void set_limit(const struct limit *limit, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	put_file(limit->path, text);
}

void limits_save(void)
{
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_LEN(limits); i++) {
		char *before = limits[i].before;

		fd = must(open(limits[i].path, O_RDONLY | O_CLOEXEC));
		must(read(fd, before, sizeof(limits[i].before) - 1));
		close(fd);
		set_limit(&limits[i], limits[i].most);
	}
}

void limits_restore(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(limits); i++)
		put_file(limits[i].path, limits[i].before);
}

void limits_change(struct random *random)
{
	const struct limit *limit =
		&limits[random_below(random, ARRAY_LEN(limits))];
	unsigned long few = limit->least + random_below(random, limit->few);

	set_limit(limit, one_in(random, 3) ? few : limit->most);
}
