/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results in the Test Anything Protocol, for one-file test programs. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_count;
static int tap_failed;

static inline bool ok(bool passed, const char *name)
{
	tap_count++;
	tap_failed += !passed;
	printf("%sok %d %s\n", passed ? "" : "not ", tap_count, name);
	return passed;
}

static inline void skip(const char *name, const char *reason)
{
	printf("ok %d %s # SKIP %s\n", ++tap_count, name, reason);
}

/* Compares numbers, and tells both if they differ. */
static inline void is(long long got, long long want, const char *name)
{
	if (!ok(got == want, name))
		printf("# got %lld, want %lld\n", got, want);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* TAP_H */
