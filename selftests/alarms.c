// SPDX-License-Identifier: GPL-2.0-only
/* What a kernel says in its log if something is wrong with it. */
#include "alarms.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define OURS	"[splicevec]"
#define RACE	"BUG: KCSAN: data-race"

/*
 * Who accesses something through a helper, as those of lists, is the second of a
 * stack, or the third. Further out is who called some part of the kernel that races
 * with another: of its own.
 */
#define NEAR	3

/*
 * Where allocations are made to fail, kmemleak's own do as well. Without a scan
 * area it looks at the whole object: it may find less, but has found nothing. (That
 * it gave up altogether is another line, and an alarm.)
 */
static bool kmemleak_lacks_memory(const char *line)
{
	return strstr(line, "kmemleak: Cannot allocate a scan area");
}

static bool has_alarm(const char *line)
{
	static const char *const alarms[] = {
		"BUG:", "kernel BUG", "WARNING:", "Oops", "KASAN", "KCSAN",
		"KFENCE", "UBSAN", "suspicious RCU", "rcu: INFO:",
		"possible recursive", "possible circular", "inconsistent lock",
		"lockdep", "blocked for more than", "soft lockup",
		"hard LOCKUP", "refcount_t", "Bad page", "Bad rss-counter",
		"general protection", "Call Trace", "unable to handle",
		"scheduling while atomic", "kmemleak", "double free",
		"EXT4-fs error", "Corruption", "allocated at module unload",
	};
	size_t i;

	if (kmemleak_lacks_memory(line))
		return false;
	for (i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++)
		if (strstr(line, alarms[i]))
			return true;
	return false;
}

/*
 * What is said of a race:
 *
 *	BUG: KCSAN: data-race in FUNCTION / FUNCTION
 *
 *	write to 0xffff888003a3d2c0 of 8 bytes by task 97 on cpu 0:
 *	 FUNCTION+0x4a/0x70 [MODULE]
 *	 ...
 *
 *	read to 0xffff888003a3d2c0 of 8 bytes by interrupt on cpu 1:
 *	 ...
 *	==================================================================
 */
static bool begins_race(struct alarms *log, const char *line)
{
	if (!strstr(line, RACE))
		return false;
	log->in_race = true;
	log->frame = 0;
	snprintf(log->title, sizeof(log->title), "%s", line);
	return true;
}

static bool is_ours(struct alarms *log, const char *line)
{
	log->frame = line[0] == ' ' ? log->frame + 1 : 0;
	return log->frame && log->frame <= NEAR && strstr(line, OURS);
}

const char *alarm_in(struct alarms *log, const char *line)
{
	if (begins_race(log, line))
		return strstr(line, OURS) ? line : NULL;
	if (log->in_race && is_ours(log, line))
		return log->title;
	if (!strncmp(line, "====", 4))
		log->in_race = false;
	return has_alarm(line) ? line : NULL;
}
