// SPDX-License-Identifier: GPL-2.0-only
/* Error messages: what failed, why, and where we can, what to do about it. */
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fail_hint(int err, const char *what, const char *hint)
{
	fprintf(stderr, "%s: %s: %s%s%s\n", program_invocation_short_name,
		what, strerror(abs(err)), hint ? ": " : "", hint ? hint : "");
	return EXIT_FAILURE;
}

int fail_text(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		text);
	return EXIT_FAILURE;
}

int fail(int err, const char *what)
{
	return fail_hint(err, what, NULL);
}

static const char *device_hint(int err)
{
	switch (abs(err)) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return "is the module loaded?";
	case EACCES:
		return "are you in group splicevec?";
	case ENOTTY:
		return "is this another device?";
	default:
		return NULL;
	}
}

int fail_device(int err)
{
	return fail_hint(err, "/dev/splicevec", device_hint(err));
}
