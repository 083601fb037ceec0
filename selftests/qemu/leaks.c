// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory nothing points to any more, where the kernel looks for it. To do so it notes
 * each allocation, and all takes twice as long: only where LEAKS is set. A look takes
 * some time, so we do at the end of all, and after each program in which calls fail: an
 * error path is where memory gets lost.
 */
#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* What is younger than 5 s may be on its way to somebody who will point to it. */
#define YOUNG		6

/* Lines shown of what it reports. */
#define EXCERPT		120

/* What the names of programs in which calls fail begin with. */
#define FAULTS		"faults"

/* Has anything run that no look was after? */
static bool unseen;

static bool have_kmemleak(void)
{
	return getenv("LEAKS") && !access(KMEMLEAK, F_OK);
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

static bool scan(unsigned int times)
{
	while (times--)
		if (!kmemleak("scan"))
			return false;
	return true;
}

/*
 * Leave out what was there before the tests. An object is reported once two scans
 * found it unchanged.
 */
void leaks_begin(void)
{
	/* nor shall the kernel, while others are at work */
	if (have_kmemleak() && kmemleak("scan=off") && scan(2))
		kmemleak("clear");
}

static void look(const char *program)
{
	unsigned int objects;

	unseen = false;
	sleep(YOUNG);
	if (!scan(2))
		return;
	/* Some are found again by a later scan. */
	if (reported(false) && !scan(1))
		return;
	objects = reported(true);
	if (!objects) {
		verdict_pass(program, "no memory is lost");
		return;
	}
	verdict_fail(program, "kmemleak: %u objects nothing points to",
		     objects);
	kmemleak("clear");
}

/*
 * Look for what was lost since the last look. While the module is there its
 * functions have names; when it is gone nobody frees what it kept to itself.
 */
void leaks_look(const char *program)
{
	double start = now();

	if (!have_kmemleak())
		return;
	verdict_run(program);
	look(program);
	verdict_done(program, now() - start);
}

static bool faults(const char *program)
{
	return !strncmp(program, FAULTS, strlen(FAULTS));
}

/* What others have lost shall not be told of a program that is looked at by itself. */
void leaks_before(const char *program)
{
	if (faults(program) && unseen)
		leaks_look("leaks");
	unseen = true;
}

void leaks_after(const char *program)
{
	if (faults(program) && have_kmemleak())
		look(program);
}
