/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel says in its log if something is wrong with it. */
#ifndef _SELFTEST_ALARMS_H
#define _SELFTEST_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Kernels have races of their own, on purpose or known: those are not ours. */
static inline bool foreign_race(const char *text)
{
	return strstr(text, "BUG: KCSAN: data-race") &&
	       !strstr(text, "[splicevec]");
}

/*
 * Where allocations are made to fail, kmemleak's own do as well. Without a scan
 * area it looks at the whole object: it may find less, but has found nothing. (That
 * it gave up altogether is another line, and an alarm.)
 */
static inline bool kmemleak_lacks_memory(const char *text)
{
	return strstr(text, "kmemleak: Cannot allocate a scan area");
}

/* Return: the word in a line of the log that gives the alarm, or NULL. */
static inline const char *alarm_in(const char *text)
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

	if (foreign_race(text) || kmemleak_lacks_memory(text))
		return NULL;
	for (i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++)
		if (strstr(text, alarms[i]))
			return alarms[i];
	return NULL;
}

#endif
