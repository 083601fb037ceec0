// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory nothing points to any more, where the kernel looks for it. A scan takes
 * seconds, so there is one look at the end of all.
 */
#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* What is younger than 5 s may be on its way to somebody who will point to it. */
#define YOUNG		6

/* Lines shown of what it reports. */
#define EXCERPT		120

static bool have_kmemleak(void)
{
	return !access(KMEMLEAK, F_OK);
}

/* Fails as well if kmemleak gave up on the way, having seen too many objects. */
static bool kmemleak(const char *command)
{
	int ret = write_file(KMEMLEAK, command);

	if (ret)
		verdict_fail("kmemleak", "%s: %s", command, strerror(-ret));
	verdict_beat();
	return !ret;
}

/* Return how many objects it reports; shown if @show. */
static unsigned int reported(bool show)
{
	FILE *report = fopen(KMEMLEAK, "re");
	unsigned int objects = 0, lines = 0;
	char line[256];

	while (report && fgets(line, sizeof(line), report)) {
		objects += !strncmp(line, "unreferenced object", 19);
		if (show && lines++ < EXCERPT)
			verdict_out("%s", line);
	}
	if (report)
		fclose(report);
	return objects;
}

/*
 * Leave out what was there before the tests. An object is reported once two scans
 * found it unchanged.
 */
void leaks_begin(void)
{
	if (have_kmemleak() && kmemleak("scan") && kmemleak("scan"))
		kmemleak("clear");
}

/* The module is gone by now: what it has not freed nobody will. */
void leaks_end(void)
{
	unsigned int objects;

	if (!have_kmemleak())
		return;
	verdict_run("kmemleak");
	sleep(YOUNG);
	if (!kmemleak("scan") || !kmemleak("scan"))
		return;
	/* Some are found again by a later scan. */
	if (reported(false) && !kmemleak("scan"))
		return;
	objects = reported(true);
	if (objects)
		verdict_fail("kmemleak", "%u objects nothing points to",
			     objects);
	else
		verdict_pass("kmemleak", "no memory is lost");
	verdict_done("kmemleak", 0);
}
